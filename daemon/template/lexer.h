/*
 * Cuts a source into pieces: plain text, outputs {{ … }} and tags {% … %}. As in the reference
 * implementation, an output ends at the first "}}" and a tag at the first "%}", quotes or not.
 * Pure; the pieces are views of the source. Markdown and the text part use the same cutter, so that
 * what they keep whole is what the compiler later sees.
 */
#ifndef TOCSIN_TEMPLATE_LEXER_H
#define TOCSIN_TEMPLATE_LEXER_H

#include "base/str.h"

enum piece_kind {
    PIECE_TEXT,
    PIECE_OUTPUT,
    PIECE_TAG,
    PIECE_OPEN_OUTPUT, /* "{{" without an end: the rest of the source */
    PIECE_OPEN_TAG     /* "{%" without an end */
};

struct piece {
    enum piece_kind kind;
    bool trim_before; /* {{- or {%- */
    bool trim_after;  /* -}} or -%} */
    size_t at;        /* where `whole` starts in the source */
    struct str whole;
    struct str inside; /* without the marks; of a tag: what follows its name, trimmed */
    struct str name;   /* of a tag; "#" for a comment; may be empty */
};

struct lexer {
    struct str source;
    size_t at;
    bool
        gave_up; /* a raw or comment block without an end was met: do not search for the next one */
};

/* The next piece; false at the end. */
bool lexer_next(struct lexer *l, struct piece *p);

/* After a `raw` tag: the text up to its `endraw`, which goes to *end; false if there is none. */
bool lexer_raw(struct lexer *l, struct str *text, struct piece *end);

/* After a `comment` tag: skips to after its `endcomment`, which goes to *end; false if there is
 * none. */
bool lexer_comment(struct lexer *l, struct piece *end);

/* lexer_next, but a whole {% raw %} or {% comment %} block is one PIECE_TAG. */
bool lexer_next_whole(struct lexer *l, struct piece *p);

#endif
