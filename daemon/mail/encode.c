#include "mail/encode.h"

#include "base/base64.h"
#include "mail/lines.h"
#include "mail/quoted.h"
#include "mail/verbatim.h"

enum {
    BASE64_LINE_BYTES = 57, /* in a line of 76 columns */
    BASE64_LINE_SIZE = 78,  /* with its CRLF */
};

/* Columns of a line in quoted-printable, with its soft line breaks. */
static size_t quoted_size(struct str line)
{
    size_t columns = line.len;
    for (size_t i = 0; i < line.len; i++)
        columns += quoted_is_plain(line.at[i]) ? 0 : 2;
    return columns + (columns ? (columns - 1) / (QUOTED_LINE_MAX - 1) * 3 : 0);
}

enum mail_encoding encode_choose(struct str text)
{
    size_t as_quoted = 0;
    size_t canonical = 0;
    while (text.len) {
        bool ended;
        struct str line = lines_take(&text, &ended);
        as_quoted += quoted_size(line) + (ended ? 2 : 0);
        canonical += line.len + (ended ? 2 : 0);
    }
    return as_quoted <= encode_base64_lines_size(canonical) ? ENCODING_QUOTED : ENCODING_BASE64;
}

enum mail_encoding encode_choose_for(struct str text, bool eight_bit)
{
    enum mail_encoding as_it_is = verbatim_choose(text);
    bool fit = as_it_is == ENCODING_7BIT || (as_it_is == ENCODING_8BIT && eight_bit);
    return fit ? as_it_is : encode_choose(text);
}

const char *encode_name(enum mail_encoding encoding)
{
    static const char *const names[] = {
        [ENCODING_QUOTED] = "quoted-printable",
        [ENCODING_BASE64] = "base64",
        [ENCODING_7BIT] = "7bit",
        [ENCODING_8BIT] = "8bit",
    };
    return names[encoding];
}

static void finish(struct buf *out, char *end)
{
    *end = '\0';
    out->len = (size_t)(end - out->at);
}

size_t encode_base64_lines_size(size_t len)
{
    size_t rest = len % BASE64_LINE_BYTES;
    return len / BASE64_LINE_BYTES * BASE64_LINE_SIZE + (rest ? (rest + 2) / 3 * 4 + 2 : 0);
}

void encode_base64_lines(struct buf *out, struct str bytes)
{
    char *to = buf_reserve(out, encode_base64_lines_size(bytes.len));
    while (bytes.len) {
        size_t n = bytes.len < BASE64_LINE_BYTES ? bytes.len : BASE64_LINE_BYTES;
        to = base64_write(to, str_from(bytes.at, n));
        memcpy(to, "\r\n", 2);
        to += 2;
        bytes = str_skip(bytes, n);
    }
    finish(out, to);
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
