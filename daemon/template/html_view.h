/*
 * HTML as a browser will see it, before its Liquid is filled in: a copy of the source in which
 * every output is one byte that means nothing to HTML, and tags, which write nothing, are not
 * there, nor the white space that dashes drop. Offsets into it lead back to the source. Private to
 * the room.
 *
 *     <a {% if x > 1 %}href="/{{ y | default: "z" }}"{% endif %}>
 *     <a href="/V">                                   V is HTML_VIEW_VALUE
 *
 * What a tag writes ({% echo %}, {% render %} …), and a whole {% raw %} block, is one such byte
 * too. So is the rest of the source after a "{{" or "{%" that does not end.
 */
#ifndef TOCSIN_TEMPLATE_HTML_VIEW_H
#define TOCSIN_TEMPLATE_HTML_VIEW_H

#include "base/arena.h"
#include "template/lexer.h"

/* No byte of UTF-8; where a broken source has it, the view has another one. */
enum { HTML_VIEW_VALUE = '\xff' };

enum piece_role {
    ROLE_TEXT,
    ROLE_VALUE,  /* writes what nobody knows yet */
    ROLE_OPEN,   /* begins a block that ends with "end…" */
    ROLE_MIDDLE, /* else, elsif, when */
    ROLE_CLOSE,
    ROLE_SILENT /* writes nothing */
};

/* For pieces of lexer_next_whole. */
enum piece_role piece_role(const struct piece *p);

/* The dashes of a piece, also of a whole block: {%- raw %} … {% endraw -%}. */
bool piece_trims_before(const struct piece *p);
bool piece_trims_after(const struct piece *p);

struct html_span {
    size_t view_at;
    size_t source_at;
    size_t tags;      /* silent tags before it */
    size_t value_len; /* of an output, in the source; 0: text */
};

struct html_view {
    struct str source;
    struct str text;
    struct html_span *spans;
    size_t count;
};

/* The source must stay; everything else is in `memory`. */
void html_view_make(struct html_view *v, struct str source, struct arena *memory);

/* Where the byte at that offset of the view starts in the source, and where it ends. */
size_t html_view_start(const struct html_view *v, size_t at);
size_t html_view_end(const struct html_view *v, size_t at);

/* How many tags that write nothing stand before that byte: another number, another branch. */
size_t html_view_tags(const struct html_view *v, size_t at);

#endif
