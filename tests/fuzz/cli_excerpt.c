/*
 * Any text, line and column: what comes out is at most two short lines of UTF-8, in which nothing
 * moves a terminal's cursor, and the caret is the last character.
 */
#include <assert.h>

#include "cli/excerpt.h"

static void check(struct str out, bool has_caret)
{
    size_t ends = 0;
    assert(str_is_utf8(out) && out.len < 4096);
    for (size_t i = 0; i < out.len; i++) {
        unsigned char c = (unsigned char)out.at[i];
        ends += c == '\n';
        assert(c >= 0x20 || c == '\n' || c == '\t');
        assert(c != 0x7f);
    }
    assert(ends == (has_caret ? 2 : 1));
    assert(!has_caret || str_ends(out, STR("^\n")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = BUF_INIT;
    if (size < 5)
        return 0;
    unsigned line = data[0], column = (unsigned)data[1] << 8 | data[2];
    if (data[3] == 0xff)
        column = UINT32_MAX - column;
    excerpt_add(&out, str_from(data + 4, size - 4), line, column);
    if (out.len > 0)
        check(buf_str(&out), column > 0);
    buf_release(&out);
    return 0;
}
