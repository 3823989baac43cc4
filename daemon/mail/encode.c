#include "mail/encode.h"

#include "mail/lines.h"
#include "mail/quoted.h"

enum { BASE64_LINE_BYTES = 57 }; /* in a line of 76 columns */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum mail_encoding encode_choose(struct str text)
{
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++)
        plain += quoted_is_plain(text.at[i]) || text.at[i] == '\n' || text.at[i] == '\r';
    size_t as_quoted = plain + (text.len - plain) * 3;
    size_t as_base64 = (text.len + 2) / 3 * 4;
    return as_quoted <= as_base64 ? ENCODING_QUOTED : ENCODING_BASE64;
}

const char *encode_name(enum mail_encoding encoding)
{
    return encoding == ENCODING_QUOTED ? "quoted-printable" : "base64";
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
void encode_base64_text(struct buf *out, struct str text)
{
    struct base64_line l = {.out = out, .len = 0};
    while (text.len) {
        bool ended;
        base64_put(&l, lines_take(&text, &ended));
        if (ended)
            base64_put(&l, STR("\r\n"));
    }
    base64_flush(&l);
}
