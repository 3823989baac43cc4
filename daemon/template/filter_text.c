/* Filters on text. What is not text counts as how it reads; nil as nothing. */
#include "template/filters.h"
#include "template/space.h"
#include "template/utf8.h"

/* The argument, escaped where the text that it joins is HTML already. */
static void add_argument(struct call *c, bool markup)
{
    bool escape = markup && c->r->options->escape == ESCAPE_HTML;
    if (escape)
        text_add_value(c->r, &c->args[0], true, true);
    else
        text_add(c->r, render_str(c->r, &c->args[0]));
}

void filter_append(struct call *c)
{
    struct str s = render_str(c->r, &c->value);
    bool markup = c->value.kind == VALUE_STR && c->value.markup;
    size_t mark = text_begin(c->r);
    text_add(c->r, s);
    add_argument(c, markup);
    c->value = text_end(c->r, mark);
    c->value.markup = markup;
}

void filter_prepend(struct call *c)
{
    struct str s = render_str(c->r, &c->value);
    bool markup = c->value.kind == VALUE_STR && c->value.markup;
    size_t mark = text_begin(c->r);
    add_argument(c, markup);
    text_add(c->r, s);
    c->value = text_end(c->r, mark);
    c->value.markup = markup;
}

/* Characters of s through `map`, the first one through `first`; broken bytes stay. */
static struct value map_case(struct render *r, struct str s, int32_t (*first)(int32_t),
                             int32_t (*map)(int32_t))
{
    size_t mark = text_begin(r), len;
    for (size_t at = 0; at < s.len && !r->failed; at += len) {
        char bytes[4];
        int32_t point;
        len = utf8_next(s, at, &point);
        if (point < 0)
            text_add(r, (struct str){s.at + at, len});
        else
            text_add(r, (struct str){bytes, utf8_encode((at ? map : first)(point), bytes)});
    }
    return text_end(r, mark);
}

struct value text_downcase(struct render *r, struct str s)
{
    render_work(r, s.len);
    return map_case(r, s, utf8_lower, utf8_lower);
}

void filter_upcase(struct call *c)
{
    c->value = map_case(c->r, render_str(c->r, &c->value), utf8_upper, utf8_upper);
}

void filter_downcase(struct call *c)
{
    c->value = map_case(c->r, render_str(c->r, &c->value), utf8_lower, utf8_lower);
}

void filter_capitalize(struct call *c)
{
    c->value = map_case(c->r, render_str(c->r, &c->value), utf8_upper, utf8_lower);
}

static void strip(struct call *c, bool left, bool right)
{
    struct str s = render_str(c->r, &c->value);
    s = left ? space_skip(s) : s;
    c->value = value_str(right ? space_cut(s) : s);
}

void filter_strip(struct call *c)
{
    strip(c, true, true);
}

void filter_lstrip(struct call *c)
{
    strip(c, true, false);
}

void filter_rstrip(struct call *c)
{
    strip(c, false, true);
}

/* Runs of white space become one space; none at the ends. */
void filter_squish(struct call *c)
{
    struct str rest = render_str(c->r, &c->value), word;
    size_t mark = text_begin(c->r);
    while ((word = space_next_word(&rest)).len && !c->r->failed) {
        if (c->r->out->len > mark)
            text_add_byte(c->r, ' ');
        text_add(c->r, word);
    }
    c->value = text_end(c->r, mark);
}

void filter_default(struct call *c)
{
    const struct value *v = &c->value;
    bool allowed = v->kind == VALUE_BOOL && value_is_true(&c->option);
    bool missing = !value_is_true(v) || v->kind == VALUE_EMPTY || v->kind == VALUE_BLANK;
    if (v->kind != VALUE_RANGE)
        missing = missing || value_is_empty(v);
    if (missing && !allowed)
        c->value = c->args[0];
}

/* The argument as a length of at least 0, `missing` if there is none. */
static size_t length_argument(struct call *c, size_t missing)
{
    int64_t n = 0;
    if (c->count == 0)
        return missing;
    if (!value_to_int(&c->args[0], &n))
        render_fail(c->r, "the first argument of \"%s\" must be a whole number.", c->filter->name);
    return n < 0 ? 0 : (size_t)n;
}

static struct str ending_argument(struct call *c)
{
    return c->count > 1 ? render_str(c->r, &c->args[1]) : STR("...");
}

void filter_truncate(struct call *c)
{
    struct str s = render_str(c->r, &c->value), ending = ending_argument(c);
    size_t most = length_argument(c, 50), used = utf8_count(ending);
    if (utf8_offset(s, most) >= s.len) {
        c->value = value_str(s);
        return;
    }
    size_t mark = text_begin(c->r);
    text_add(c->r, (struct str){s.at, utf8_offset(s, most > used ? most - used : 0)});
    text_add(c->r, ending);
    c->value = text_end(c->r, mark);
}

void filter_truncatewords(struct call *c)
{
    struct str s = render_str(c->r, &c->value), ending = ending_argument(c), rest = s;
    size_t most = length_argument(c, 15), mark = text_begin(c->r);
    most = most ? most : 1;
    for (size_t i = 0; i < most && !c->r->failed; i++) {
        struct str word = space_next_word(&rest);
        if (word.len && i)
            text_add_byte(c->r, ' ');
        text_add(c->r, word);
        if (word.len == 0)
            break;
    }
    bool longer = space_next_word(&rest).len > 0;
    if (longer)
        text_add(c->r, ending);
    c->value = text_end(c->r, mark);
    if (!longer)
        c->value = value_str(s);
}
