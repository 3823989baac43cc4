/*
 * The filters, private to the room: one table (filters.c) of names, argument counts and functions;
 * the functions are grouped in filter_*.c. A filter changes call->value in place; on failure it
 * calls render_fail, and the rendering ends after it.
 */
#ifndef TOCSIN_TEMPLATE_FILTERS_H
#define TOCSIN_TEMPLATE_FILTERS_H

#include "template/language.h"
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

/* The language of names and marks. */
static inline const struct template_language *filter_language(const struct render *r)
{
    return r->options->language ? r->options->language : template_language_english();
}

/* s in small letters, in scratch; filter_text.c. */
struct value text_downcase(struct render *r, struct str s);

/* The sum of two numbers; filter_number.c. */
struct value number_add(struct value a, struct value b);

/* filter_text.c */
void filter_append(struct call *c);
void filter_capitalize(struct call *c);
void filter_default(struct call *c);
void filter_downcase(struct call *c);
void filter_lstrip(struct call *c);
void filter_prepend(struct call *c);
void filter_rstrip(struct call *c);
void filter_squish(struct call *c);
void filter_strip(struct call *c);
void filter_truncate(struct call *c);
void filter_truncatewords(struct call *c);
void filter_upcase(struct call *c);

/* filter_replace.c */
void filter_remove(struct call *c);
void filter_remove_first(struct call *c);
void filter_remove_last(struct call *c);
void filter_replace(struct call *c);
void filter_replace_first(struct call *c);
void filter_replace_last(struct call *c);

/* filter_html.c */
void filter_escape(struct call *c);
void filter_escape_once(struct call *c);
void filter_newline_to_br(struct call *c);
void filter_raw(struct call *c);
void filter_strip_html(struct call *c);
void filter_strip_newlines(struct call *c);

/* filter_code.c */
void filter_base64_decode(struct call *c);
void filter_base64_encode(struct call *c);
void filter_base64_url_safe_decode(struct call *c);
void filter_base64_url_safe_encode(struct call *c);
void filter_url_decode(struct call *c);
void filter_url_encode(struct call *c);

/* filter_number.c */
void filter_abs(struct call *c);
void filter_at_least(struct call *c);
void filter_at_most(struct call *c);
void filter_ceil(struct call *c);
void filter_divided_by(struct call *c);
void filter_floor(struct call *c);
void filter_minus(struct call *c);
void filter_modulo(struct call *c);
void filter_plus(struct call *c);
void filter_round(struct call *c);
void filter_times(struct call *c);

/* filter_format.c */
void filter_number(struct call *c);
void filter_number_with_delimiter(struct call *c);

/* filter_array.c */
void filter_concat(struct call *c);
void filter_first(struct call *c);
void filter_join(struct call *c);
void filter_last(struct call *c);
void filter_reverse(struct call *c);
void filter_size(struct call *c);
void filter_slice(struct call *c);
void filter_split(struct call *c);

/* filter_select.c */
void filter_compact(struct call *c);
void filter_find_item(struct call *c);
void filter_find_index(struct call *c);
void filter_has(struct call *c);
void filter_map(struct call *c);
void filter_reject(struct call *c);
void filter_sum(struct call *c);
void filter_where(struct call *c);

/* filter_sort.c */
void filter_sort(struct call *c);
void filter_sort_natural(struct call *c);
void filter_uniq(struct call *c);

/* filter_date.c */
void filter_date(struct call *c);

#endif
