/*
 * Values of strangers inside our sentences: in double quotes, short, without controls, and cut only
 * between characters.
 */
#ifndef TOCSIN_AUDIENCE_QUOTE_H
#define TOCSIN_AUDIENCE_QUOTE_H

#include "base/buf.h"
#include "base/str.h"

enum { QUOTE_MAX = 60 }; /* bytes shown */

void quote_add(struct buf *out, struct str text);

#endif
