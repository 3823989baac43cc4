/*
 * Whom a job still reaches when people leave lists while it runs: its audience expression, kept for
 * the composers, who ask it about those who left a list that it names. The set of recipients was
 * fixed when the job was submitted and is not looked at here.
 */
#ifndef TOCSIN_CAMPAIGN_REACH_H
#define TOCSIN_CAMPAIGN_REACH_H

#include "audience/segment.h"
#include "compose/mailing.h"

/* Takes over the parsed expression, and leaves an empty one; the mailing frees it. */
struct mailing_audience reach_take(struct txn *txn, struct segment *segment);

#endif
