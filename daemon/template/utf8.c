#include "template/utf8.h"

#include <utf8proc.h>

size_t utf8_next(struct str s, size_t at, int32_t *point)
{
    const uint8_t *p = (const uint8_t *)s.at + at;
    if (*p < 0x80) {
        *point = *p;
        return 1;
    }
    size_t left = s.len - at;
    utf8proc_ssize_t n = utf8proc_iterate(p, left < 4 ? (utf8proc_ssize_t)left : 4, point);
    if (n > 0)
        return (size_t)n;
    *point = -1;
    return 1;
}

size_t utf8_offset(struct str s, size_t n)
{
    size_t at = 0;
    for (int32_t point; at < s.len && n > 0; n--)
        at += utf8_next(s, at, &point);
    return at;
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    int32_t point;
    for (size_t at = 0; at < s.len; count++)
        at += utf8_next(s, at, &point);
    return count;
}

size_t utf8_encode(int32_t point, char out[4])
{
    return (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)out);
}

bool utf8_is_word(int32_t point)
{
    utf8proc_category_t c = utf8proc_category(point);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO;
}

int32_t utf8_upper(int32_t point)
{
    if (point < 0x80)
        return point >= 'a' && point <= 'z' ? point - ('a' - 'A') : point;
    return utf8proc_toupper(point);
}

int32_t utf8_lower(int32_t point)
{
    if (point < 0x80)
        return point >= 'A' && point <= 'Z' ? point + ('a' - 'A') : point;
    return utf8proc_tolower(point);
}
