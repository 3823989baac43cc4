/*
 * Liquid: a template's source is compiled once into an immutable program, and the program is
 * rendered many times, by any number of threads at once, each with its own scope, arena and buffer.
 *
 *     struct template *t = template_compile(source, NULL, &error);
 *     template_render(t, &scope, &(struct render_options){.escape = ESCAPE_HTML, .now_s = now},
 *                     &scratch, &out, &error);      arena_reset(&scratch) between messages
 *
 * The language is that of Shopify's Liquid 5:
 *
 *     {{ chain }}, {% echo chain %}    a chain is: value | filter: argument | …   (filters.c)
 *     if/elsif/else, unless, case      == != <> < > <= >= contains; and, or: from right to left
 *     for, cycle                       limit, offset, reversed, ranges, forloop, break, continue
 *     assign, capture, increment, decrement
 *     render, include                  partials: see below
 *     liquid                           a tag a line, without braces
 *     raw, comment, doc, #
 *     abort_message chain              nothing for this scope, for the reason given
 *
 * and dashes for white-space control. Undefined names render as nothing.
 *
 * Partials are compiled together with the template that names them: a name in quotes takes that
 * one, a name that is computed takes all there are; each once. They may name each other in circles;
 * a rendering goes at most 20 deep. All limits hold for the template and its partials together, and
 * their constants are numbered in one row. An error in a partial begins with `Partial "footer",
 * line 3, column 4: `, and its line and column are those of the partial.
 *
 * What it does not do: no I/O, no clock, no locale; it does not know contacts or mail. A template
 * must be valid UTF-8 (a compile error otherwise). Values may hold anything: when they are output,
 * a NUL byte and each broken UTF-8 sequence become U+FFFD, so the output is always valid UTF-8. CR
 * and LF in values are kept: whoever renders a header has to refuse or fold them.
 */
#ifndef TOCSIN_TEMPLATE_LIQUID_H
#define TOCSIN_TEMPLATE_LIQUID_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "template/value.h"

struct template;
struct template_language;

struct template_error {
    unsigned line;   /* from 1; where the tag or output stands that failed */
    unsigned column; /* from 1, in characters */
    /* `Line 12, column 5: the tag "{% if %}" is never closed; add {% endif %}.` Valid UTF-8, one
     * line. */
    char text[400];
};

/*
 * What {% render 'name' %} and {% include 'name' %} may name: a fixed set of sources, which stay
 * until the compiling is over. All of them have different names.
 */
struct template_partials {
    const void *ctx;
    size_t count;
    void (*at)(const void *ctx, size_t index, struct str *name, struct str *source);
};

/* For template_compile; NULL or zeroes mean the defaults. */
struct template_options {
    unsigned first_line; /* the line of the source's first byte in the file; 1 */
    unsigned max_depth;  /* how deep blocks and brackets may nest; 100 */
    const struct template_partials *partials; /* NULL: there are none */
};

/* What one rendering may use before it ends with an error; zeroes mean the defaults. */
struct render_limits {
    uint64_t iterations; /* rounds of all loops and partials together; 100,000 */
    size_t output;       /* bytes of output, and of any single text made on the way; 16 MiB */
    size_t scratch;      /* bytes of the arena; 64 MiB */
    uint64_t work;       /* steps: 1 a byte looked at, 4 a tag or comparison, 32 a filter; 256 Mi */
};

/* A time zone: seconds east of UTC at a moment, and the zone's name then ("CEST", may be NULL). */
struct template_zone {
    const void *ctx;
    int32_t (*offset)(const void *ctx, int64_t unix_s, const char **name);
};

enum render_escape { ESCAPE_NONE, ESCAPE_HTML, ESCAPE_TEXT };

/*
 * Takes a rendering piece by piece, in order, so that the texts that are the same in every
 * rendering can be prepared once (encoded, say) and only the values cost something each time.
 */
struct render_target {
    void *ctx;
    void (*constant)(void *ctx, uint32_t number); /* template_constant(t, number) */
    void (*value)(void *ctx, struct str text);    /* never empty; valid during the call */
};

struct render_options {
    /*
     * ESCAPE_TEXT: it is plain text; the filters that make HTML (escape, escape_once,
     * newline_to_br) leave it as it is, since the same source may serve an HTML part. ESCAPE_NONE:
     * they do not. ESCAPE_HTML: & < > " ' of values become entities, unless the last filter is
     * `raw` or the value is markup already (captured, or made by `escape` or `newline_to_br`).
     */
    enum render_escape escape;
    int64_t now_s;                    /* "now" and "today" of the `date` filter, Unix seconds */
    const struct template_zone *zone; /* NULL is UTC */
    /* Names of months and days, marks of numbers (template/language.h). NULL is English. */
    const struct template_language *language;
    struct render_limits limits;
    /* NULL: everything is appended to `out`. Else it goes here, and `out` is only worked in. */
    const struct render_target *target;
};

/*
 * Compiles `source` (copied; at most 16 MiB). NULL and *error filled if it is not a template. Free
 * it with template_free.
 */
struct template *template_compile(struct str source, const struct template_options *options,
                                  struct template_error *error);

void template_free(struct template *t);

/* The texts that stand in a template as they are, numbered from 0. They live as long as it does. */
uint32_t template_constant_count(const struct template *t);
struct str template_constant(const struct template *t, uint32_t number);

/*
 * Calls `each` for every name of the outside that the template and its partials use, as it is
 * written ("contact.first_name", as far as it is fixed), with the line and column of one place.
 * Names that it assigns itself are not among them. Each name once.
 */
void template_each_name(const struct template *t,
                        void (*each)(void *ctx, struct str name, unsigned line, unsigned column),
                        void *ctx);

/* What template_render gives when {% abort_message 'reason' %} was met: error->text is the reason
 * alone, cut where it is too long; line and column are those of the tag. */
enum { TEMPLATE_ABORTED = 1 };

/*
 * Appends the rendering to `out`. Temporary values go to `scratch`, which the caller resets
 * afterwards (and not before it is done with values it took from there). Once both have grown to
 * their size, nothing is allocated from the heap. -1 and *error filled on failure, or
 * TEMPLATE_ABORTED; `out` is then as it was.
 */
int template_render(const struct template *t, const struct template_scope *scope,
                    const struct render_options *options, struct arena *scratch, struct buf *out,
                    struct template_error *error);

#endif
