/*
 * Text that stands for itself, which is what the transfer encodings 7bit and 8bit are (RFC 2045
 * §6.2), written piece by piece as in mail/quoted.h: the texts that are the same for everybody are
 * made ready once, values are looked at as they come.
 *
 *     verbatim_prepare(&piece, text, &memory)                        once
 *     verbatim_begin(&v, &out);  verbatim_put(&v, &piece);  verbatim_add(&v, name);  …
 *     if (verbatim_encoding(&v) == ENCODING_QUOTED)  … cut it off again, and encode it …
 *
 * Line ends (LF, CRLF or a lone CR) become CRLF; one is not recognised across two texts, as in
 * mail/quoted.h. All else is written as it is, so only the end shows whether the text is fit: each
 * line of at most 998 octets, no NUL, and no line that begins
 *
 *   - with "From ", which mbox writers change, and so break signatures;
 *   - with "--=_", as every boundary of mail/mime.h does: a stranger's text cannot end its part,
 *     whether he knows the boundary or not.
 *
 * Dots are left alone: SMTP doubles and undoubles them (mail/encode.h).
 */
#ifndef TOCSIN_MAIL_VERBATIM_H
#define TOCSIN_MAIL_VERBATIM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mail/encode.h"

enum { VERBATIM_LINE_MAX = 998 }; /* octets without the CRLF, RFC 5322 §2.1.1 */

struct verbatim {
    struct buf *out;
    size_t line;   /* where in `out` the last line begins */
    unsigned seen; /* what was written so far; see the .c */
};

struct verbatim_piece {
    struct str bytes;
    size_t first;  /* octets of its first line */
    size_t last;   /* where its last line begins; 0 if it has one only */
    unsigned seen; /* but for the start of its first line, which depends on where it is put */
};

/* At the start of a line. `out` is the caller's. */
void verbatim_begin(struct verbatim *v, struct buf *out);

/* Appends a text. */
void verbatim_add(struct verbatim *v, struct str text);

/* Appends a text that was made ready. */
void verbatim_put(struct verbatim *v, const struct verbatim_piece *piece);

/* Makes a text ready; the bytes are in `memory`. */
void verbatim_prepare(struct verbatim_piece *piece, struct str text, struct arena *memory);

/*
 * What all that was written is: ENCODING_7BIT; ENCODING_8BIT, which only a server with 8BITMIME
 * may be sent (RFC 6152); or ENCODING_QUOTED: it is not fit to be sent as it stands.
 */
enum mail_encoding verbatim_encoding(const struct verbatim *v);

/* The same of one piece, wherever it is put: if this is ENCODING_QUOTED, no text with it is fit. */
enum mail_encoding verbatim_piece_encoding(const struct verbatim_piece *piece);

/* The same of a whole text, which is not written anywhere. */
enum mail_encoding verbatim_choose(struct str text);

#endif
