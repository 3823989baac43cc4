/* {{ "now" | date: "%d %B %Y" }}: see date.h for what is read and written. */
#include "template/date.h"
#include "template/filters.h"

/* The moment that a value means; false if it means none. */
static bool value_moment(const struct call *c, struct date_moment *out)
{
    const struct value *v = &c->value;
    uint64_t seconds;
    *out = (struct date_moment){c->r->options->now_s, 0};
    if (v->kind == VALUE_INT || v->kind == VALUE_FLOAT)
        return value_to_int(v, &out->unix_s);
    if (v->kind != VALUE_STR)
        return false;
    if (str_eq_nocase(v->str, STR("now")) || str_eq_nocase(v->str, STR("today")))
        return true;
    if (!str_to_u64(v->str, &seconds))
        return date_parse(v->str, c->r->options->zone, out);
    out->unix_s = seconds > INT64_MAX ? INT64_MAX : (int64_t)seconds;
    return true;
}

static void add_date(struct render *r, const struct date *d, struct str format)
{
    const struct template_language *language = filter_language(r);
    char text[DATE_TEXT_SIZE];
    size_t used;
    while (format.len && !r->failed) {
        const char *sign = str_find(format, '%');
        size_t plain = sign ? (size_t)(sign - format.at) : format.len;
        text_add(r, (struct str){format.at, plain});
        format = str_skip(format, plain);
        if (!format.len)
            return;
        struct str written = {text, date_directive(d, language, str_skip(format, 1), text, &used)};
        text_add(r, used ? written : STR("%"));
        format = str_skip(format, used + 1);
    }
}

void filter_date(struct call *c)
{
    struct str format = render_str(c->r, &c->args[0]);
    struct date d;
    struct date_moment moment;
    if (format.len == 0 || !value_moment(c, &moment))
        return;
    if (!date_from_unix(moment.unix_s, c->r->options->zone, &d))
        return;
    d.nanosecond = moment.nanosecond;
    size_t mark = text_begin(c->r);
    add_date(c->r, &d, format);
    c->value = text_end(c->r, mark);
}
