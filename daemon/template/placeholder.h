/*
 * Keeps Liquid whole while a source goes through something that does not know it (Markdown, HTML):
 * every tag and output becomes a plain alphanumeric token that the source does not have, and is put
 * back afterwards, byte for byte. {% raw %} and {% comment %} blocks are one token each. A token
 * takes one of these forms:
 *
 *     PREFIXn12x               anywhere
 *     " PREFIXp12x "           among the attributes of an HTML tag; the spaces go with it
 *     <!--PREFIXn12x-->        a tag {% %} alone on its line: a block of its own for Markdown
 *     <PREFIXu:PREFIXn12x>     <{{ url }}>: an autolink for Markdown
 */
#ifndef TOCSIN_TEMPLATE_PLACEHOLDER_H
#define TOCSIN_TEMPLATE_PLACEHOLDER_H

#include "base/buf.h"
#include "base/err.h"
#include "template/lexer.h"

enum { PLACEHOLDER_PREFIX = 10 };

struct placeholder {
    struct piece piece; /* a view of the source */
    bool alone;         /* stands as a block of its own */
    bool restored;
    int8_t nesting; /* +1 opens a block, -1 closes one */
};

struct placeholders {
    struct str source;
    char prefix[PLACEHOLDER_PREFIX + 1];
    struct placeholder *items;
    size_t count, size;
    struct buf text; /* the source with tokens */
};

enum placeholder_form { PLACEHOLDER_MARKDOWN, PLACEHOLDER_HTML /* only PREFIXn12x */ };

/* Cuts the source, which must stay, and writes the text with tokens. Release it whatever happens.
 */
void placeholders_init(struct placeholders *p, struct str source, enum placeholder_form form);
void placeholders_release(struct placeholders *p);

/* The token that s starts with: its item, and in *len its length; NULL if it is none. */
struct placeholder *placeholder_at(struct placeholders *p, struct str s, size_t *len);

/* The first token in s after *at, which moves behind it; NULL if there is no more. */
struct placeholder *placeholder_next(struct placeholders *p, struct str s, size_t *at);

/*
 * Adds `text` with the source's Liquid instead of the tokens. What only now looks like the start of
 * Liquid ("\{{" in Markdown) is kept from being it: by an entity, or by {{ '{' }} if `plain`.
 */
void placeholders_restore(struct placeholders *p, struct str text, bool plain, struct buf *out);

/* -1 if a token was never restored: the sentence names its line. */
int placeholders_check(const struct placeholders *p, struct err *err);

#endif
