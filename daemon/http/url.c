#include "http/url.h"

void url_encode(struct buf *out, struct str s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (byte_is_unreserved((char)c)) {
            buf_add_byte(out, (char)c);
            continue;
        }
        const char triple[3] = {'%', digits[c >> 4], digits[c & 15]};
        buf_add(out, triple, sizeof(triple));
    }
}

/* pct-encoded = "%" HEXDIG HEXDIG (RFC 3986 §2.1); the byte, or -1. */
static int decode_triple(struct str s)
{
    if (s.len < 3)
        return -1;
    int high = str_hex_value(s.at[1]), low = str_hex_value(s.at[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Writes at most s.len bytes to `out`; returns how many, or -1. */
static ssize_t decode_to(char *out, struct str s, bool plus)
{
    size_t n = 0;
    while (s.len) {
        int c = (unsigned char)s.at[0];
        if (c == '%')
            c = decode_triple(s);
        else if (c == '+' && plus)
            c = ' ';
        if (c <= 0)
            return -1;
        s = str_skip(s, s.at[0] == '%' ? 3 : 1);
        out[n++] = (char)c;
    }
    return (ssize_t)n;
}

bool url_decode(struct buf *out, struct str s, bool plus)
{
    ssize_t n = decode_to(buf_reserve(out, s.len), s, plus);
    if (n < 0)
        return false;
    out->len += (size_t)n;
    out->at[out->len] = '\0';
    return true;
}

struct str url_decode_in(struct arena *arena, struct str s, bool plus)
{
    char *out = arena_alloc(arena, s.len + 1);
    ssize_t n = decode_to(out, s, plus);
    if (n < 0)
        return (struct str){NULL, 0};
    out[n] = '\0';
    return str_from(out, (size_t)n);
}

/* origin-form = absolute-path [ "?" query ] */
bool url_split(struct str target, struct str *path, struct str *query)
{
    *path = *query = (struct str){NULL, 0};
    if (target.len == 0 || target.at[0] != '/' || str_find(target, '#'))
        return false;
    *query = target;
    *path = str_cut(query, '?');
    return true;
}

/* query = *( [ name [ "=" value ] ] "&" ) as HTML forms write it */
bool url_param_next(struct str *query, struct url_param *param)
{
    while (query->len) {
        param->value = str_cut(query, '&');
        if (param->value.len == 0)
            continue;
        param->name = str_cut(&param->value, '=');
        return true;
    }
    return false;
}

bool url_param_find(struct str query, struct str name, struct arena *arena, struct str *value)
{
    struct url_param param;
    while (url_param_next(&query, &param)) {
        struct str decoded = url_decode_in(arena, param.name, true);
        if (!decoded.at || !str_eq(decoded, name))
            continue;
        *value = url_decode_in(arena, param.value, true);
        return value->at != NULL;
    }
    return false;
}
