/*
 * A progress bar of one line on standard error, for work that has to be waited for. It shows
 * nothing unless standard error is a terminal, redraws ten times a second at most, and leaves an
 * empty line behind.
 */
#ifndef TOCSIN_CLI_PROGRESS_H
#define TOCSIN_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct progress {
    bool live, utf8;
    bool drawn;
    int64_t next_ms;
};

void progress_init(struct progress *progress, bool utf8);

/* True when it is time to draw again; then the caller makes the line and calls progress_draw. */
bool progress_due(struct progress *progress);

/* "LABEL ███░░░  47.2 %  DETAIL"; without the bar and the number when `whole` is 0. */
void progress_draw(struct progress *progress, const char *label, uint64_t part, uint64_t whole,
                   struct str detail);

/* Wipes the line; progress may be drawn again later. */
void progress_clear(struct progress *progress);

/* The line itself, cut to `columns`. */
void progress_line(struct buf *out, const char *label, uint64_t part, uint64_t whole,
                   struct str detail, unsigned columns, bool utf8);

#endif
