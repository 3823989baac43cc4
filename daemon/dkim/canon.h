/*
 * The relaxed canonical forms of RFC 6376 §3.4.2 and §3.4.4: what is hashed instead of what is
 * sent, so that a signature survives refolding and lost blanks. Pure functions that append to
 * `out`. Only CRLF ends a line; a lone CR or LF, which no message of ours has, is a byte like any
 * other.
 */
#ifndef TOCSIN_DKIM_CANON_H
#define TOCSIN_DKIM_CANON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* One header field, folded or not, with or without its last CRLF; comes out as `name:value CRLF`.
 */
void canon_header(struct buf *out, struct str field);

/* True if the canonical form of a body, in `count` parts, is the body itself, as it is for nearly
 * all that are quoted-printable or base64. May be false for one of which it is true. */
bool canon_body_is_canonical(const struct str *parts, size_t count);

/* A whole body. An empty one, or one of blank lines only, gives nothing. */
void canon_body(struct buf *out, struct str body);

#endif
