/*
 * Expiry: copies that are too old become expired also where nothing is sent, because their site is
 * throttled, suspended or away. A round comes now and then, as often as the shortest max_age asks
 * for, and looks at what waits in the lines of sites and, with a cursor of its own, at each feed's
 * part of the queue, in portions small enough not to hold up the thread.
 *
 *   timer ──► lines of all sites ──► feed ──► feed ──► … ──► timer
 *                                     portion by portion, as far as reports may grow
 *
 * Left alone: a copy that is on the wire or being composed, and one whose job is paused (its age
 * counts when the job goes on). No copy of a job can be too old before the job itself is: younger
 * ones cost nothing here.
 */
#ifndef TOCSIN_DELIVERY_EXPIRY_H
#define TOCSIN_DELIVERY_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "loop/timer.h"

struct delivery_thread;
struct feed;
struct parcel;

/* A thread's round. */
struct expiry {
    struct timer timer;
    struct feed *feed;     /* the round is here; NULL between rounds */
    uint32_t due, contact; /* and goes on from here in its queue */
};

void expiry_start(struct delivery_thread *thread);
void expiry_stop(struct delivery_thread *thread);

/* Other settings are in force. */
void expiry_reload(struct delivery_thread *thread);

/* A feed is about to be freed. */
void expiry_forget(struct delivery_thread *thread, const struct feed *feed);

/* Whether a copy is too old to be sent. */
bool expiry_is_due(const struct parcel *parcel, uint32_t now);

/* Reports it as expired, and why if nobody ever tried to send it; else the last error stays. Frees
 * the parcel. */
void expiry_report(struct delivery_thread *thread, struct parcel *parcel);

/* Milliseconds between two rounds: a twentieth of the shortest max_age, 200 ms to 5 minutes. */
uint64_t expiry_interval_ms(const struct retry_config *retry);

#endif
