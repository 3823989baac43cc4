#include "cli/counter.h"

#include "cli/text.h"

int counter_ask(struct cli *cli, const char *method, const char *name, struct str body,
                json_t **out)
{
    struct buf target = BUF_INIT;
    target_add(&target, "/v1/counters/", name);
    struct http_exchange exchange = {.method = method,
                                     .target = target.at,
                                     .content_type = body.len ? "application/json" : NULL,
                                     .body = body};
    int status = ask(cli, &exchange);
    buf_release(&target);
    if (status != CLI_OK)
        return status;
    status = answer_parse(cli, buf_str(&exchange.answer), out);
    http_exchange_release(&exchange);
    return status;
}

bool counter_number(const char *text, int64_t *out)
{
    bool negative = *text == '-';
    uint64_t magnitude, most = (uint64_t)INT64_MAX + negative;
    if (!str_to_u64(str_of(text + negative), &magnitude) || magnitude > most)
        return false;
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

void counter_add_value(struct buf *out, const json_t *counter)
{
    int64_t value = json_integer_value(json_object_get(counter, "value"));
    if (value < 0)
        buf_add_byte(out, '-');
    text_number(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}
