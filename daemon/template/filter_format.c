/* Numbers as a language writes them: 46443.5 is "46,443.5" in English and "46 443,5" in French. */
#include "template/filters.h"
#include "template/number.h"

struct marks {
    struct str group, decimal;
    unsigned group_from;
};

static struct marks language_marks(const struct call *c)
{
    const struct template_language *l = filter_language(c->r);
    return (struct marks){str_of(l->group), str_of(l->decimal), l->group_from};
}

/* Adds digits in groups of three. */
static void add_grouped(struct render *r, struct str digits, const struct marks *m)
{
    bool grouped = digits.len >= m->group_from;
    for (size_t i = 0; i < digits.len && !r->failed; i++) {
        if (i && grouped && (digits.len - i) % 3 == 0)
            text_add(r, m->group);
        text_add_byte(r, digits.at[i]);
    }
}

/* A number in plain decimal notation, with these marks. */
static struct value with_marks(struct render *r, struct str s, const struct marks *m)
{
    size_t mark = text_begin(r);
    if (s.at[0] == '-')
        text_add_byte(r, '-');
    struct str rest = str_skip(s, s.at[0] == '-'), whole = str_cut(&rest, '.');
    add_grouped(r, whole, m);
    if (rest.at) {
        text_add(r, m->decimal);
        text_add(r, rest);
    }
    return text_end(r, mark);
}

/* True if s is a number and nothing else. */
static bool is_number(struct str s, struct number *out)
{
    return s.len && number_scan(s, out) == s.len;
}

/* Arguments: what stands between groups, and the decimal sign; the language's without them. */
void filter_number_with_delimiter(struct call *c)
{
    struct str s = str_trim(render_str(c->r, &c->value));
    struct marks marks = language_marks(c);
    struct number n;
    if (!is_number(s, &n))
        return;
    if (c->count > 0) {
        marks.group = render_str(c->r, &c->args[0]);
        marks.group_from = 4;
    }
    if (c->count > 1)
        marks.decimal = render_str(c->r, &c->args[1]);
    c->value = with_marks(c->r, s, &marks);
}

/* Argument: how many decimal places, 0 to NUMBER_MOST_PLACES; without it, as many as there are. */
void filter_number(struct call *c)
{
    char text[NUMBER_FIXED_SIZE];
    struct str s = str_trim(render_str(c->r, &c->value));
    struct marks marks = language_marks(c);
    struct number n;
    int64_t places;
    if (c->count == 0) {
        if (is_number(s, &n))
            c->value = with_marks(c->r, s, &marks);
        return;
    }
    if (!value_to_int(&c->args[0], &places) || places < 0 || places > NUMBER_MOST_PLACES) {
        render_fail(c->r, "the argument of \"number\" must be a whole number from 0 to %d.",
                    NUMBER_MOST_PLACES);
        return;
    }
    if (c->value.kind == VALUE_FLOAT)
        n = (struct number){.real = true, .approx = c->value.real};
    else if (!is_number(s, &n))
        return;
    s = (struct str){text, number_print_fixed(&n, (unsigned)places, text)};
    if (s.len)
        c->value = with_marks(c->r, s, &marks);
}
