#include "mail/encode.h"

#include <stdbool.h>

enum {
    QP_CONTENT_MAX = 75,   /* columns before the = of a soft line break: 76 in all */
    BASE64_LINE_BYTES = 57 /* bytes in a line of 76 columns */
};

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 2045 §6.7 rules (1) to (3): what stands for itself, except blanks at the end of a line. */
static const bool qp_plain[256] = {
    ['\t'] = true,
    [' ' ... '<'] = true,
    ['>' ... '~'] = true,
};

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* Cuts the line at the front off, without its end; *ended says whether there was an end. */
static struct str take_line(struct str *rest, bool *ended)
{
    struct str line = {rest->at, 0};
    while (line.len < rest->len && !is_line_end(rest->at[line.len]))
        line.len++;
    *ended = line.len < rest->len;
    struct str after = str_skip(*rest, line.len);
    bool crlf = after.len > 1 && after.at[0] == '\r' && after.at[1] == '\n';
    *rest = str_skip(after, crlf ? 2 : 1);
    return line;
}

static bool starts_from(struct str line)
{
    return str_starts(line, STR("From "));
}

static bool travels_bare(struct str line)
{
    if (line.len > ENCODE_LINE_MAX || starts_from(line))
        return false;
    for (size_t i = 0; i < line.len; i++)
        if (!qp_plain[(unsigned char)line.at[i]] && line.at[i] != '=')
            return false;
    return true;
}

/* True if the text begins with CR alone. */
static bool is_lone_cr(struct str at_line_end)
{
    return at_line_end.len && at_line_end.at[0] == '\r' &&
           (at_line_end.len == 1 || at_line_end.at[1] != '\n');
}

static bool is_bare_text(struct str text)
{
    while (text.len) {
        struct str whole = text;
        bool ended;
        struct str line = take_line(&text, &ended);
        if (!travels_bare(line) || is_lone_cr(str_skip(whole, line.len)))
            return false;
    }
    return true;
}

enum mail_encoding encode_choose(struct str text)
{
    size_t plain = 0;
    if (is_bare_text(text))
        return ENCODING_7BIT;
    for (size_t i = 0; i < text.len; i++)
        plain += qp_plain[(unsigned char)text.at[i]] || is_line_end(text.at[i]);
    size_t as_qp = plain + (text.len - plain) * 3;
    size_t as_base64 = (text.len + 2) / 3 * 4;
    return as_qp <= as_base64 ? ENCODING_QP : ENCODING_BASE64;
}

const char *encode_name(enum mail_encoding encoding)
{
    static const char *const names[] = {
        [ENCODING_7BIT] = "7bit",
        [ENCODING_QP] = "quoted-printable",
        [ENCODING_BASE64] = "base64",
    };
    return names[encoding];
}

/* At the start of a line: a dot would be stuffed by SMTP, "From " be changed by mbox writers. */
static bool wants_guard(struct str rest)
{
    return rest.at[0] == '.' || starts_from(rest);
}

static char *qp_escape(char *to, unsigned char c)
{
    static const char hex[] = "0123456789ABCDEF";
    *to++ = '=';
    *to++ = hex[c >> 4];
    *to++ = hex[c & 15];
    return to;
}

/*
 * One line without its end (RFC 2045 §6.7). `to` has room for three columns a byte and the soft
 * breaks; returns its new end. The inner loop copies what stands for itself; a blank at the very
 * end never gets there, since that must be escaped.
 */
static char *qp_line(char *to, struct str line)
{
    const unsigned char *from = (const unsigned char *)line.at;
    size_t column = 0;
    for (size_t i = 0; i < line.len;) {
        size_t run_end = i + (QP_CONTENT_MAX - column);
        if (run_end > line.len - 1)
            run_end = line.len - 1;
        size_t run = i;
        if (column > 0)
            while (i < run_end && qp_plain[from[i]])
                *to++ = (char)from[i++];
        column += i - run;
        bool blank_end = i + 1 == line.len && (from[i] == ' ' || from[i] == '\t');
        bool escape = !qp_plain[from[i]] || blank_end;
        if (column + (escape ? 3 : 1) > QP_CONTENT_MAX) {
            memcpy(to, "=\r\n", 3);
            to += 3;
            column = 0;
        }
        escape = escape || (column == 0 && wants_guard(str_skip(line, i)));
        if (escape)
            to = qp_escape(to, from[i]);
        else
            *to++ = (char)from[i];
        column += escape ? 3 : 1;
        i++;
    }
    return to;
}

void encode_qp(struct buf *out, struct str text)
{
    while (text.len) {
        bool ended;
        struct str line = take_line(&text, &ended);
        /* Three columns a byte, and three more for the break after at least 73 columns. */
        char *start = buf_reserve(out, line.len * 3 + line.len / 8 + 8);
        char *end = line.len ? qp_line(start, line) : start;
        *end = '\0';
        out->len += (size_t)(end - start);
        if (ended)
            buf_add(out, "\r\n", 2);
    }
}

static void encode_7bit(struct buf *out, struct str text)
{
    while (text.len) {
        bool ended;
        buf_add_str(out, take_line(&text, &ended));
        if (ended)
            buf_add(out, "\r\n", 2);
    }
}

static char *base64_triple(char *to, const unsigned char *from)
{
    unsigned bits = (unsigned)from[0] << 16 | (unsigned)from[1] << 8 | from[2];
    *to++ = base64_digits[bits >> 18];
    *to++ = base64_digits[bits >> 12 & 63];
    *to++ = base64_digits[bits >> 6 & 63];
    *to++ = base64_digits[bits & 63];
    return to;
}

void encode_base64(struct buf *out, struct str bytes)
{
    const unsigned char *from = (const unsigned char *)bytes.at;
    char *to = buf_reserve(out, (bytes.len + 2) / 3 * 4);
    size_t left = bytes.len;
    for (; left >= 3; left -= 3, from += 3)
        to = base64_triple(to, from);
    if (left) {
        unsigned char last[3] = {from[0], left == 2 ? from[1] : 0, 0};
        to = base64_triple(to, last);
        to[-1] = '=';
        if (left == 1)
            to[-2] = '=';
    }
    *to = '\0';
    out->len = (size_t)(to - out->at);
}

void encode_base64_lines(struct buf *out, struct str bytes)
{
    while (bytes.len) {
        size_t n = bytes.len < BASE64_LINE_BYTES ? bytes.len : BASE64_LINE_BYTES;
        encode_base64(out, str_from(bytes.at, n));
        buf_add(out, "\r\n", 2);
        bytes = str_skip(bytes, n);
    }
}

/* A line of base64 being filled. */
struct base64_line {
    struct buf *out;
    size_t len;
    char bytes[BASE64_LINE_BYTES];
};

static void base64_flush(struct base64_line *l)
{
    encode_base64_lines(l->out, str_from(l->bytes, l->len));
    l->len = 0;
}

static void base64_put(struct base64_line *l, struct str bytes)
{
    while (bytes.len) {
        size_t n = BASE64_LINE_BYTES - l->len;
        if (n > bytes.len)
            n = bytes.len;
        memcpy(l->bytes + l->len, bytes.at, n);
        l->len += n;
        bytes = str_skip(bytes, n);
        if (l->len == BASE64_LINE_BYTES)
            base64_flush(l);
    }
}

/* Text is put into its canonical form, with CRLF, before it is encoded (RFC 2046 §4.1.1). */
static void encode_base64_text(struct buf *out, struct str text)
{
    struct base64_line l = {.out = out, .len = 0};
    while (text.len) {
        bool ended;
        base64_put(&l, take_line(&text, &ended));
        if (ended)
            base64_put(&l, STR("\r\n"));
    }
    base64_flush(&l);
}

void encode_text(struct buf *out, struct str text, enum mail_encoding encoding)
{
    switch (encoding) {
    case ENCODING_7BIT:
        encode_7bit(out, text);
        return;
    case ENCODING_QP:
        encode_qp(out, text);
        return;
    case ENCODING_BASE64:
        encode_base64_text(out, text);
        return;
    }
}
