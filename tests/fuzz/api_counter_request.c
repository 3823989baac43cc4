/*
 * Any bytes as the body of PUT and POST /v1/counters/NAME: refused with a sentence, or a number and
 * a key that can be stored, which come back the same when our writer writes them and the parser
 * reads that. No body is both.
 */
#include <assert.h>

#include "api/client_key.h"
#include "api/counter_request.h"
#include "api/json.h"

static void write_again(const char *field, const struct counter_request *r, struct buf *out)
{
    struct json json = json_to(out);
    buf_reset(out);
    json_open_object(&json, NULL);
    json_add_i64(&json, field, r->number);
    if (r->key.len)
        json_add_text(&json, "key", r->key);
    json_close_object(&json);
}

static bool try_set(struct str body, struct buf *text)
{
    struct counter_request first, second;
    struct err err = {""};
    if (counter_set_parse(body, &first, &err) != 0) {
        assert(err.text[0]);
        return false;
    }
    assert(first.key.len == 0);
    write_again("value", &first, text);
    assert(counter_set_parse(buf_str(text), &second, &err) == 0);
    assert(first.number == second.number);
    return true;
}

static bool try_add(struct str body, struct buf *text, struct arena *arena)
{
    struct counter_request first, second;
    struct err err = {""};
    if (counter_add_parse(body, arena, &first, &err) != 0) {
        assert(err.text[0]);
        return false;
    }
    assert(first.key.len == 0 || client_key_check(first.key, &err) == 0);
    write_again("add", &first, text);
    assert(counter_add_parse(buf_str(text), arena, &second, &err) == 0);
    assert(first.number == second.number && str_eq(first.key, second.key));
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct buf text = BUF_INIT;
    struct str body = str_from(data, size);
    bool set = try_set(body, &text), add = try_add(body, &text, &arena);
    assert(!set || !add);
    buf_release(&text);
    arena_release(&arena);
    return 0;
}
