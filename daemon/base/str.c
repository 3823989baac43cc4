#include "base/str.h"

#include "base/alloc.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
    return a.len == b.len && str_starts_nocase(a, b);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.at, prefix.at, prefix.len) == 0);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
    if (s.len < prefix.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (lower(s.at[i]) != lower(prefix.at[i]))
            return false;
    return true;
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_skip(s, s.len - suffix.len), suffix);
}

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.at, b.at, shorter) : 0;
    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

const char *str_find(struct str s, char byte)
{
    return s.len ? memchr(s.at, byte, s.len) : NULL;
}

struct str str_skip(struct str s, size_t n)
{
    if (n >= s.len)
        return (struct str){s.at ? s.at + s.len : NULL, 0};
    return (struct str){s.at + n, s.len - n};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.at[0]))
        s = str_skip(s, 1);
    while (s.len && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct str str_cut(struct str *rest, char byte)
{
    struct str part = *rest;
    const char *end = str_find(*rest, byte);
    if (!end) {
        *rest = (struct str){NULL, 0};
        return part;
    }
    part.len = (size_t)(end - part.at);
    *rest = str_skip(*rest, part.len + 1);
    return part;
}

size_t str_u64(uint64_t number, char out[STR_U64_SIZE])
{
    char digits[STR_U64_SIZE];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    memcpy(out, digits + at, sizeof(digits) - at);
    return sizeof(digits) - at;
}

bool str_to_u64(struct str s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

int str_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *str_dup(struct str s)
{
    char *copy = alloc(s.len + 1);
    if (s.len)
        memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return copy;
}

/* How many ASCII bytes s begins with, rounded down to words of eight. */
static size_t ascii_words(struct str s)
{
    size_t i = 0;
    for (uint64_t word; i + sizeof(word) <= s.len; i += sizeof(word)) {
        memcpy(&word, s.at + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return i;
}

bool str_is_ascii(struct str s)
{
    for (size_t i = ascii_words(s); i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

/*
 * RFC 3629 §4. The first byte fixes how many follow and, for E0, ED, F0 and F4, a narrower range
 * for the second one. Returns the length of the sequence at p, or 0 if it is not a valid one.
 */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t more;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        more = 1;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        more = 2;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        more = 3;
    else
        return 0;
    if (left <= more)
        return 0;
    low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : low;
    high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : high;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return more + 1;
}

bool str_is_utf8(struct str s)
{
    for (size_t i = ascii_words(s); i < s.len;) {
        size_t n = utf8_sequence((const unsigned char *)s.at + i, s.len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}
