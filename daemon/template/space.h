/* White space as Liquid sees it (space, tab, LF, VT, FF, CR), and words between it. */
#ifndef TOCSIN_TEMPLATE_SPACE_H
#define TOCSIN_TEMPLATE_SPACE_H

#include "base/str.h"

static inline bool byte_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline struct str space_skip(struct str s)
{
    while (s.len && byte_is_space(s.at[0]))
        s = str_skip(s, 1);
    return s;
}

static inline struct str space_cut(struct str s)
{
    while (s.len && byte_is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

/* The next word of *rest, which loses it; empty at the end. */
static inline struct str space_next_word(struct str *rest)
{
    *rest = space_skip(*rest);
    struct str word = {rest->at, 0};
    while (word.len < rest->len && !byte_is_space(rest->at[word.len]))
        word.len++;
    *rest = str_skip(*rest, word.len);
    return word;
}

#endif
