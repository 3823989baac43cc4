#include "template/html_scan.h"

void html_scan_init(struct html_scan *s, struct str text)
{
    *s = (struct html_scan){.text = text.at ? text : STR(""), .end = text.len};
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* HTML's white space: no vertical tab. */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* What is left to read, from an offset on. */
static struct str rest(const struct html_scan *s, size_t at)
{
    at = at < s->end ? at : s->end;
    return (struct str){s->text.at + at, s->end - at};
}

static char byte_at(const struct html_scan *s, size_t at)
{
    return at < s->end ? s->text.at[at] : '\0';
}

static size_t skip_spaces(const struct html_scan *s, size_t at)
{
    while (at < s->end && is_space(s->text.at[at]))
        at++;
    return at;
}

/* The offset of the byte from `at` on, or the end. */
static size_t find_byte(const struct html_scan *s, size_t at, char byte)
{
    const char *hit = str_find(rest(s, at), byte);
    return hit ? (size_t)(hit - s->text.at) : s->end;
}

static void skip_past(struct html_scan *s, char byte)
{
    size_t at = find_byte(s, s->at, byte);
    s->at = at < s->end ? at + 1 : s->end;
}

/* Elements whose text is not markup, up to their end tag. */
static bool is_text_element(struct str name)
{
    static const char *const names[] = {"script", "style",  "title",   "textarea",
                                        "xmp",    "iframe", "noembed", "noframes"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq_nocase(name, str_of(names[i])))
            return true;
    return false;
}

static bool ends_name(char c)
{
    return is_space(c) || c == '/' || c == '>';
}

/* Where the end tag of that name starts, or the end. */
static size_t find_end_tag(const struct html_scan *s, struct str name)
{
    for (size_t at = s->at; (at = find_byte(s, at, '<')) < s->end; at++) {
        struct str tag = rest(s, at);
        if (tag.len < name.len + 3 || tag.at[1] != '/' ||
            !str_starts_nocase(str_skip(tag, 2), name))
            continue;
        if (ends_name(tag.at[name.len + 2]))
            return at;
    }
    return s->end;
}

static size_t name_length(struct str s)
{
    size_t n = 0;
    while (n < s.len && !ends_name(s.at[n]))
        n++;
    return n;
}

static void take_start(struct html_scan *s)
{
    struct str name = rest(s, s->at + 1);
    name.len = name_length(name);
    s->name = name;
    s->at += 1 + name.len;
    s->in_tag = true;
}

/* The attributes of an end tag mean nothing, but a ">" in quotes is not its end. */
static void skip_end_tag(struct html_scan *s)
{
    s->at += 2;
    s->name = (struct str){NULL, 0};
    s->at += name_length(rest(s, s->at));
    s->in_tag = true;
    html_scan_close(s);
}

/* After "<!--" at `at`: where the comment's text ends, and in *after where the comment does. */
static size_t comment_end(const struct html_scan *s, size_t at, size_t *after)
{
    struct str text = rest(s, at);
    *after = s->end;
    if (s->resume)
        return s->end;
    if (str_starts(text, STR(">")) || str_starts(text, STR("->"))) {
        *after = at + (text.at[0] == '>' ? 1 : 2);
        return at;
    }
    for (; (at = find_byte(s, at, '-')) < s->end; at++) {
        text = rest(s, at);
        if (str_starts(text, STR("-->")) || str_starts(text, STR("--!>"))) {
            *after = at + (text.at[2] == '>' ? 3 : 4);
            return at;
        }
    }
    return s->end;
}

/*
 * Comments do not nest for a browser, so a conditional one in a conditional one ends where the
 * outer does.
 */
static void skip_comment(struct html_scan *s)
{
    size_t after, end = comment_end(s, s->at + 4, &after);
    struct str text = rest(s, s->at + 4);
    text.len = end > s->at + 4 ? end - s->at - 4 : 0;
    const char *condition =
        str_starts_nocase(text, STR("[if")) ? memmem(text.at, text.len, "]>", 2) : NULL;
    if (!condition) {
        s->at = after;
        return;
    }
    s->at = (size_t)(condition - s->text.at) + 2;
    if (s->resume)
        return;
    s->end = end;
    s->resume = after;
}

static void skip_markup(struct html_scan *s)
{
    char second = byte_at(s, s->at + 1), third = byte_at(s, s->at + 2);
    if (str_starts(rest(s, s->at), STR("<!--")))
        skip_comment(s);
    else if (second == '!' || second == '?')
        skip_past(s, '>');
    else if (second != '/' || s->at + 2 >= s->end)
        s->at++;
    else if (is_letter(third))
        skip_end_tag(s);
    else
        skip_past(s, '>');
}

static bool leave_comment(struct html_scan *s)
{
    if (!s->resume)
        return false;
    s->at = s->resume;
    s->end = s->text.len;
    s->resume = 0;
    return true;
}

bool html_scan_next(struct html_scan *s, struct str *name)
{
    if (s->in_tag)
        html_scan_close(s);
    for (;;) {
        s->at = find_byte(s, s->at, '<');
        if (s->at >= s->end) {
            if (!leave_comment(s))
                return false;
        } else if (is_letter(byte_at(s, s->at + 1))) {
            take_start(s);
            *name = s->name;
            return true;
        } else {
            skip_markup(s);
        }
    }
}

static void take_value(struct html_scan *s, struct html_scan_attribute *out)
{
    size_t at = skip_spaces(s, s->at), end = at;
    char first = byte_at(s, at);
    out->has_value = true;
    if (first == '"' || first == '\'') {
        out->quote = first;
        end = find_byte(s, ++at, first);
        s->at = end < s->end ? end + 1 : s->end;
    } else {
        while (end < s->end && !is_space(s->text.at[end]) && s->text.at[end] != '>')
            end++;
        s->at = end;
    }
    out->value = (struct str){s->text.at + at, end - at};
}

/* Where a tag ends that is none, nothing is left to read: `at` is the end. */
bool html_scan_attribute(struct html_scan *s, struct html_scan_attribute *out)
{
    while (s->at < s->end && (is_space(s->text.at[s->at]) || s->text.at[s->at] == '/'))
        s->at++;
    if (!s->in_tag || s->at >= s->end || s->text.at[s->at] == '>')
        return false;
    struct str name = rest(s, s->at);
    size_t n = 1;
    while (n < name.len && name.at[n] != '=' && !ends_name(name.at[n]))
        n++;
    *out = (struct html_scan_attribute){.name = {name.at, n}};
    s->at = skip_spaces(s, s->at + n);
    if (byte_at(s, s->at) == '=') {
        s->at++;
        take_value(s, out);
    }
    return true;
}

bool html_scan_close(struct html_scan *s)
{
    struct html_scan_attribute ignored;
    if (!s->in_tag)
        return false;
    while (html_scan_attribute(s, &ignored))
        ;
    s->in_tag = false;
    if (s->at >= s->end)
        return false;
    s->at++;
    if (str_eq_nocase(s->name, STR("plaintext")))
        s->at = s->end;
    else if (is_text_element(s->name))
        s->at = find_end_tag(s, s->name);
    return true;
}
