/*
 * Patterns: the answer is that of the plain definition, worked out in a table; a pattern between
 * stars matches whatever holds what it matches; case makes no difference.
 */
#include <assert.h>

#include "base/buf.h"
#include "base/glob.h"

enum { LONGEST = 64 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ends[i][k]: the first i bytes of the pattern match the first k of the text. */
static bool defined_match(struct str pattern, struct str text)
{
    static bool ends[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= pattern.len; i++)
        for (size_t k = 0; k <= text.len; k++) {
            if (i == 0)
                ends[i][k] = k == 0;
            else if (pattern.at[i - 1] == '*')
                ends[i][k] = ends[i - 1][k] || (k > 0 && ends[i][k - 1]);
            else
                ends[i][k] =
                    k > 0 && ends[i - 1][k - 1] &&
                    (pattern.at[i - 1] == '?' || lower(pattern.at[i - 1]) == lower(text.at[k - 1]));
        }
    return ends[pattern.len][text.len];
}

static void check_around(struct str pattern, struct str text)
{
    struct buf wide = BUF_INIT, more = BUF_INIT;
    buf_add_byte(&wide, '*');
    buf_add_str(&wide, pattern);
    buf_add_byte(&wide, '*');
    buf_add_text(&more, "before ");
    buf_add_str(&more, text);
    buf_add_text(&more, " after");
    assert(glob_match(buf_str(&wide), buf_str(&more)));
    for (size_t i = 0; i < more.len; i++)
        more.at[i] = lower(more.at[i]);
    assert(glob_match(buf_str(&wide), buf_str(&more)));
    buf_release(&wide);
    buf_release(&more);
}

/* The pattern is the input's first line, the text what follows. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from(data, size);
    struct str pattern = str_cut(&text, '\n');
    bool matched = glob_match(pattern, text);
    if (pattern.len <= LONGEST && text.len <= LONGEST)
        assert(matched == defined_match(pattern, text));
    if (matched)
        check_around(pattern, text);
    return 0;
}
