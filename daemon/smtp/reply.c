#include "smtp/reply.h"

/*
 * RFC 5321 §4.2, where Greeting and EHLO's answer have the same shape:
 *
 *     Reply-line  = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
 *     Reply-code  = %x32-35 %x30-35 %x30-39
 *
 * RFC 3463 §2, at the start of a textstring, its class the first digit of the code:
 *
 *     status-code = class "." subject "." detail
 *     class       = "2" / "4" / "5"
 *     subject     = 1*3DIGIT
 *     detail      = 1*3DIGIT
 *
 * A line may end in a bare LF, and the middle digit may be any: servers do both.
 */

void smtp_reply_parser_init(struct smtp_reply_parser *p)
{
    p->reply = (struct smtp_reply){0};
    p->text_len = 0;
    p->line_len = 0;
    p->lines = 0;
    p->complete = false;
}

bool smtp_reply_partial(const struct smtp_reply_parser *p)
{
    return !p->complete && (p->lines > 0 || p->line_len > 0);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Cuts 1*3DIGIT off; -1 if there is none. */
static int take_number(struct str *s)
{
    int number = 0;
    size_t n = 0;
    while (n < s->len && n < 3 && is_digit(s->at[n]))
        number = number * 10 + (s->at[n++] - '0');
    *s = str_skip(*s, n);
    return n ? number : -1;
}

static bool take_byte(struct str *s, char byte)
{
    if (s->len == 0 || s->at[0] != byte)
        return false;
    *s = str_skip(*s, 1);
    return true;
}

/* Cuts an enhanced code and the spaces after it off the front; false leaves *text as it was. */
static bool take_enhanced(struct str *text, int class, struct smtp_enhanced *out)
{
    struct str s = *text;
    int first = take_number(&s);
    if (first != class || !take_byte(&s, '.'))
        return false;
    int subject = take_number(&s);
    if (subject < 0 || !take_byte(&s, '.'))
        return false;
    int detail = take_number(&s);
    if (detail < 0 || (s.len > 0 && s.at[0] != ' '))
        return false;
    while (take_byte(&s, ' '))
        continue;
    *out = (struct smtp_enhanced){class, subject, detail};
    *text = s;
    return true;
}

static bool enhanced_eq(struct smtp_enhanced a, struct smtp_enhanced b)
{
    return a.class == b.class && a.subject == b.subject && a.detail == b.detail;
}

/* Cuts the line's enhanced code off, if it is the reply's; the first line decides which that is. */
static void strip_enhanced(struct smtp_reply_parser *p, struct str *text)
{
    struct smtp_enhanced found;
    struct str rest = *text;
    int class = p->reply.code / 100;
    if (class == 3 || !take_enhanced(&rest, class, &found))
        return;
    if (p->lines == 0)
        p->reply.enhanced = found;
    if (enhanced_eq(p->reply.enhanced, found))
        *text = rest;
}

static void keep_byte(struct smtp_reply_parser *p, char byte)
{
    if (p->text_len < sizeof(p->text))
        p->text[p->text_len++] = byte;
}

static void keep_text(struct smtp_reply_parser *p, struct str text)
{
    if (p->lines > 0)
        keep_byte(p, '\n');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        keep_byte(p, c == '\t' ? ' ' : c < 0x20 || c == 0x7f ? '?' : text.at[i]);
    }
}

size_t smtp_text_fit(struct str text, size_t size)
{
    size_t end = size;
    if (text.len <= size)
        return text.len;
    while (end > 0 && size - end < 3 && ((unsigned char)text.at[end] & 0xc0) == 0x80)
        end--;
    return end;
}

/* U+0080 to U+009F: control characters that a terminal may obey, also as UTF-8. */
static bool has_c1_control(struct str s)
{
    for (size_t i = 0; i + 1 < s.len; i++)
        if ((unsigned char)s.at[i] == 0xc2 && (unsigned char)s.at[i + 1] < 0xa0)
            return true;
    return false;
}

static void finish_text(struct smtp_reply_parser *p)
{
    struct str text = str_from(p->text, p->text_len);
    p->text_len = smtp_text_fit(text, SMTP_REPLY_TEXT);
    p->reply.text = str_from(p->text, p->text_len);
    if (str_is_utf8(p->reply.text) && !has_c1_control(p->reply.text))
        return;
    for (size_t i = 0; i < p->text_len; i++)
        if ((unsigned char)p->text[i] >= 0x80)
            p->text[i] = '?';
}

/* The code at the front of a line, or -1. */
static int line_code(struct str line)
{
    if (line.len < 3 || line.at[0] < '2' || line.at[0] > '5')
        return -1;
    if (!is_digit(line.at[1]) || !is_digit(line.at[2]))
        return -1;
    return (line.at[0] - '0') * 100 + (line.at[1] - '0') * 10 + (line.at[2] - '0');
}

/* One line without its line end. */
static enum smtp_reply_status take_line(struct smtp_reply_parser *p, struct str line)
{
    int code = line_code(line);
    if (code < 0 || p->lines == SMTP_REPLY_LINES)
        return SMTP_REPLY_BAD;
    if (p->lines > 0 && code != p->reply.code)
        return SMTP_REPLY_BAD;
    if (line.len > 3 && line.at[3] != ' ' && line.at[3] != '-')
        return SMTP_REPLY_BAD;
    p->reply.code = code;
    struct str text = str_skip(line, 4);
    strip_enhanced(p, &text);
    keep_text(p, text);
    p->lines++;
    if (line.len > 3 && line.at[3] == '-')
        return SMTP_REPLY_MORE;
    finish_text(p);
    p->complete = true;
    return SMTP_REPLY_DONE;
}

/* Moves input up to and with the first LF into the line; false when the line is not whole yet. */
static bool gather_line(struct smtp_reply_parser *p, struct str *input)
{
    const char *end = str_find(*input, '\n');
    size_t n = end ? (size_t)(end - input->at) + 1 : input->len;
    size_t room = sizeof(p->line) - p->line_len;
    size_t take = n < room ? n : room;
    if (take)
        memcpy(p->line + p->line_len, input->at, take);
    p->line_len += take;
    *input = str_skip(*input, take);
    return end && take == n;
}

static struct str line_text(const struct smtp_reply_parser *p)
{
    size_t len = p->line_len - 1;
    if (len > 0 && p->line[len - 1] == '\r')
        len--;
    return str_from(p->line, len);
}

enum smtp_reply_status smtp_reply_parse(struct smtp_reply_parser *p, struct str *input)
{
    if (p->complete)
        smtp_reply_parser_init(p);
    while (input->len > 0) {
        if (!gather_line(p, input))
            return p->line_len == sizeof(p->line) ? SMTP_REPLY_BAD : SMTP_REPLY_MORE;
        enum smtp_reply_status status = take_line(p, line_text(p));
        p->line_len = 0;
        if (status != SMTP_REPLY_MORE)
            return status;
    }
    return SMTP_REPLY_MORE;
}

void smtp_reply_copy(struct smtp_reply *to, const struct smtp_reply *src, char *room, size_t size)
{
    size_t n = smtp_text_fit(src->text, size);
    if (n)
        memcpy(room, src->text.at, n);
    *to = *src;
    to->text = str_from(room, n);
}

void smtp_reply_format(const struct smtp_reply *r, struct buf *out)
{
    buf_addf(out, "%d", r->code);
    if (r->enhanced.class)
        buf_addf(out, " %d.%d.%d", r->enhanced.class, r->enhanced.subject, r->enhanced.detail);
    if (r->text.len == 0)
        return;
    buf_add_byte(out, ' ');
    for (size_t i = 0; i < r->text.len; i++)
        buf_add_byte(out, r->text.at[i] == '\n' ? ' ' : r->text.at[i]);
}
