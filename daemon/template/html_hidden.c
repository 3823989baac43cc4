#include "template/html_hidden.h"

/* Each search in vain reads all that follows. */
enum { MAX_MISSES = 16 };

bool html_length_is_tiny(struct str s)
{
    s = str_trim(s);
    if (s.len == 0 || (s.at[0] != '0' && s.at[0] != '1'))
        return false;
    s = str_trim(str_skip(s, 1));
    return s.len == 0 || str_eq_nocase(s, STR("px"));
}

void html_style_read(struct html_style *style, struct str source)
{
    while (source.at) {
        struct str value = str_cut(&source, ';'), name = str_trim(str_cut(&value, ':'));
        value = str_trim(value);
        if (str_eq_nocase(name, STR("width")))
            style->thin = html_length_is_tiny(value);
        else if (str_eq_nocase(name, STR("height")))
            style->flat = html_length_is_tiny(value);
        else if (str_eq_nocase(name, STR("display")))
            style->undisplayed = str_starts_nocase(value, STR("none"));
        else if (str_eq_nocase(name, STR("visibility")))
            style->invisible = str_starts_nocase(value, STR("hidden"));
        else if (str_eq_nocase(name, STR("mso-hide")))
            style->not_for_outlook = str_starts_nocase(value, STR("all"));
    }
}

/* Buttons are links that Outlook alone does not show, because it draws its own (VML). */
static bool hides(const struct html_style *style, struct str name)
{
    if (style->undisplayed || style->invisible)
        return true;
    if (str_eq_nocase(name, STR("img")) && style->thin && style->flat)
        return true;
    return style->not_for_outlook && !str_eq_nocase(name, STR("a"));
}

/* The style counts more than width and height; the first of two styles counts. */
bool html_is_hidden(const struct html_piece *open)
{
    struct html_attribute a;
    struct html_style style = {.thin = false};
    struct str rest = open->attributes, source = {NULL, 0};
    while (html_next_attribute(&rest, &a)) {
        if (str_eq_nocase(a.name, STR("hidden")))
            return true;
        if (str_eq_nocase(a.name, STR("width")))
            style.thin = html_length_is_tiny(a.value);
        else if (str_eq_nocase(a.name, STR("height")))
            style.flat = html_length_is_tiny(a.value);
        else if (str_eq_nocase(a.name, STR("style")) && !source.at)
            source = a.value;
    }
    html_style_read(&style, source);
    return hides(&style, open->name);
}

/* Elements without content and end tag (HTML, 13.1.2). */
static bool is_void(struct str name)
{
    static const char *const names[] = {"area",  "base", "br",   "col",    "embed", "hr", "img",
                                        "input", "link", "meta", "source", "track", "wbr"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq_nocase(name, str_of(names[i])))
            return true;
    return false;
}

/* Elements that end where the next of their kind begins. */
static bool is_never_nested(struct str name)
{
    return str_eq_nocase(name, STR("p")) || str_eq_nocase(name, STR("a"));
}

bool html_skip_element(struct html_cutter *c, const struct html_piece *open)
{
    struct html_cutter ahead = *c, before = ahead;
    struct html_piece p;
    size_t depth = 1;
    if (is_void(open->name))
        return true;
    for (; c->misses < MAX_MISSES && html_next(&ahead, &p); before = ahead) {
        bool opens = p.kind == HTML_OPEN;
        if ((!opens && p.kind != HTML_CLOSE) || !str_eq_nocase(p.name, open->name))
            continue;
        if (opens && is_never_nested(p.name)) {
            *c = before;
            return true;
        }
        depth = opens ? depth + 1 : depth - 1;
        if (depth == 0) {
            *c = ahead;
            return true;
        }
    }
    c->misses += c->misses < MAX_MISSES;
    return false;
}
