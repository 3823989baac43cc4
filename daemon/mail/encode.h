/*
 * Content transfer encodings for text parts (RFC 2045 §6): which one to take, and base64; the other
 * one is mail/quoted.h. Text is UTF-8 with line ends as LF, CRLF or a lone CR.
 */
#ifndef TOCSIN_MAIL_ENCODE_H
#define TOCSIN_MAIL_ENCODE_H

#include "base/buf.h"
#include "base/str.h"

enum mail_encoding { ENCODING_QUOTED, ENCODING_BASE64 };

/* The one in which a text of this kind is smaller. */
enum mail_encoding encode_choose(struct str text);

/* The value of Content-Transfer-Encoding. */
const char *encode_name(enum mail_encoding encoding);

/* Base64 of bytes as they are, in one run without line ends (RFC 4648 §4). */
void encode_base64(struct buf *out, struct str bytes);

/* Base64 of bytes as they are, in lines of 76 that all end with CRLF (RFC 2045 §6.8). */
void encode_base64_lines(struct buf *out, struct str bytes);

/* The same of a text, whose line ends become CRLF before (RFC 2046 §4.1.1). */
void encode_base64_text(struct buf *out, struct str text);

#endif
