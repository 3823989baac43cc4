/*
 * Cuts a stream of bytes into lines, whatever pieces it comes in. A line may have at most
 * LINES_LONGEST bytes; its end ("\n") is not part of it.
 */
#ifndef TOCSIN_CLI_LINES_H
#define TOCSIN_CLI_LINES_H

#include "base/buf.h"
#include "base/err.h"

enum { LINES_LONGEST = 1024 * 1024 };

struct lines {
    int (*take)(void *ctx, struct str line, struct err *err); /* -1 stops the stream */
    void *ctx;
    struct buf held; /* a line without its end */
};

int lines_feed(struct lines *lines, struct str bytes, struct err *err);

/* The stream is over: what has no end is a line too. Releases what was held. */
int lines_end(struct lines *lines, struct err *err);

#endif
