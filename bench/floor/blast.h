/*
 * One thread's share: connections that are open, and a run of recipients. Each connection is given
 * its next transaction as soon as it has room for one, until all are answered with 250 three times.
 * The first thing that goes wrong ends it.
 */
#ifndef FLOOR_BLAST_H
#define FLOOR_BLAST_H

#include "floor/flight.h"
#include "floor/replies.h"
#include "floor/wire.h"

struct conn {
    struct wire wire;
    struct replies replies;
    unsigned owed; /* replies: three for each transaction under way */
    bool blocked;  /* the socket took less than there was; EPOLLOUT is asked for */
};

struct blast {
    unsigned in_flight;
    unsigned next, end; /* numbers of the recipients that are left */
    uint64_t owed;      /* replies that are still to come, also for those not sent yet */
    struct conn *conns; /* of all threads' connections, those of this one */
    unsigned conn_count;
    struct flight flight;
    struct signer *signer; /* or NULL */
    int epoll;
    struct err err;
};

/* Runs to the end; -1 with the sentence in b->err. All but epoll and err has been set. */
int blast_run(struct blast *b);

#endif
