/*
 * RFC 2047 encoded words: how text beyond ASCII stands in a header. Charset is always UTF-8. The
 * field around the words is the business of mail/header.h.
 */
#ifndef TOCSIN_MAIL_WORD_H
#define TOCSIN_MAIL_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum { WORD_MAX = 75, WORD_LINE_MAX = 76 }; /* RFC 2047 §2 */

/* Broken UTF-8 becomes U+FFFD and every control a space. Returns `text` itself when it is clean
   already, else a view of `scratch`, which is overwritten. */
struct str word_clean(struct str text, struct buf *scratch);

/* True if clean text can only travel as encoded words: not ASCII, or it looks like one itself. */
bool word_needed(struct str text);

/* The octets of the character at the start of clean, non-empty text. */
size_t word_character_len(struct str text);

/*
 * Appends clean, non-empty `text` as encoded words, the first at `column` of the line, the others
 * on lines of their own; no character is split. Returns the column after the last one.
 */
size_t word_add(struct buf *out, size_t column, struct str text);

#endif
