/*
 * Header fields, written safely: whatever the value holds, the result is one well-formed field that
 * ends with CRLF. Controls (CR, LF, NUL, tabs and the rest) become spaces and broken UTF-8 becomes
 * U+FFFD, so nothing can break out of a field. Lines are folded at 78 columns where there is a
 * place to fold, and are never longer than 998 octets for text and mailboxes. A name is a C string
 * of our own, at most HEADER_NAME_MAX long, without a colon. Parameters are in mail/param.h.
 *
 * These append to a buffer that the caller owns and cannot fail.
 */
#ifndef TOCSIN_MAIL_HEADER_H
#define TOCSIN_MAIL_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "mail/mailbox.h"

enum { HEADER_NAME_MAX = 60, HEADER_LINE_MAX = 998 };

/*
 * Unstructured text (RFC 5322 §2.2.1). Plain ASCII is folded at its spaces; all else, and text that
 * cannot be folded or that looks like an encoded word itself, becomes RFC 2047 encoded words, Q or
 * B, whichever is smaller. Blanks at both ends are dropped, those inside are kept. `scratch` is
 * only worked in.
 */
void header_add_text(struct buf *out, const char *name, struct str value, struct buf *scratch);

/*
 * One mailbox (RFC 5322 §3.4): `name <address>`, or the bare address when the name is empty. The
 * domain stands as A-labels, and all is ASCII. Only where the local part is beyond ASCII does the
 * address stand in UTF-8, its domain as U-labels (RFC 6532): then this returns true, and the
 * message may only be sent to a server with SMTPUTF8 (RFC 6531 §3.2).
 */
bool header_add_mailbox(struct buf *out, const char *name, const struct mailbox *mailbox);

/*
 * A structured value that we made ourselves: ASCII without CR, LF or NUL (asserted), folded only at
 * the spaces that it has.
 */
void header_add_raw(struct buf *out, const char *name, struct str value);

/* A date and time in UTC (RFC 5322 §3.3) from seconds since 1970; the years 1900 to 9999. */
void header_add_date(struct buf *out, const char *name, int64_t seconds);

#endif
