/*
 * Windows-1252, the charset of spreadsheets on western desks, into UTF-8. Pure. Five bytes mean
 * nothing in it (81, 8D, 8F, 90, 9D): text that has one is not Windows-1252.
 */
#ifndef TOCSIN_AUDIENCE_CHARSET_H
#define TOCSIN_AUDIENCE_CHARSET_H

#include "base/buf.h"
#include "base/str.h"

/* Appends `text` as UTF-8, at most three bytes for each one. -1 when it has a byte without meaning.
 */
int charset_add_cp1252(struct buf *out, struct str text);

#endif
