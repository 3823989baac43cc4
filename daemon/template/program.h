/*
 * A compiled template, private to the room. Everything is cut from the template's own arena, holds
 * pointers into it and into the copied source, and is never changed after compiling, so threads
 * share it without locks. The parser builds it (parser.c, expression.c, tag_*.c), the renderer
 * walks it (render.c, evaluate.c).
 *
 *     template -> unit -> block -> node -> chain -> expr, filters
 *                                   `----> what its tag keeps (tag_*.c) -> blocks, units …
 */
#ifndef TOCSIN_TEMPLATE_PROGRAM_H
#define TOCSIN_TEMPLATE_PROGRAM_H

#include "base/arena.h"
#include "template/liquid.h"

struct render;
struct node;
struct filter;

enum expr_kind { EXPR_LITERAL, EXPR_PATH, EXPR_RANGE };

struct expr {
    enum expr_kind kind;
    union {
        struct value literal;
        const struct path *path;
        const struct range_expr *range;
    };
};

struct range_expr {
    struct expr first, last;
};

/* One step of a path: `.name`, or `[index]` where `index` is set. */
struct step {
    struct str name;
    const struct expr *index;
};

/* contact.tags[0]: a name of the symbol table (or `[expr]` for a name made up later), then steps.
 */
struct path {
    uint32_t symbol;
    uint32_t at;             /* where it stands; see struct unit */
    const struct path *next; /* of all paths of the template, the last one first */
    const struct expr *root; /* NULL unless the name is an expression */
    const struct step *steps;
    size_t count;
};

struct applied_filter {
    const struct filter *filter;
    const struct expr *args;
    size_t count;
    const struct expr *option; /* the value of the filter's named argument, or NULL */
};

/* expr | filter: args | filter … */
struct chain {
    struct expr base;
    const struct applied_filter *filters;
    size_t count;
};

enum compare {
    COMPARE_TRUTH, /* no operator: is it true? */
    COMPARE_EQUAL,
    COMPARE_UNEQUAL,
    COMPARE_LESS,
    COMPARE_MORE,
    COMPARE_LESS_EQUAL,
    COMPARE_MORE_EQUAL,
    COMPARE_CONTAINS
};

/* One comparison and how the next one is joined to it. */
struct test {
    struct expr left, right;
    enum compare compare;
    bool or_next; /* `or` follows, else `and` (or nothing) */
};

struct condition {
    const struct test *tests;
    size_t count;
};

struct block {
    struct node *nodes;
    size_t count;
    bool blank; /* nothing in it can be seen: white space, assign, comment … */
};

/* What a node asks for after it was rendered. */
enum flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_STOP };

struct node {
    enum flow (*render)(struct render *r, const struct node *n);
    uint32_t at; /* for errors; see struct unit */
    bool blank;
    union {
        uint32_t constant; /* of a text: its number */
        uint32_t symbol;
        const struct chain *chain;
        const void *detail; /* of a tag: what its file defines */
    };
};

/*
 * A source of its own: the template itself, or a partial. All sources are counted in one row, so an
 * offset `at` says both the unit and the place in it: base + the offset in its source.
 */
struct unit {
    struct str name; /* of a partial */
    struct str source;
    uint32_t base;
    uint32_t symbol; /* of a partial: what `with` sets, the last part of its name */
    struct block body;
    struct unit *next;
};

/* A name that starts a path or is assigned. */
struct symbol {
    struct str name;
    bool own; /* some tag sets it */
};

struct template
{
    struct arena arena;
    unsigned first_line;
    struct unit main; /* then the partials that it can reach */
    struct symbol *symbols;
    uint32_t symbol_count;
    struct str *constants; /* the texts that stand in it as they are */
    uint32_t constant_count;
    uint32_t mark_count; /* of distinct `for` loops and cycles: where they go on */
    const struct path *paths;
};

/* failure.c */

/* Fills *error with "Line L, column C: " and the sentence; returns -1. */
int template_fail(const struct template *t, size_t at, struct template_error *error,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Fills *error with the position and the text alone. */
void template_say(const struct template *t, size_t at, struct template_error *error,
                  struct str text);

/* The unit that an offset lies in, and line and column (in characters) there. */
const struct unit *template_position(const struct template *t, size_t at, unsigned *line,
                                     unsigned *column);

#endif
