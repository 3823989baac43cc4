#include "cli/ask.h"

#include <unistd.h>

#include "base/clock.h"
#include "cli/text.h"
#include "http/url.h"

/* How long the daemon may be silent in the middle of something. */
enum { SILENCE_S = 120 };

/* How long a request is repeated that got no answer, and the pause before it, which doubles. */
enum { AGAIN_FOR_MS = 15000, AGAIN_PAUSE_MS = 100, AGAIN_PAUSE_MAX_MS = 2000 };

static int connect_once(struct cli *cli)
{
    if (!cli->client)
        cli->client = http_client_open(cli->socket, &cli->err);
    if (!cli->client)
        return CLI_NO_DAEMON;
    http_client_set_timeout(cli->client, SILENCE_S);
    return CLI_OK;
}

void answer_refusal(struct http_exchange *exchange, struct err *err)
{
    struct str bytes = buf_str(&exchange->answer);
    json_t *answer = bytes.len ? json_loadb(bytes.at, bytes.len, 0, NULL) : NULL;
    const char *sentence = json_text(answer, "error");
    if (*sentence)
        err_set(err, "%s", sentence);
    else
        err_set(err, "The daemon refused %s %s with status %u and gave no reason.",
                exchange->method, exchange->target, exchange->status);
    json_decref(answer);
}

int ask(struct cli *cli, struct http_exchange *exchange)
{
    int status = connect_once(cli);
    if (status != CLI_OK)
        return status;
    if (http_client_send(cli->client, exchange, &cli->err) != 0)
        return CLI_NO_DAEMON;
    if (exchange->status < 300)
        return CLI_OK;
    answer_refusal(exchange, &cli->err);
    http_exchange_release(exchange);
    return CLI_FAILED;
}

int answer_parse(struct cli *cli, struct str bytes, json_t **out)
{
    *out = json_loadb(bytes.at ? bytes.at : "", bytes.len, 0, NULL);
    if (json_is_object(*out))
        return CLI_OK;
    json_decref(*out);
    *out = NULL;
    return cli_fail(cli,
                    "What answers on %s gave something that is not a JSON object: is it tocsind, "
                    "of this version?",
                    cli->socket);
}

static int ask_json(struct cli *cli, struct http_exchange *exchange, json_t **out)
{
    *out = NULL;
    int status = ask(cli, exchange);
    if (status != CLI_OK)
        return status;
    status = answer_parse(cli, buf_str(&exchange->answer), out);
    http_exchange_release(exchange);
    return status;
}

int ask_get(struct cli *cli, const char *target, json_t **out)
{
    struct http_exchange exchange = {.method = "GET", .target = target};
    return ask_json(cli, &exchange, out);
}

int ask_post(struct cli *cli, const char *target, struct str json, json_t **out)
{
    struct http_exchange exchange = {.method = "POST",
                                     .target = target,
                                     .content_type = json.len ? "application/json" : NULL,
                                     .body = json};
    return ask_json(cli, &exchange, out);
}

int ask_post_again(struct cli *cli, const char *target, struct str json, json_t **out, bool *sent)
{
    int status = ask_post(cli, target, json, out);
    int64_t end = clock_mono_ms() + AGAIN_FOR_MS;
    unsigned pause = AGAIN_PAUSE_MS;
    *sent = cli->client != NULL;
    while (status == CLI_NO_DAEMON && *sent && clock_mono_ms() < end) {
        usleep(pause * 1000);
        pause = pause < AGAIN_PAUSE_MAX_MS / 2 ? pause * 2 : AGAIN_PAUSE_MAX_MS;
        status = ask_post(cli, target, json, out);
    }
    return status;
}

void target_add(struct buf *target, const char *prefix, const char *value)
{
    buf_add_text(target, prefix);
    url_encode(target, str_of(value));
}

const char *json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

uint64_t json_count(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number > 0 ? (uint64_t)number : 0;
}

bool json_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static void add_list(struct buf *out, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (i > 0)
            buf_add_text(out, ", ");
        json_add_value(out, item);
    }
}

void json_add_value(struct buf *out, const json_t *value)
{
    if (json_is_string(value))
        buf_add(out, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        buf_addf(out, "%.15g", json_real_value(value));
    else if (json_is_boolean(value))
        buf_add_text(out, json_is_true(value) ? "yes" : "no");
    else if (json_is_array(value))
        add_list(out, value);
}

void json_print(const json_t *object)
{
    struct buf line = BUF_INIT;
    char *dump = json_dumps(object, JSON_REAL_PRECISION(15));
    text_clean_json(&line, str_of(dump));
    buf_add_byte(&line, '\n');
    fwrite(line.at, 1, line.len, stdout);
    buf_release(&line);
    free(dump);
}

int json_show(struct cli *cli, json_t *object, void (*print)(const json_t *object))
{
    if (cli->json)
        json_print(object);
    else
        print(object);
    json_decref(object);
    return CLI_OK;
}
