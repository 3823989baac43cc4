/*
 * Quoted-printable in text mode (RFC 2045 §6.7), written piece by piece, with pieces that were
 * encoded beforehand between those that were not: a text that goes out a million times with
 * another name in it is encoded once.
 *
 *     quoted_prepare(&piece, text, &memory)                        once
 *     quoted_begin(&q, &out);  quoted_put(&q, &piece);  quoted_add(&q, name);  …
 *
 * What comes out has lines of at most 76 columns that end with CRLF (whether the text has LF, CRLF
 * or a lone CR), no blank at the end of a line, and no line that begins with a dot (which SMTP
 * would double) or with "From " (which mbox writers change, and so break signatures). A line end is
 * not recognised across two texts: CR at the end of one and LF at the start of the next are two.
 */
#ifndef TOCSIN_MAIL_QUOTED_H
#define TOCSIN_MAIL_QUOTED_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { QUOTED_LINE_MAX = 76 }; /* columns, with the = of a soft line break */

struct quoted {
    struct buf *out;
    size_t column; /* where the next character goes, from 0 */
};

struct quoted_piece {
    struct str bytes;
    size_t first;  /* columns of its first line, without a soft line break */
    size_t last;   /* columns of its last line */
    bool has_ends; /* more than one line */
};

/* At the start of a line. `out` is the caller's. */
void quoted_begin(struct quoted *q, struct buf *out);

/* Encodes a text and appends it. */
void quoted_add(struct quoted *q, struct str text);

/* Appends an encoded piece, after a soft line break where its first line would not fit. */
void quoted_put(struct quoted *q, const struct quoted_piece *piece);

/* Encodes a text as it would stand at the start of a line; the bytes are in `memory`. */
void quoted_prepare(struct quoted_piece *piece, struct str text, struct arena *memory);

/* Whether the character may stand for itself (a blank: not at the end of a line). */
bool quoted_is_plain(char c);

#endif
