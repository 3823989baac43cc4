/*
 * CSS cut into tokens, rules and declarations, as CSS Syntax Module Level 3 says; pure, private to
 * the room. Everything is a view of the text; nothing is decoded or judged here: which selectors
 * and properties exist, others know. Broken text never fails, it comes out as the piece that a
 * browser would throw away, and reading goes on behind it.
 */
#ifndef TOCSIN_TEMPLATE_CSS_SYNTAX_H
#define TOCSIN_TEMPLATE_CSS_SYNTAX_H

#include "base/arena.h"
#include "base/str.h"

/* How deep brackets may nest; what is deeper counts as never closed. */
enum { CSS_MAX_NESTING = 64 };

enum css_token {
    CSS_END,
    CSS_SPACE,
    CSS_COMMENT,
    CSS_STRING,
    CSS_BAD_STRING, /* a line ends in it */
    CSS_IDENT,
    CSS_FUNCTION, /* a name and "(" */
    CSS_AT,       /* "@" and a name */
    CSS_HASH,     /* "#" and a name */
    CSS_NUMBER,   /* with its unit or "%" */
    CSS_URL,      /* url( without quotes ) */
    CSS_CD,       /* <!-- or --> */
    CSS_DELIM     /* any other byte, brackets too */
};

/* The token at the start of s: its length, 0 at the end. */
size_t css_token(struct str s, enum css_token *kind);

/* Drops white space and comments from the front. */
struct str css_skip_space(struct str s);

/*
 * The length of the component value at the start of s: a token, or a bracket with all up to the
 * bracket that closes it. False in *closed if the text ends before that.
 */
size_t css_component(struct str s, enum css_token *kind, bool *closed);

enum css_item_kind {
    CSS_RULE,
    CSS_AT_RULE,
    CSS_NO_RULE /* text without a block, which ends the sheet */
};

struct css_item {
    enum css_item_kind kind;
    struct str whole;
    struct str prelude; /* of a rule: its selectors */
    struct str block;   /* of a rule, without the braces */
    bool closed;
};

/* The next item of a style sheet, which loses it; false at the end. */
bool css_next_item(struct str *sheet, struct css_item *out);

enum css_declaration_kind {
    CSS_DECLARATION,
    CSS_BROKEN, /* to be dropped */
    CSS_NESTED  /* a rule in a rule, or an at-rule */
};

struct css_declaration {
    enum css_declaration_kind kind;
    struct str whole;
    struct str name;
    struct str value; /* trimmed, without "!important" */
    bool important;
};

/* The next declaration of a block, which loses it; false at the end. */
bool css_next_declaration(struct str *block, struct css_declaration *out);

/* The next part of a list with commas, trimmed; false at the end. Nothing between two is a part. */
bool css_next_part(struct str *list, struct str *part);

/* The length of the name at the start of s, 0 if there is none. */
size_t css_name_length(struct str s);

/* A name without its escapes, in `memory` if it has any. */
struct str css_unescape(struct str name, struct arena *memory);

#endif
