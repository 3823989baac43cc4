/*
 * Any bytes as the body of POST /v1/sites/NAME/suspend: refused with a sentence, or a time within
 * its bounds and a text that can be stored, which come back the same when our writer writes them
 * and the parser reads that.
 */
#include <assert.h>

#include "api/json.h"
#include "api/suspension.h"
#include "store/restraints.h"

static void write_again(const struct suspension *s, struct buf *out)
{
    char text[32];
    struct json json = json_to(out);
    json_open_object(&json, NULL);
    if (s->for_s) {
        snprintf(text, sizeof(text), "%llds", (long long)s->for_s);
        json_add_text(&json, "for", str_of(text));
    }
    json_add_text(&json, "reason", s->reason);
    json_add_bool(&json, "force", s->force);
    json_close_object(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct buf text = BUF_INIT;
    struct suspension first, second;
    struct err err = {""};
    if (suspension_parse(str_from(data, size), &arena, &first, &err) == 0) {
        assert(first.for_s >= 0 && first.for_s <= SUSPENSION_DAYS_MAX * 86400LL);
        assert(first.reason.len <= RESTRAINT_TEXT_MAX && str_is_utf8(first.reason));
        assert(!str_find(first.reason, '\0'));
        write_again(&first, &text);
        assert(suspension_parse(buf_str(&text), &arena, &second, &err) == 0);
        assert(first.for_s == second.for_s && first.force == second.force);
        assert(str_eq(first.reason, second.reason));
    } else {
        assert(err.text[0]);
    }
    buf_release(&text);
    arena_release(&arena);
    return 0;
}
