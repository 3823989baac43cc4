/*
 * Names of attached files, made safe to show and to save: what a name says must be what a reader
 * sees, and no name may leave the folder that it is saved in.
 */
#ifndef TOCSIN_MAIL_FILENAME_H
#define TOCSIN_MAIL_FILENAME_H

#include "base/buf.h"
#include "base/str.h"

enum {
    FILENAME_OCTETS_MAX = 120, /* of a clean name */
    FILENAME_ASCII_MAX = 50,   /* of its plain form: a parameter with it fits on a line */
};

/*
 * Appends the name as UTF-8 in NFC: without folders in front (of either slash), controls, invisible
 * characters and the marks that turn the direction of writing (they make "exe.pdf" of "fdp.exe");
 * what some systems do not take in a name becomes "_" and a double quote becomes a single one; no
 * dots or blanks at its ends. A long name is cut before its extension. Never nothing: "attachment"
 * if nothing is left.
 */
void filename_clean(struct buf *out, struct str given);

/* Appends the nearest name in ASCII, for programs that know no other: letters lose their accents,
   runs of what has no likeness become one "_". `clean` is what filename_clean made. */
void filename_ascii(struct buf *out, struct str clean);

#endif
