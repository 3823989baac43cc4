/*
 * A long answer in pieces, at the pace of its reader: the producer makes one piece, and is asked
 * for the next when that one is with the kernel, in a later turn of the loop. So neither memory nor
 * the loop's time is taken by a slow reader or a large answer, and nobody holds a read transaction
 * between pieces.
 *
 * A flow owns its producer, itself, and the end of the request. Routes that answer with flows have
 * flow_drained and flow_gone as their handlers.
 */
#ifndef TOCSIN_API_FLOW_H
#define TOCSIN_API_FLOW_H

#include "base/buf.h"
#include "base/err.h"
#include "http/server.h"
#include "loop/loop.h"

struct flow_producer {
    const char *content_type;

    /* Appends a piece, possibly none. 1: there may be more, 0: that was the end, -1 with a
     * sentence: the answer cannot be completed. */
    int (*next)(void *ctx, struct buf *out, struct err *err);
    void (*free)(void *ctx);
};

/* Answers the request, with 503 if the first piece fails. Takes over `ctx`. */
void flow_start(struct loop *loop, struct http_request *request,
                const struct flow_producer *producer, void *ctx);

void flow_drained(struct http_request *request);
void flow_gone(struct http_request *request);

#endif
