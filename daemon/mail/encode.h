/*
 * Content transfer encodings for text parts (RFC 2045 §6) and plain base64. Text is UTF-8 with line
 * ends as LF, CRLF or a lone CR; what comes out has CRLF only, no line of more than 76 columns
 * where it is encoded, and needs no further change on the wire but SMTP's dot-stuffing.
 */
#ifndef TOCSIN_MAIL_ENCODE_H
#define TOCSIN_MAIL_ENCODE_H

#include "base/buf.h"
#include "base/str.h"

enum mail_encoding { ENCODING_7BIT, ENCODING_QP, ENCODING_BASE64 };

/* Longest line that still goes out as it is: RFC 5322's recommended 78. */
enum { ENCODE_LINE_MAX = 78 };

/*
 * 7bit for printable ASCII (and tabs) in lines of at most 78, with no lone CR and no line that
 * begins with "From " (which mbox writers change, and so break signatures); else the smaller of
 * quoted-printable and base64.
 */
enum mail_encoding encode_choose(struct str text);

/* The value of Content-Transfer-Encoding. */
const char *encode_name(enum mail_encoding encoding);

/* Appends the text so encoded. 7bit only turns its line ends into CRLF: ask encode_choose first. */
void encode_text(struct buf *out, struct str text, enum mail_encoding encoding);

/* Quoted-printable, text mode; no line of it begins with a dot or "From ". */
void encode_qp(struct buf *out, struct str text);

/* Base64 of bytes as they are, in one run without line ends (RFC 4648 §4). */
void encode_base64(struct buf *out, struct str bytes);

/* Base64 of bytes as they are, in lines of 76 that all end with CRLF (RFC 2045 §6.8). */
void encode_base64_lines(struct buf *out, struct str bytes);

#endif
