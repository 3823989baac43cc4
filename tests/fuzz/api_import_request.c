/*
 * Any bytes as the query of an upload: refused with a sentence, or texts without NUL that come back
 * the same when they are encoded and read again.
 */
#include <assert.h>

#include "api/import_request.h"
#include "http/url.h"

static void write_again(const struct import_options *o, struct buf *out)
{
    buf_add_text(out, "list=");
    url_encode(out, o->list);
    if (o->consented)
        buf_add_text(out, "&consent=granted");
    for (size_t i = 0; i < o->map_count; i++) {
        buf_add_text(out, "&map=");
        url_encode(out, o->maps[i].column);
        buf_add_byte(out, '=');
        url_encode(out, o->maps[i].attribute);
    }
}

static void assert_same(const struct import_options *a, const struct import_options *b)
{
    assert(str_eq(a->list, b->list) && a->map_count == b->map_count);
    assert(a->consented == b->consented);
    for (size_t i = 0; i < a->map_count; i++) {
        assert(str_eq(a->maps[i].column, b->maps[i].column));
        assert(str_eq(a->maps[i].attribute, b->maps[i].attribute));
        assert(!str_find(a->maps[i].attribute, '='));
        assert(!str_find(a->maps[i].column, '\0') && !str_find(a->maps[i].attribute, '\0'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct buf text = BUF_INIT;
    struct import_options first, second;
    struct err err = {""};
    if (import_request_parse(str_from(data, size), &arena, &first, &err) == 0) {
        write_again(&first, &text);
        assert(import_request_parse(buf_str(&text), &arena, &second, &err) == 0);
        assert_same(&first, &second);
    } else {
        assert(err.text[0]);
    }
    buf_release(&text);
    arena_release(&arena);
    return 0;
}
