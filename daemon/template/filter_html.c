/* Filters that know HTML. In ESCAPE_HTML what they return as markup is not escaped again.
 */
#include "template/filters.h"

void filter_raw(struct call *c)
{
    if (c->value.kind == VALUE_STR)
        c->value.markup = true;
}

/* Where the text stays plain: the value as text, and true. */
static bool stays_plain(struct call *c)
{
    if (c->r->options->escape != ESCAPE_TEXT)
        return false;
    c->value = value_str(render_str(c->r, &c->value));
    return true;
}

void filter_escape(struct call *c)
{
    if (stays_plain(c))
        return;
    struct str s = render_str(c->r, &c->value);
    size_t mark = text_begin(c->r);
    text_add_clean(c->r, s, true);
    c->value = text_end(c->r, mark);
    c->value.markup = true;
}

/* The length of the character reference at the start of s ("&amp;", "&#39;"), or 0. */
static size_t reference_length(struct str s)
{
    size_t at = 1, most = s.len < 40 ? s.len : 40;
    bool number = most > 1 && s.at[1] == '#';
    at += number;
    size_t start = at;
    while (at < most && ((s.at[at] >= '0' && s.at[at] <= '9' && (number || at > start)) ||
                         (!number && (s.at[at] | 32) >= 'a' && (s.at[at] | 32) <= 'z')))
        at++;
    return at > start && at < s.len && s.at[at] == ';' ? at + 1 : 0;
}

/* What is a character reference already stays one. */
void filter_escape_once(struct call *c)
{
    if (stays_plain(c))
        return;
    struct str s = render_str(c->r, &c->value);
    size_t mark = text_begin(c->r);
    while (s.len && !c->r->failed) {
        const char *sign = str_find(s, '&');
        size_t len = sign ? (size_t)(sign - s.at) : s.len;
        text_add_clean(c->r, (struct str){s.at, len}, true);
        s = str_skip(s, len);
        len = s.len ? reference_length(s) : 0;
        text_add(c->r, (struct str){s.at, len});
        if (s.len && len == 0) {
            text_add(c->r, STR("&amp;"));
            len = 1;
        }
        s = str_skip(s, len);
    }
    c->value = text_end(c->r, mark);
    c->value.markup = true;
}

/* The end of the line that starts s: its length, and that of its line end. */
static size_t line_length(struct str s, size_t *end)
{
    const char *lf = str_find(s, '\n');
    *end = 0;
    if (!lf)
        return s.len;
    size_t len = (size_t)(lf - s.at);
    *end = 1;
    if (len && s.at[len - 1] == '\r') {
        len--;
        *end = 2;
    }
    return len;
}

void filter_newline_to_br(struct call *c)
{
    if (stays_plain(c))
        return;
    struct str s = render_str(c->r, &c->value);
    bool markup = c->value.kind == VALUE_STR && c->value.markup;
    bool escape = c->r->options->escape == ESCAPE_HTML && !markup;
    size_t mark = text_begin(c->r), end;
    while (s.len && !c->r->failed) {
        size_t len = line_length(s, &end);
        text_add_clean(c->r, (struct str){s.at, len}, escape);
        if (end)
            text_add(c->r, STR("<br />\n"));
        s = str_skip(s, len + end);
    }
    c->value = text_end(c->r, mark);
    c->value.markup = true;
}

void filter_strip_newlines(struct call *c)
{
    struct str s = render_str(c->r, &c->value);
    size_t mark = text_begin(c->r), end;
    while (s.len && !c->r->failed) {
        size_t len = line_length(s, &end);
        text_add(c->r, (struct str){s.at, len});
        s = str_skip(s, len + end);
    }
    c->value = text_end(c->r, mark);
}

/* Elements that go with what is in them. */
static const struct {
    struct str open, close;
} removed[] = {
    {{"<script", 7}, {"</script>", 9}},
    {{"<style", 6}, {"</style>", 8}},
    {{"<!--", 4}, {"-->", 3}},
};

enum { REMOVED = sizeof(removed) / sizeof(removed[0]) };

/* The length of the element or tag that starts s, or 0; gone[i] says that there is no more end i.
 */
static size_t markup_length(struct str s, bool gone[REMOVED + 1])
{
    for (size_t i = 0; i < REMOVED; i++) {
        if (gone[i] || !str_starts_nocase(s, removed[i].open))
            continue;
        const char *end = memmem(s.at, s.len, removed[i].close.at, removed[i].close.len);
        if (end)
            return (size_t)(end - s.at) + removed[i].close.len;
        gone[i] = true;
    }
    const char *end = gone[REMOVED] ? NULL : str_find(s, '>');
    gone[REMOVED] = !end;
    return end ? (size_t)(end - s.at) + 1 : 0;
}

void filter_strip_html(struct call *c)
{
    struct str s = render_str(c->r, &c->value);
    bool gone[REMOVED + 1] = {false};
    size_t mark = text_begin(c->r);
    while (s.len && !c->r->failed) {
        const char *tag = str_find(s, '<');
        size_t len = tag ? (size_t)(tag - s.at) : s.len;
        text_add(c->r, (struct str){s.at, len});
        s = str_skip(s, len);
        len = s.len ? markup_length(s, gone) : 0;
        if (s.len && len == 0)
            text_add_byte(c->r, s.at[len++]);
        s = str_skip(s, len);
    }
    c->value = text_end(c->r, mark);
}
