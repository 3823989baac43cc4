/*
 * Counts the replies of a blast, all of which must be 250. Pure: bytes in, a number out. What is
 * left of a line at the end of one read waits here for the next.
 */
#ifndef FLOOR_REPLIES_H
#define FLOOR_REPLIES_H

#include "base/err.h"
#include "base/str.h"

enum { REPLIES_LINE_MAX = 512 }; /* RFC 5321 §4.5.3.1.5 */

struct replies {
    size_t len; /* of the unfinished line */
    char line[REPLIES_LINE_MAX];
};

/* Adds the replies that end in `in` to *count. -1 at the first line that is no 250. */
int replies_take(struct replies *r, struct str in, unsigned *count, struct err *err);

#endif
