/* Lines of a text that end with LF, CRLF or a lone CR. */
#ifndef TOCSIN_MAIL_LINES_H
#define TOCSIN_MAIL_LINES_H

#include <stdbool.h>

#include "base/str.h"

/* Cuts the line at the front off, without its end; *ended says whether there was an end. */
struct str lines_take(struct str *rest, bool *ended);

#endif
