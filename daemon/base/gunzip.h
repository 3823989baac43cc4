/*
 * Reads gzip (RFC 1952) as a stream: compressed bytes go in, in pieces of any size, plain bytes
 * come out through a callback, at most GUNZIP_PIECE at a time. Memory is fixed, whatever the stream
 * claims, so a small file that unpacks to terabytes harms nobody who bounds what he keeps. Several
 * members in a row are one stream (§2.2), and so do `cat a.gz b.gz` and parallel compressors write.
 *
 * Checksums and lengths are verified. A damaged stream, bytes after the last member, and one that
 * stops in the middle are each an error with its own sentence; an error stays.
 */
#ifndef TOCSIN_BASE_GUNZIP_H
#define TOCSIN_BASE_GUNZIP_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum { GUNZIP_PIECE = 64 * 1024 };

/* Takes plain bytes, which are valid during the call only; -1 with a sentence stops the stream. */
typedef int gunzip_sink(void *ctx, struct str plain, struct err *err);

struct gunzip;

struct gunzip *gunzip_new(gunzip_sink *sink, void *ctx);
void gunzip_free(struct gunzip *g);

int gunzip_feed(struct gunzip *g, struct str bytes, struct err *err);

/* The input is over: -1 when it is empty or its last member is not complete. */
int gunzip_end(struct gunzip *g, struct err *err);

#endif
