/*
 * How many of some contacts are at each domain: counted a slice a turn of the front loop, so that
 * nobody waits for it.
 */
#ifndef TOCSIN_CAMPAIGN_TALLY_H
#define TOCSIN_CAMPAIGN_TALLY_H

#include <roaring/roaring.h>

#include "campaign/campaign.h"

/* Answers once, later; `domains` (the largest first) is gone after that. A campaign that stops gets
 * what was counted by then. */
void tally_start(struct campaign *campaign, const roaring_bitmap_t *contacts,
                 void (*on_tally)(void *ctx, const struct campaign_domain *domains, size_t count),
                 void *ctx);

#endif
