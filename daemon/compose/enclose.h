/*
 * What a job keeps of a submitted message: its text, the files that it names, its layout and the
 * partials, together as a bundle.
 */
#ifndef TOCSIN_COMPOSE_ENCLOSE_H
#define TOCSIN_COMPOSE_ENCLOSE_H

#include "compose/library.h"

enum { ENCLOSE_FILES_MAX = 10 * 1024 * 1024 }; /* bytes of all files together */

/*
 * Appends the bundle. `submitted` is a message's text, or a bundle of it and its files. -1 with a
 * sentence: a file that the text names did not come along, one came that it does not name, or they
 * are too long together; or the header cannot be read.
 */
int enclose(struct str submitted, const struct library *library, struct buf *out, struct err *err);

#endif
