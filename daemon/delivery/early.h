/*
 * The recipients that a new source writes to first: a job's favourites (compose/favourites.h) at a
 * site. As long as a source that is being warmed up has budget there, they are loaded apart from
 * all others, the latest click first whatever their domain, for such sources only; and a new source
 * takes nothing else of the job until they are gone.
 *
 *   feeds ──early_load──► line ──► taken by new sources
 *     │                     │ the budget is used up, or no new source can send,
 *     │ reading passes      ▼ or the others had nothing else to send for HELP_AFTER_MS
 *     │ over them        returned ──► taken by whoever may send
 *     └──► a feed that passed over some reads again soon: none is forgotten
 *
 * Of each domain, others leave alone as many as the new sources may send today, in the order of
 * clicks. What was deferred once is like any other. In a pool of new sources only, all favourites
 * wait for their turn, from one day to the next.
 */
#ifndef TOCSIN_DELIVERY_EARLY_H
#define TOCSIN_DELIVERY_EARLY_H

#include "base/heap.h"
#include "delivery/parcel.h"

struct feed;
struct share;
struct site;
struct txn;

/* A share's; all zeroes is none. */
struct share_early {
    bool keeps;         /* others leave favourites alone */
    uint64_t fresh;     /* of the share's sources, those that are new today */
    bool alone;         /* there are no other sources */
    uint32_t window;    /* how many of a domain are left alone */
    uint32_t helped_on; /* the day on which others were let in, for want of anything else */
    uint64_t since_ms;  /* the others have nothing to send (on the loop's clock); 0: they have */
    struct heap feeds;  /* that have some to look at, by when the next of them clicked */
    struct parcel_line line;
};

/* A feed's. */
struct feed_early {
    size_t first, count; /* its domain's part of the favourites */
    size_t next;         /* the rank to look at */
    struct heap_item turn;
    bool passed_over; /* reading has left some alone since it began at the start */
};

void early_init(struct share *share);
void early_release(struct share *share);

/* The feed's favourites are looked at from the first one on; and no more. */
void early_begin(struct feed *feed);
void early_rewind(struct feed *feed); /* … again: one of them was put back */
void early_end(struct feed *feed);

/* Whether reading is to leave this one alone; notes it. */
bool early_passes_over(struct feed *feed, uint32_t contact);

/* In how many seconds a feed reads again that passed over some. */
uint32_t early_again_s(const struct share *share);

/* Loads favourites that new sources may take soon. */
bool early_is_hungry(const struct site *site);
void early_load(struct site *site, struct txn *txn);

/* Whether they are still kept for new sources; if not any more, all may take them. */
void early_look(struct site *site);

#endif
