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
    bool lines;   /* inside {% liquid %}: every line is a tag */
    bool gave_up; /* a block without an end was met: do not search for the end of the next one */
};

/* What stands in a {% liquid %} tag: a lexer for its lines. `inside` is a view of the source. */
struct lexer lexer_lines(struct str source, struct str inside);

/* The next piece; false at the end. */
bool lexer_next(struct lexer *l, struct piece *p);

/*
 * After a tag whose content is no Liquid: the text up to the first tag named `name` ("endraw"),
 * which goes to *end; false if there is none.
 */
bool lexer_verbatim(struct lexer *l, struct str name, struct str *text, struct piece *end);

/* After a `comment` tag: skips to after its `endcomment`, which goes to *end; false if there is
 * none. */
bool lexer_comment(struct lexer *l, struct piece *end);

/* lexer_next, but a whole {% raw %}, {% comment %} or {% doc %} block is one PIECE_TAG. */
bool lexer_next_whole(struct lexer *l, struct piece *p);

/* How many pieces lexer_next_whole gives of a source. */
size_t lexer_count_whole(struct str source);

#endif
