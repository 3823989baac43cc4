/*
 * Filters between text and its forms in URLs and in Base64. What is decoded is plain text, whatever
 * it was before: nothing becomes markup here.
 */
#include "template/filters.h"

/* RFC 3986 §2.3 for what stays, and "+" for a space as forms have it. */
void filter_url_encode(struct call *c)
{
    static const char hex[] = "0123456789ABCDEF";
    struct str s = render_str(c->r, &c->value);
    size_t mark = text_begin(c->r);
    for (size_t i = 0; i < s.len && !c->r->failed; i++) {
        unsigned char byte = (unsigned char)s.at[i];
        char encoded[3] = {'%', hex[byte >> 4], hex[byte & 15]};
        if (byte_is_unreserved(s.at[i]))
            text_add_byte(c->r, s.at[i]);
        else
            text_add(c->r, byte == ' ' ? STR("+") : (struct str){encoded, 3});
    }
    c->value = text_end(c->r, mark);
}

/* "+" is a space, %XX a byte; a "%" that is neither stays. */
void filter_url_decode(struct call *c)
{
    struct str s = render_str(c->r, &c->value);
    size_t mark = text_begin(c->r);
    for (size_t i = 0; i < s.len && !c->r->failed; i++) {
        int high = i + 2 < s.len ? str_hex_value(s.at[i + 1]) : -1;
        int low = high < 0 ? -1 : str_hex_value(s.at[i + 2]);
        if (s.at[i] == '%' && low >= 0) {
            text_add_byte(c->r, (char)(high * 16 + low));
            i += 2;
        } else {
            text_add_byte(c->r, s.at[i] == '+' ? ' ' : s.at[i]);
        }
    }
    c->value = text_end(c->r, mark);
}

/* RFC 4648 §4, and §5 for URLs. */
static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char digits64_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode64(struct call *c, const char digits[65])
{
    struct str s = render_str(c->r, &c->value);
    size_t mark = text_begin(c->r);
    for (; s.len && !c->r->failed; s = str_skip(s, 3)) {
        unsigned char in[3] = {0};
        size_t n = s.len < 3 ? s.len : 3;
        memcpy(in, s.at, n);
        char out[4] = {digits[in[0] >> 2], digits[(in[0] & 3) << 4 | in[1] >> 4],
                       n > 1 ? digits[(in[1] & 15) << 2 | in[2] >> 6] : '=',
                       n > 2 ? digits[in[2] & 63] : '='};
        text_add(c->r, (struct str){out, 4});
    }
    c->value = text_end(c->r, mark);
}

void filter_base64_encode(struct call *c)
{
    encode64(c, digits64);
}

void filter_base64_url_safe_encode(struct call *c)
{
    encode64(c, digits64_url);
}

/* 2 to 4 digits to 1 to 3 bytes; false if one is none, or bits are left over. */
static bool decode_group(struct str group, const char digits[65], char out[3])
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        const char *digit = i < group.len && group.at[i] ? strchr(digits, group.at[i]) : NULL;
        if (i < group.len && !digit)
            return false;
        bits = bits << 6 | (digit ? (uint32_t)(digit - digits) : 0);
    }
    out[0] = (char)(bits >> 16);
    out[1] = (char)(bits >> 8);
    out[2] = (char)bits;
    return group.len == 4 || (group.len == 3 && out[2] == 0) ||
           (group.len == 2 && out[1] == 0 && out[2] == 0);
}

/* Without its padding; false if it is not as it must be. */
static bool cut_padding(struct str *s, bool optional)
{
    size_t len = s->len;
    for (int i = 0; i < 2 && s->len && s->at[s->len - 1] == '='; i++)
        s->len--;
    return len % 4 == 0 || (optional && s->len == len);
}

static void decode64(struct call *c, const char digits[65], bool padding_optional)
{
    struct str s = render_str(c->r, &c->value);
    bool good = cut_padding(&s, padding_optional);
    size_t mark = text_begin(c->r);
    for (; good && s.len && !c->r->failed; s = str_skip(s, 4)) {
        char out[3];
        struct str group = {s.at, s.len < 4 ? s.len : 4};
        good = decode_group(group, digits, out);
        text_add(c->r, (struct str){out, good ? group.len - 1 : 0});
    }
    c->value = text_end(c->r, mark);
    if (!good)
        render_fail(c->r, "\"%s\" was given a text that is no Base64.", c->filter->name);
}

void filter_base64_decode(struct call *c)
{
    decode64(c, digits64, false);
}

void filter_base64_url_safe_decode(struct call *c)
{
    decode64(c, digits64_url, true);
}
