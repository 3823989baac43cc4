/* Base64 (RFC 4648 §4), in one run without line ends. */
#ifndef TOCSIN_BASE_BASE64_H
#define TOCSIN_BASE_BASE64_H

#include "base/buf.h"

/* Writes ⌈len / 3⌉ × 4 characters and returns their end. */
char *base64_write(char *to, struct str bytes);

/* Appends to `out`. */
void base64_encode(struct str bytes, struct buf *out);

/* False, and nothing is appended, if the text is not exactly what base64_encode makes: other
 * characters, a wrong length or padding, bits that should be zero. */
bool base64_decode(struct str text, struct buf *out);

#endif
