#include "dkim/canon.h"

#include <stdbool.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * Copies `text` with each run of blanks as one space and none at the end; returns the new end. The
 * output is never longer than the input.
 */
static char *squeeze(char *to, struct str text)
{
    bool blank = false;
    for (size_t i = 0; i < text.len; i++) {
        if (is_blank(text.at[i])) {
            blank = true;
            continue;
        }
        if (blank)
            *to++ = ' ';
        blank = false;
        *to++ = text.at[i];
    }
    return to;
}

/* RFC 6376 §3.4.2, "unfold": drops each CRLF; what is left of the fold is blank. */
static char *unfold(char *to, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\r' && i + 1 < text.len && text.at[i + 1] == '\n') {
            i++;
            continue;
        }
        *to++ = text.at[i];
    }
    return to;
}

static struct str trim_blanks(struct str s)
{
    while (s.len && is_blank(s.at[0]))
        s = str_skip(s, 1);
    while (s.len && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

static char *lower(char *to, struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        *to++ = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return to;
}

/*
 * RFC 6376 §3.4.2: name in lower case, unfolded, blanks squeezed, none around the colon or at the
 * end. Where there is a fold, unfolding is done in `out` itself, and squeezing in place over it.
 */
void canon_header(struct buf *out, struct str field)
{
    const char *colon = str_find(field, ':');
    struct str name = {field.at, colon ? (size_t)(colon - field.at) : field.len};
    struct str value = str_skip(field, name.len + 1);
    char *to = lower(buf_reserve(out, field.len + 3), trim_blanks(name));
    *to++ = ':';
    if (str_ends(value, STR("\r\n")))
        value.len -= 2;
    if (str_find(value, '\r'))
        value = str_from(to, (size_t)(unfold(to, value) - to));
    to = squeeze(to, trim_blanks(value));
    memcpy(to, "\r\n", 2);
    out->len = (size_t)(to + 2 - out->at);
    out->at[out->len] = '\0';
}

/* Cuts the line at the front off, without its CRLF. */
static struct str take_line(struct str *rest)
{
    struct str line = *rest;
    size_t from = 0;
    for (;;) {
        const char *lf = str_find(str_skip(*rest, from), '\n');
        if (!lf) {
            *rest = str_skip(*rest, rest->len);
            return line;
        }
        from = (size_t)(lf - rest->at) + 1;
        if (from >= 2 && lf[-1] == '\r')
            break;
    }
    line.len = from - 2;
    *rest = str_skip(*rest, from);
    return line;
}

enum { BLOCK = 64 };

/*
 * 1 if the canonical form would not have one of these bytes where it stands: a tab, or a space
 * before another or before CR. Byte by byte and without a branch, so that the compiler makes it a
 * few instructions on many bytes.
 */
static unsigned char has_surplus(const char *at)
{
    unsigned char found = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        unsigned char space = at[i] == ' ', again = at[i + 1] == ' ', end = at[i + 1] == '\r';
        found |= (unsigned char)((at[i] == '\t') | (space & (again | end)));
    }
    return found;
}

/* `next` is the byte behind the part, 0 where there is none. */
static bool part_has_surplus(struct str part, char next)
{
    char last[BLOCK + 1] = {0};
    size_t i = 0;
    for (; i + BLOCK < part.len; i += BLOCK)
        if (has_surplus(part.at + i))
            return true;
    if (part.len > i)
        memcpy(last, part.at + i, part.len - i);
    last[part.len - i] = next;
    return has_surplus(last);
}

bool canon_body_is_canonical(const struct str *parts, size_t count)
{
    char next = '\0';
    while (count > 0 && parts[count - 1].len == 0)
        count--;
    if (count == 0)
        return true;
    struct str end = parts[count - 1];
    if (!str_ends(end, STR("\r\n")) || str_ends(end, STR("\r\n\r\n")) || end.len == 2)
        return false;
    for (size_t i = count; i > 0; i--) {
        if (part_has_surplus(parts[i - 1], next))
            return false;
        next = parts[i - 1].len ? parts[i - 1].at[0] : next;
    }
    return true;
}

/*
 * RFC 6376 §3.4.4: blanks squeezed and none at the end of lines, no empty lines at the end, and a
 * CRLF at the end of the last line. `kept` marks the end of the last line that is not empty.
 */
void canon_body(struct buf *out, struct str body)
{
    char *to = buf_reserve(out, body.len + 2);
    char *kept = to;
    while (body.len) {
        char *start = to;
        to = squeeze(to, take_line(&body));
        bool empty = to == start;
        memcpy(to, "\r\n", 2);
        to += 2;
        if (!empty)
            kept = to;
    }
    *kept = '\0';
    out->len = (size_t)(kept - out->at);
}
