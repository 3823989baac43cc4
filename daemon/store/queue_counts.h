/*
 * How many records the queue has for each job and domain, so that a list or a forecast never walks
 * a million of them.
 *
 * Table `queue_counts`: key: job (u32 BE) · domain (u32 BE)
 *                       value: records of `queue` for them (u32 BE); without any there is no record
 *
 * Example, job 12 has 800 recipients at domain 3: 0000000c 00000003 → 00000320
 *
 * The counts are exact at every moment, also within a write transaction. Nobody has to keep them:
 * what changes the queue (store/queue.c) notes it in the transaction, and the end of the
 * transaction writes each count that is another one now, once (queue_counts_settle in
 * store/private.h).
 */
#ifndef TOCSIN_STORE_QUEUE_COUNTS_H
#define TOCSIN_STORE_QUEUE_COUNTS_H

#include "store/store.h"

struct queue_count {
    uint32_t job, domain, count;
};

/* How many recipients of a job wait at a domain, tried before or not. One look-up. */
uint32_t queue_count(struct txn *txn, uint32_t job, uint32_t domain);

/*
 * Moves `at` on to the next domain of its job that has any, with their number; false, and `at`
 * stays, when there is none. Begin with domain 0 (no domain has that number); a walk may go on in
 * another transaction. One seek.
 */
bool queue_count_next(struct txn *txn, struct queue_count *at);

#endif
