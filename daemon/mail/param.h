/*
 * Parameters of structured header fields: `; name=value` behind a Content-Type or a
 * Content-Disposition (RFC 2045 §5.1), in the forms of RFC 2231 where the value is long or beyond
 * ASCII. A parameter stands once and in one form only: two forms of one name side by side are a
 * fault in the eyes of strict parsers, and lenient ones differ in which they take.
 */
#ifndef TOCSIN_MAIL_PARAM_H
#define TOCSIN_MAIL_PARAM_H

#include "base/buf.h"
#include "base/str.h"

enum { PARAM_NAME_MAX = 20 };

/*
 * Appends ";", a fold and the parameter, on as many lines of at most 78 columns as it takes. The
 * name is a C string of our own, a token. Whatever the value holds, nothing breaks out: controls
 * become spaces and broken UTF-8 becomes U+FFFD, as in mail/header.h; blanks at its ends stay.
 */
void param_add(struct buf *out, const char *name, struct str value);

#endif
