/* UTF-8 by characters, for filters that count, cut or change case. Broken bytes count as one each.
 */
#ifndef TOCSIN_TEMPLATE_UTF8_H
#define TOCSIN_TEMPLATE_UTF8_H

#include <stdint.h>

#include "base/str.h"

/* The code point at s[at] (at < s.len), or -1 if it is broken; returns how many bytes it takes, 1
 * to 4. */
size_t utf8_next(struct str s, size_t at, int32_t *point);

/* How many characters s has. */
size_t utf8_count(struct str s);

/* The offset after the first n characters, or s.len if there are not so many. */
size_t utf8_offset(struct str s, size_t n);

/* Writes a valid code point; returns its length, 1 to 4. */
size_t utf8_encode(int32_t point, char out[4]);

/* What a template's names may have beside ASCII: letters, marks and digits of any script. */
bool utf8_is_word(int32_t point);

int32_t utf8_upper(int32_t point);
int32_t utf8_lower(int32_t point);

#endif
