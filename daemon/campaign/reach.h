/*
 * Whom a job still reaches when people leave lists while it runs (audience/segment_reach.h), kept
 * for the composers, who ask it about those who left a list that it rests on. compose/ knows
 * nothing of expressions: this joins the two.
 */
#ifndef TOCSIN_CAMPAIGN_REACH_H
#define TOCSIN_CAMPAIGN_REACH_H

#include "audience/segment_reach.h"
#include "compose/mailing.h"

/* Takes over the parsed expression, and leaves an empty one; the mailing frees it. */
struct mailing_audience reach_take(struct txn *txn, struct segment *segment);

#endif
