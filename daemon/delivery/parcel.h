/*
 * A copy under way in a delivery thread, with the feed that it came from and its transaction.
 * Parcels and their buffers are used again.
 */
#ifndef TOCSIN_DELIVERY_PARCEL_H
#define TOCSIN_DELIVERY_PARCEL_H

#include "delivery/thread.h"
#include "smtp/transaction.h"

enum { PARCEL_LOSSES_MAX = 3 };

struct parcel {
    struct copy copy;
    struct parcel *next;
    struct feed *feed;
    struct outlet *outlet; /* while it is composed, ready or on the wire */
    struct smtp_transaction transaction;
    unsigned losses;   /* how often a session that achieved nothing ended before it was sent */
    bool begun;        /* counted in mailing->begun, and open in the journal: */
    unsigned open;     /* its number there */
    struct str source; /* where it is sent from, while it is on a connection; outlives the thread */
    int64_t began_us;  /* clock_mono_us when the transaction began */
    struct allotment *unit; /* of a new source's budget that it has (delivery/warmth.h), or NULL */
    uint32_t unit_series;
    bool early; /* it was loaded as one of the job's favourites (delivery/early.h) */
};

/* A line of parcels, first in, first out. */
struct parcel_line {
    struct parcel *first, **end;
    size_t count;
};

void parcel_line_init(struct parcel_line *line);
void parcel_line_add(struct parcel_line *line, struct parcel *parcel);
void parcel_line_put_first(struct parcel_line *line, struct parcel *parcel);
struct parcel *parcel_line_take(struct parcel_line *line); /* NULL when it is empty */

/* A parcel for a recipient, from the spare ones or new. Marks the recipient as taken. */
struct parcel *parcel_take(struct delivery_thread *thread, struct feed *feed, uint32_t contact,
                           uint32_t due);

/* A sheet to write its message on, from the spare ones (the one used last is first) or new; and
 * back. A parcel without one is fine. */
void parcel_give_sheet(struct delivery_thread *thread, struct parcel *parcel);
void parcel_take_sheet(struct delivery_thread *thread, struct parcel *parcel);

/* Back to the spare ones, with its sheet; whether the recipient stays taken is the caller's matter.
 */
void parcel_free(struct delivery_thread *thread, struct parcel *parcel);

/* The recipient stays in the queue as it is, and may be loaded again. Frees the parcel. */
void parcel_put_back(struct delivery_thread *thread, struct parcel *parcel);

/* All of them. */
void parcel_line_put_back(struct delivery_thread *thread, struct parcel_line *line);

void parcels_release(struct delivery_thread *thread);

#endif
