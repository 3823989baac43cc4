/*
 * Content transfer encodings (RFC 2045 §6): which one to take, and base64. The others are written
 * by mail/quoted.h and mail/verbatim.h. Text is UTF-8 with line ends as LF, CRLF or a lone CR.
 *
 * A dot at the start of a line means nothing to MIME: doubling it is the business of SMTP's DATA
 * (RFC 5321 §4.5.2; BDAT has no such thing). Base64 and quoted-printable write none there anyway.
 */
#ifndef TOCSIN_MAIL_ENCODE_H
#define TOCSIN_MAIL_ENCODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum mail_encoding { ENCODING_QUOTED, ENCODING_BASE64, ENCODING_7BIT, ENCODING_8BIT };

/* Of quoted-printable and base64, the one in which this text is smaller. */
enum mail_encoding encode_choose(struct str text);

/*
 * The encoding in which this text is smallest: 7bit or, for a server with 8BITMIME, 8bit, where
 * mail/verbatim.h can write it; else as encode_choose.
 */
enum mail_encoding encode_choose_for(struct str text, bool eight_bit);

/* The value of Content-Transfer-Encoding. */
const char *encode_name(enum mail_encoding encoding);

/* Base64 of bytes as they are, in lines of 76 that all end with CRLF (RFC 2045 §6.8). */
void encode_base64_lines(struct buf *out, struct str bytes);

/* How many bytes encode_base64_lines writes for so many. */
size_t encode_base64_lines_size(size_t len);

/* The same of a text, whose line ends become CRLF before (RFC 2046 §4.1.1). */
void encode_base64_text(struct buf *out, struct str text);

#endif
