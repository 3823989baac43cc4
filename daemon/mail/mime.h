/*
 * MIME structure (RFC 2045, 2046): the fields of a multipart/alternative and the lines between its
 * parts. The parts' texts are put there by whoever has them (mail/quoted.h, mail/encode.h). Each
 * function appends.
 *
 *     mime_field(headers, boundary)
 *     mime_part(body, boundary, true, "text/plain", ENCODING_QUOTED)    … the encoded text …
 *     mime_part(body, boundary, false, "text/html", ENCODING_QUOTED)    … the encoded text …
 *     mime_end(body, boundary)
 *
 * A boundary that begins with "=_" cannot occur in either encoding, and so needs no check.
 */
#ifndef TOCSIN_MAIL_MIME_H
#define TOCSIN_MAIL_MIME_H

#include <stdbool.h>

#include "base/buf.h"
#include "mail/encode.h"

enum { MIME_BOUNDARY_MAX = 70 }; /* RFC 2046 §5.1.1 */

/* True if it can be a boundary: "=_" and then up to 68 of RFC 2046's characters, here without the
 * space. */
bool mime_boundary_valid(struct str boundary);

/* The field Content-Type of the whole, among the message's header fields. MIME-Version is not here.
 */
void mime_field(struct buf *headers, struct str boundary);

/* What stands before a part's text; ends the part before it, if there was one (`first` is false).
 */
void mime_part(struct buf *body, struct str boundary, bool first, const char *type,
               enum mail_encoding encoding);

/* What stands behind the last part's text: the end of the body, with its CRLF. */
void mime_end(struct buf *body, struct str boundary);

#endif
