/*
 * The queue: one small record for each recipient that can still be sent to, and nothing of the
 * mail.
 *
 * Table `queue`: key: job (u32 BE) · domain (u32 BE) · due (u32 BE, seconds since 1970; 0: never
 * tried) · contact (u32 BE)          value: empty
 *
 * The order is meaning: one job's recipients at one domain stand together, untried ones first by
 * contact, then the ones to be tried again by the time when that may be. So pausing or cancelling a
 * job touches no record, a slow domain never stands in the way of another, and a domain's next
 * recipients are found with one seek. Example, job 12, domain 3, untried contact 17:
 *     0000000c 00000003 00000000 00000011 → (nothing)
 */
#ifndef TOCSIN_STORE_QUEUE_H
#define TOCSIN_STORE_QUEUE_H

#include "store/store.h"

struct queue_entry {
    uint32_t job, domain, due, contact;
};

/* Adds entries; fastest when they are sorted by key. Writer only. */
void queue_add(struct txn *txn, const struct queue_entry *entries, size_t count);

/* Takes one out: true if it was there. Writer only. */
bool queue_remove(struct txn *txn, const struct queue_entry *entry);

bool queue_has(struct txn *txn, const struct queue_entry *entry);

/*
 * Reads up to `max` entries of (job, domain) with due in [from->due, until], beginning at the first
 * one that is not before `from` (by due, then contact). Returns how many.
 */
size_t queue_read(struct txn *txn, const struct queue_entry *from, uint32_t until,
                  struct queue_entry *out, size_t max);

/* The earliest due time of (job, domain) that is later than `after`; 0 if there is none. */
uint32_t queue_next_due(struct txn *txn, uint32_t job, uint32_t domain, uint32_t after);

/* The first domain of a job with a number greater than `after` that has entries; 0: none. One seek.
 */
uint32_t queue_next_domain(struct txn *txn, uint32_t job, uint32_t after);

/* Removes up to `max` entries of a job, giving them to the caller (out may be NULL); returns how
 * many. Writer only. */
size_t queue_drain(struct txn *txn, uint32_t job, struct queue_entry *out, size_t max);

#endif
