/*
 * A tenancy: the lease that a site has of a domain (delivery/domains.h), with the feeds of all jobs
 * at that domain. It ends by itself when nothing is left to send, when the domain's mail goes
 * elsewhere, or when its site can do nothing for some time and others need the room.
 *
 *   offered ─► feeds at the site ─► no feed left ───────────► returned
 *                    │ move, give back
 *                    ▼
 *                 LEAVING: nothing more is loaded; what is loaded goes back to the queue, what is
 *                          on the wire ends, and is written down ─► returned, with the jobs
 */
#ifndef TOCSIN_DELIVERY_TENANCY_H
#define TOCSIN_DELIVERY_TENANCY_H

#include "delivery/destination.h"
#include "delivery/domains.h"
#include "delivery/thread.h"

struct site;
struct feed;

struct tenancy {
    uint32_t number, serial;
    struct delivery_thread *home;
    struct site *site;
    struct tenancy *next, **link; /* in the site's list */
    struct feed *feeds;           /* by next_here */
    bool leaving;
    uint64_t due_ms;       /* leaving: in how long to try again; 0: at once, elsewhere */
    struct mailing **left; /* leaving: the jobs that may have more to send */
    size_t left_count;
    UT_hash_handle hh; /* in the thread's, by number */
};

/* From a domain's home to the holder of its lease. */
struct tenancy_letter {
    struct letter letter;
    struct delivery_thread *home, *holder;
    uint32_t number, serial;
    unsigned failures; /* of the site when it gave the domain back */
    struct destination *to;
    size_t count;
    struct mailing *mailings[]; /* references */
};
struct tenancy_letter *tenancy_letter_new(size_t mailings);

/* Both take over the letter. */
void tenancy_offer(struct tenancy_letter *letter);
void tenancy_move(struct tenancy_letter *letter);

/* The domain is given back as soon as may be, to be tried again in `due_ms`. */
void tenancy_leave(struct tenancy *tenancy, uint64_t due_ms);

/* Returns the lease, and frees the tenancy, if it has no feeds any more. Those of a site that is
 * obsolete end together, when its connections are closed: then its next life may open others. */
void tenancy_end_if_done(struct tenancy *tenancy);
void tenancies_end_if_done(struct site *site);

/* For the end of a thread. */
void tenancies_release(struct delivery_thread *thread);

#endif
