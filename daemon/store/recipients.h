/*
 * The recipients of a job by what they are now, as a set: for audiences that are made from an
 * earlier job. It walks all ledger entries of the job, a tenth of a second for a million: nothing
 * to do for each copy.
 */
#ifndef TOCSIN_STORE_RECIPIENTS_H
#define TOCSIN_STORE_RECIPIENTS_H

#include <roaring/roaring.h>

#include "store/jobs.h"

/* Everybody who counts as `state` in the job, as recipient_lookup would say for each. To be freed
 * by the caller with roaring_bitmap_free. */
roaring_bitmap_t *recipients_in_state(struct txn *txn, const struct job_record *job,
                                      enum recipient_state state);

#endif
