/*
 * Any bytes as the body of POST /v1/backup: refused with a sentence, or a text without NUL that
 * comes back the same when our writer writes it and the parser reads that.
 */
#include <assert.h>

#include "api/backup_request.h"
#include "api/json.h"

static void write_again(const struct backup_request *r, struct buf *out)
{
    struct json json = json_to(out);
    json_open_object(&json, NULL);
    json_add_text(&json, "dir", r->dir.at ? r->dir : STR(""));
    json_add_bool(&json, "wait", r->wait);
    json_close_object(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct buf text = BUF_INIT;
    struct backup_request first, second;
    struct err err = {""};
    if (backup_request_parse(str_from(data, size), &arena, &first, &err) == 0) {
        assert(!str_find(first.dir, '\0') && str_is_utf8(first.dir));
        write_again(&first, &text);
        assert(backup_request_parse(buf_str(&text), &arena, &second, &err) == 0);
        assert(str_eq(first.dir, second.dir) && first.wait == second.wait);
    } else {
        assert(err.text[0]);
    }
    buf_release(&text);
    arena_release(&arena);
    return 0;
}
