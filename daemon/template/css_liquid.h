/*
 * A source's Liquid, hidden from the parsers of HTML and CSS without moving a byte: in the masked
 * copy each byte of it is a space, where it stands between elements, rules or attributes, or a byte
 * that UTF-8 does not have, where it is part of a value. Private to the room.
 *
 *     <td {% if x %}class="a {{ b }}"{% endif %}>{{ c }}</td>
 *     <td           class="a ooooooo"           >       </td>      o is CSS_OUTPUT
 *
 * It also knows which Liquid block an offset is in, so that "these two stand or fall together" can
 * be asked.
 */
#ifndef TOCSIN_TEMPLATE_CSS_LIQUID_H
#define TOCSIN_TEMPLATE_CSS_LIQUID_H

#include "base/arena.h"
#include "base/err.h"

enum { CSS_OUTPUT = '\xff', CSS_TAG = '\xfe' };

struct css_piece {
    size_t at, end;
    uint32_t block; /* after it */
    bool tag;       /* {% %}, not {{ }} */
    bool markup;    /* may write HTML: a partial, or "raw" */
};

struct css_block {
    uint32_t parent, depth;
    bool loop; /* may be written several times */
};

struct css_liquid {
    struct str source;
    char *bytes; /* the masked text, as long as the source */
    struct css_piece *pieces;
    size_t count;
    struct css_block *blocks; /* 0 is the top */
    uint32_t block_count;
    bool outside; /* elements may come from elsewhere: a partial, a capture, a value with "raw" */
};

/* The source must stay; the rest is in `memory`. -1 if blocks nest too deep. */
int css_liquid_init(struct css_liquid *l, struct str source, struct arena *memory, struct err *err);

struct str css_liquid_text(const struct css_liquid *l);

/* The source's bytes for a view of the masked text. */
struct str css_liquid_source(const struct css_liquid *l, struct str masked);

/* The block at an offset; a tag that opens one is not in it. */
uint32_t css_liquid_block(const struct css_liquid *l, size_t at);

/* True if the block is `outer` or in it. */
bool css_liquid_is_in(const struct css_liquid *l, uint32_t block, uint32_t outer);

/* The outermost loop around the block that is still inside `outer`; 0 if there is none. */
uint32_t css_liquid_loop(const struct css_liquid *l, uint32_t block, uint32_t outer);

/* The pieces from *first to before *last touch [from, to). */
void css_liquid_range(const struct css_liquid *l, size_t from, size_t to, size_t *first,
                      size_t *last);

/* True if a tag {% %} touches [from, to). */
bool css_liquid_has_tag(const struct css_liquid *l, size_t from, size_t to);

/* The line of an offset, from 1. */
unsigned css_liquid_line(const struct css_liquid *l, size_t at);

/* True if a masked value has Liquid in it. */
static inline bool css_has_liquid(struct str s)
{
    return str_find(s, (char)CSS_OUTPUT) || str_find(s, (char)CSS_TAG);
}

#endif
