/*
 * MIME bodies (RFC 2045, 2046). Each function appends the fields that describe the body to
 * `headers` and the body itself to `body`: two buffers, since they are signed apart. MIME-Version
 * belongs to the message, and so to the caller. The body ends with CRLF and has no other line ends:
 * it is ready to be hashed and sent. Texts are UTF-8.
 */
#ifndef TOCSIN_MAIL_MIME_H
#define TOCSIN_MAIL_MIME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum { MIME_BOUNDARY_MAX = 70 }; /* RFC 2046 §5.1.1 */

/* True if it can be a boundary: 1 to 70 of RFC 2046's characters, here without the space. */
bool mime_boundary_valid(struct str boundary);

/*
 * multipart/alternative of the plain text, then the HTML. The boundary must be valid (asserted) and
 * unlikely; if it occurs in a part, returns -1 with both buffers as they were: take another one.
 */
int mime_alternative(struct buf *headers, struct buf *body, struct str boundary, struct str text,
                     struct str html);

/* A single part; `type` is "text/plain" or "text/html". */
void mime_single(struct buf *headers, struct buf *body, const char *type, struct str text);

#endif
