/*
 * A feed: one job's recipients at one domain, read from the store's queue in small portions as its
 * site can take them. It owns nothing but a place in that queue, so a million recipients behind a
 * slow site cost a hundred bytes. It belongs to its domain's tenancy, and takes its turns within
 * its job's share of the site.
 *
 *             offer                     portion smaller than asked for, next due time known
 *   (none) ─────────► READY  ──────────────────────────────────────────────► WAITING
 *             ┌────────► in its share's ring ◄─────── due (site_wake) ──────────┘
 *             │            │ nothing left in the queue, the job is paused, the tenancy leaves
 *             └── offer ── IDLE ──► freed, when no copy of it is under way
 *
 * Reading may always begin again from the start, for recipients that are under way are left out by
 * the thread's `taken` set, and those that are done are gone from the queue. A feed that left some
 * alone for a new source (delivery/early.h) waits, however little else there is.
 */
#ifndef TOCSIN_DELIVERY_FEED_H
#define TOCSIN_DELIVERY_FEED_H

#include "base/hash.h"
#include "base/heap.h"
#include "delivery/early.h"
#include "delivery/thread.h"
#include "store/queue.h"

enum feed_state { FEED_IDLE, FEED_READY, FEED_WAITING };

struct feed {
    uint64_t key; /* job · domain */
    struct mailing *mailing;
    uint32_t domain;
    struct site *site;
    struct share *share;
    struct tenancy *tenancy;
    struct feed *next_here, **link_here; /* among the tenancy's */
    uint32_t queued;                     /* recipients in the queue, those under way included … */
    uint64_t queued_in;                  /* … in that state of the store (txn_state), or later */
    enum feed_state state;
    struct feed *next, *previous; /* in the share's ring, when READY */
    struct heap_item waiting;     /* in the site's heap, when WAITING; the key is the due time */
    uint32_t due, contact;        /* where reading goes on */
    uint32_t pending;             /* copies under way */
    struct feed_early early;
    UT_hash_handle hh;
};

/* A ring of feeds that take turns. */
struct feed_ring {
    struct feed *head;
    size_t count;
};

/* The feed of a job at the tenancy's domain, made if there is none, and READY. */
void feed_offer(struct tenancy *tenancy, struct mailing *mailing, struct txn *txn);

/* Reads from the start again. */
void feed_rewind(struct feed *feed);

/*
 * Takes the next portion of the queue, up to `max` recipients that are due and not under way, as
 * loaded parcels of its share. Recipients that waited too long become expired instead. The feed
 * then takes its turn at the end of the ring, or leaves it, and may be freed with its share.
 */
void feed_read(struct feed *feed, struct txn *txn, size_t max);

/* One copy less is under way; `due` is when it may be tried again, 0: not at all. May free the
 * feed, its share and its tenancy. */
void feed_settle(struct feed *feed, uint32_t due);

/* A recipient of it left the queue in that write transaction (txn_state). */
void feed_count_down(struct feed *feed, uint64_t written_in);

/* The tenancy leaves: nothing more is read. Gives back the hold on `pending` that it has. */
void feed_leave(struct feed *feed);

/* The waiting feeds that are due by now become READY. */
void feeds_wake(struct site *site, uint32_t now);

/* For the end of a thread: whatever state it is in. */
void feed_free(struct feed *feed);

#endif
