/*
 * Whatever text a reply has, its failure is of a kind that replies can have, a time is bounded and
 * only heard of greylisting, and neither case nor the width of spaces changes anything.
 */
#include <assert.h>
#include <ctype.h>

#include "delivery/failure.h"

enum { LONGEST_S = 7 * 86400, TEXT_MAX = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str write_wide(struct str text, char wide[2 * TEXT_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        wide[len++] = is_space(c) ? '\n' : (char)toupper((unsigned char)c);
        if (is_space(c))
            wide[len++] = ' ';
    }
    return str_from(wide, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct smtp_reply heads[] = {
        {.code = 450},
        {.code = 450, .enhanced = {4, 3, 2}},
        {.code = 451, .enhanced = {4, 7, 1}},
        {.code = 452, .enhanced = {4, 2, 2}},
    };
    char wide[2 * TEXT_MAX];
    if (size < 1 || size > TEXT_MAX)
        return 0;
    struct smtp_reply reply = heads[data[0] % 4];
    reply.text = str_from(data + 1, size - 1);
    struct failure failure = failure_of_reply(&reply);
    assert(failure.kind == RETRY_ORDINARY || failure.kind == RETRY_GREYLISTED ||
           failure.kind == RETRY_MAILBOX_FULL);
    assert(failure.hint_s <= LONGEST_S);
    assert(failure.hint_s == 0 || failure.kind == RETRY_GREYLISTED);
    assert(failure_time(reply.text) <= LONGEST_S);
    reply.text = write_wide(reply.text, wide);
    struct failure again = failure_of_reply(&reply);
    assert(again.kind == failure.kind && again.hint_s == failure.hint_s);
    return 0;
}
