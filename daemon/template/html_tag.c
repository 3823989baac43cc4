#include "template/html_tag.h"

#include <myhtml/charef.h>

#include "template/space.h"

enum { MAX_REFERENCE = 40 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length up to and with `end`, or all of s. */
static size_t length_to(struct str s, struct str end)
{
    const char *hit = s.len ? memmem(s.at, s.len, end.at, end.len) : NULL;
    return hit ? (size_t)(hit - s.at) + end.len : s.len;
}

/*
 * The length of a comment: it ends at "-->", also in "<!-->" and "<!--->", and at "--!>" (HTML,
 * 13.2.5.43 to 52).
 */
static size_t comment_length(struct str s)
{
    const char *hit;
    for (size_t at = 2; (hit = memmem(s.at + at, s.len - at, "--", 2)); at++) {
        at = (size_t)(hit - s.at);
        struct str rest = str_skip(s, at + 2);
        if (str_starts(rest, STR(">")))
            return at + 3;
        if (at >= 4 && str_starts(rest, STR("!>")))
            return at + 4;
    }
    return s.len;
}

/* The length of a tag: up to a ">" that is not in a quoted value. */
static size_t tag_length(struct str s)
{
    char quote = '\0', before = '\0';
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '>')
            return i + 1;
        else if ((c == '"' || c == '\'') && before == '=')
            quote = c;
        if (!byte_is_space(c))
            before = c;
    }
    return length_to(s, STR(">"));
}

/* Elements whose content nobody reads. */
static const char *const unread[] = {"script",   "style",  "head", "title",  "noscript", "template",
                                     "textarea", "select", "svg",  "object", "xml"};

enum { UNREAD = sizeof(unread) / sizeof(unread[0]) };

static unsigned unread_number(struct str name)
{
    unsigned i = 0;
    while (i < UNREAD && !str_eq_nocase(name, str_of(unread[i])))
        i++;
    return i;
}

/* The length up to and with the end tag of that name; 0 if there is none. */
static size_t element_length(struct str s, struct str name)
{
    struct str rest = s;
    while (rest.len) {
        rest = str_skip(rest, length_to(rest, STR("</")));
        if (rest.len && str_starts_nocase(rest, name))
            return s.len - rest.len + tag_length(rest);
    }
    return 0;
}

/* Takes all of an element that nobody reads, if it ends. */
static void take_unread(struct html_cutter *c, struct html_piece *p)
{
    unsigned number = unread_number(p->name);
    if (number == UNREAD || (c->unclosed & 1u << number))
        return;
    size_t element = element_length(c->rest, p->name);
    if (element == 0) {
        c->unclosed |= 1u << number;
        return;
    }
    p->kind = HTML_OTHER;
    p->whole.len = element;
}

static void take_tag(struct html_cutter *c, struct html_piece *p)
{
    struct str s = c->rest;
    bool close = s.at[1] == '/';
    size_t start = close ? 2 : 1, end = start;
    p->whole.len = tag_length(s);
    p->kind = close ? HTML_CLOSE : HTML_OPEN;
    struct str tag = p->whole;
    if (str_ends(tag, STR(">")))
        tag.len--;
    while (end < tag.len && !byte_is_space(tag.at[end]) && tag.at[end] != '/')
        end++;
    p->name = (struct str){tag.at + start, end - start};
    p->attributes = str_skip(tag, end);
    if (!close)
        take_unread(c, p);
}

static void take_text(struct str s, struct html_piece *p)
{
    const char *tag = str_find(str_skip(s, 1), '<');
    p->kind = HTML_TEXT;
    p->whole.len = tag ? (size_t)(tag - s.at) : s.len;
}

bool html_next(struct html_cutter *c, struct html_piece *out)
{
    struct str s = c->rest;
    *out = (struct html_piece){.whole = {s.at, 0}};
    if (s.len == 0)
        return false;
    char second = s.len > 1 ? s.at[1] : '\0';
    if (s.at[0] == '<' && (second == '!' || second == '?')) {
        out->kind = HTML_OTHER;
        out->whole.len = str_starts(s, STR("<!--")) ? comment_length(s) : length_to(s, STR(">"));
    } else if (s.at[0] == '<' &&
               (is_letter(second) || (second == '/' && s.len > 2 && is_letter(s.at[2])))) {
        take_tag(c, out);
    } else {
        take_text(s, out);
    }
    c->rest = str_skip(s, out->whole.len);
    return true;
}

static struct str take_value(struct str *rest)
{
    *rest = space_skip(str_skip(*rest, 1));
    if (rest->len && (rest->at[0] == '"' || rest->at[0] == '\'')) {
        char quote = rest->at[0];
        *rest = str_skip(*rest, 1);
        struct str value = str_cut(rest, quote);
        return value;
    }
    return space_next_word(rest);
}

bool html_next_attribute(struct str *rest, struct html_attribute *out)
{
    while (rest->len && (byte_is_space(rest->at[0]) || rest->at[0] == '/'))
        *rest = str_skip(*rest, 1);
    *out = (struct html_attribute){.whole = *rest, .name = {rest->at, 0}};
    if (rest->len == 0)
        return false;
    size_t n = 1;
    while (n < rest->len && !byte_is_space(rest->at[n]) && rest->at[n] != '=' && rest->at[n] != '/')
        n++;
    out->name.len = n;
    *rest = str_skip(*rest, n);
    struct str ahead = space_skip(*rest);
    if (ahead.len && ahead.at[0] == '=') {
        out->value = take_value(&ahead);
        *rest = ahead;
    }
    out->whole.len -= rest->len;
    return true;
}

/* What a number stands for: of 128 to 159, what windows-1252 has there (HTML, 13.2.5.80). */
static int32_t numbered_point(int64_t value)
{
    static const uint16_t windows[] = {
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};
    if (value >= 0x80 && value <= 0x9F)
        return windows[value - 0x80];
    bool valid = value > 0 && value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF);
    return valid ? (int32_t)value : 0xFFFD;
}

static size_t numeric_reference(struct str s, int32_t *point)
{
    bool hex = s.len > 2 && (s.at[2] | 32) == 'x';
    size_t start = hex ? 3 : 2, at = start;
    int64_t value = 0;
    for (; at < s.len; at++) {
        char c = s.at[at], low = (char)(c | 32);
        int digit = is_digit(c) ? c - '0' : hex && low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0)
            break;
        value = value > 0x10FFFF ? value : value * (hex ? 16 : 10) + digit;
    }
    if (at == start)
        return 0;
    *point = numbered_point(value);
    return at < s.len && s.at[at] == ';' ? at + 1 : at;
}

size_t html_reference(struct str s, int32_t *point)
{
    size_t len = 1, used = 0, ignored = 0;
    if (s.len < 3 || s.at[0] != '&')
        return 0;
    if (s.at[1] == '#')
        return numeric_reference(s, point);
    while (len < s.len && len < MAX_REFERENCE && (is_letter(s.at[len]) || is_digit(s.at[len])))
        len++;
    if (len == 1)
        return 0;
    len += len < s.len && s.at[len] == ';';
    const charef_entry_t *entry = myhtml_charef_find(s.at + 1, &used, len - 1, &ignored);
    if (!entry || entry->codepoints_len == 0 || used != len - 1)
        return 0;
    *point = (int32_t)entry->codepoints[0];
    return len;
}

/* html_reference takes whole words only, so the "=" is what remains to be looked at. */
size_t html_attribute_reference(struct str s, int32_t *point)
{
    size_t len = s.len && s.at[0] == '&' ? html_reference(s, point) : 0;
    if (len && s.at[1] != '#' && s.at[len - 1] != ';' && len < s.len && s.at[len] == '=')
        return 0;
    return len;
}
