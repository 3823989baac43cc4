/*
 * Writes CSV fields (RFC 4180 §2): quoted where the text needs it. The caller writes separators and
 * line ends.
 */
#ifndef TOCSIN_AUDIENCE_CSV_FIELD_H
#define TOCSIN_AUDIENCE_CSV_FIELD_H

#include "base/buf.h"
#include "base/str.h"

void csv_field_add(struct buf *out, struct str text, char separator);

/*
 * The same for a file that people open in a spreadsheet. A spreadsheet runs a value that begins
 * with = + - @ tab or CR as a formula, and anybody who signs a petition can choose such a name; so
 * an apostrophe goes before it, which spreadsheets take for "this is text". Plain numbers and
 * telephone numbers (a sign, then digits, spaces and ().,-/ only) cannot harm and stay.
 */
void csv_field_add_guarded(struct buf *out, struct str text, char separator);

#endif
