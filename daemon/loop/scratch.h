/*
 * The memory that all streams of a loop share while one of them is being served, so that an idle
 * connection holds no buffers. Nothing stays in it from one callback to the next.
 */
#ifndef TOCSIN_LOOP_SCRATCH_H
#define TOCSIN_LOOP_SCRATCH_H

#include "base/buf.h"

enum {
    LOOP_READ_SIZE = 64 * 1024,   /* bytes read from a socket at once */
    LOOP_RECORD_SIZE = 16 * 1024, /* the most that one TLS record carries (RFC 8446 §5.1) */
};

struct loop_scratch {
    char read[LOOP_READ_SIZE];     /* as it came from the socket */
    char plain[LOOP_RECORD_SIZE];  /* one record, decrypted */
    char record[LOOP_RECORD_SIZE]; /* one record, being filled */
    struct buf wire;               /* what OpenSSL wants sent */
};

struct loop_scratch *loop_scratch_new(void);
void loop_scratch_free(struct loop_scratch *scratch);

#endif
