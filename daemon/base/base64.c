#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *write_triple(char *to, const unsigned char *from)
{
    unsigned bits = (unsigned)from[0] << 16 | (unsigned)from[1] << 8 | from[2];
    *to++ = digits[bits >> 18];
    *to++ = digits[bits >> 12 & 63];
    *to++ = digits[bits >> 6 & 63];
    *to++ = digits[bits & 63];
    return to;
}

char *base64_write(char *to, struct str bytes)
{
    const unsigned char *from = (const unsigned char *)bytes.at;
    size_t left = bytes.len;
    for (; left >= 3; left -= 3, from += 3)
        to = write_triple(to, from);
    if (left) {
        unsigned char last[3] = {from[0], left == 2 ? from[1] : 0, 0};
        to = write_triple(to, last);
        to[-1] = '=';
        if (left == 1)
            to[-2] = '=';
    }
    return to;
}

void base64_encode(struct str bytes, struct buf *out)
{
    char *end = base64_write(buf_reserve(out, (bytes.len + 2) / 3 * 4), bytes);
    *end = '\0';
    out->len = (size_t)(end - out->at);
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bytes of one group of four; 0 if it is none. Only the last group may be padded. */
static size_t decode_group(const char in[4], bool last, unsigned char out[3])
{
    size_t pad = in[3] != '=' ? 0 : in[2] != '=' ? 1 : 2;
    uint32_t bits = 0;
    for (size_t i = 0; i < 4 - pad; i++) {
        int digit = digit_of(in[i]);
        if (digit < 0)
            return 0;
        bits |= (uint32_t)digit << (18 - 6 * i);
    }
    if ((pad && !last) || bits & ((1U << 8 * pad) - 1))
        return 0;
    out[0] = (unsigned char)(bits >> 16);
    out[1] = (unsigned char)(bits >> 8);
    out[2] = (unsigned char)bits;
    return 3 - pad;
}

bool base64_decode(struct str text, struct buf *out)
{
    size_t start = out->len;
    unsigned char *to = (unsigned char *)buf_reserve(out, text.len / 4 * 3 + 3);
    bool good = text.len % 4 == 0;
    for (size_t at = 0; at < text.len && good; at += 4) {
        size_t n = decode_group(text.at + at, at + 4 == text.len, to);
        good = n > 0;
        to += n;
    }
    out->len = good ? (size_t)((char *)to - out->at) : start;
    out->at[out->len] = '\0';
    return good;
}
