/*
 * The filters, private to the room: one table (filters.c) of names, argument counts and functions;
 * the functions are grouped in filter_*.c. A filter changes call->value in place; on failure it
 * calls render_fail, and the rendering ends after it.
 */
#ifndef TOCSIN_TEMPLATE_FILTERS_H
#define TOCSIN_TEMPLATE_FILTERS_H

#include "template/render.h"

enum { FILTER_MAX_ARGS = 4 };

struct call {
    struct render *r;
    const struct filter *filter;
    struct value value;                 /* in and out */
    struct value args[FILTER_MAX_ARGS]; /* nil where the template gave none */
    size_t count;                       /* how many it gave */
    struct value option;                /* the named argument, or nil */
};

struct filter {
    const char *name;
    uint8_t min_args, max_args;
    bool keeps_markup; /* what was HTML before is HTML after */
    void (*apply)(struct call *c);
    const char *option; /* the name of its named argument, or NULL */
};

/* NULL if there is none of that name. */
const struct filter *filter_find(struct str name);

/* filter_text.c */
void filter_append(struct call *c);
void filter_capitalize(struct call *c);
void filter_default(struct call *c);
void filter_downcase(struct call *c);
void filter_lstrip(struct call *c);
void filter_prepend(struct call *c);
void filter_remove(struct call *c);
void filter_replace(struct call *c);
void filter_replace_first(struct call *c);
void filter_rstrip(struct call *c);
void filter_strip(struct call *c);
void filter_truncate(struct call *c);
void filter_truncatewords(struct call *c);
void filter_upcase(struct call *c);

/* filter_html.c */
void filter_escape(struct call *c);
void filter_newline_to_br(struct call *c);
void filter_raw(struct call *c);
void filter_strip_html(struct call *c);
void filter_strip_newlines(struct call *c);
void filter_url_encode(struct call *c);

/* filter_number.c */
void filter_abs(struct call *c);
void filter_ceil(struct call *c);
void filter_divided_by(struct call *c);
void filter_floor(struct call *c);
void filter_minus(struct call *c);
void filter_modulo(struct call *c);
void filter_number_with_delimiter(struct call *c);
void filter_plus(struct call *c);
void filter_round(struct call *c);
void filter_times(struct call *c);

/* filter_array.c */
void filter_first(struct call *c);
void filter_join(struct call *c);
void filter_last(struct call *c);
void filter_reverse(struct call *c);
void filter_size(struct call *c);
void filter_sort(struct call *c);
void filter_split(struct call *c);

/* filter_date.c */
void filter_date(struct call *c);

#endif
