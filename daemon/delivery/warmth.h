/*
 * Sources that are being warmed up (config/warm_up.h), as a delivery thread has them: what they may
 * still send today to a provider, or to all sites without one. Each copy that is picked for such a
 * source takes a unit of the day's budget with it, and gives it back if it was not sent.
 *
 * The book of all threads is the store's table (store/warm_up.h): a thread takes a part of a budget
 * there, a twentieth, before it uses it, and asks for the next one when half of it is used. So no
 * loop waits, no lock is needed, and whatever happens to the daemon a budget is never exceeded; a
 * crash, or a reload with another schedule, loses at most a part for that day.
 *
 *   warmth_allows ─ none left ─► asks the writer ─► durable ─► letter ─► sites_work
 *        │ a unit               └ nothing more today: spent, until midnight UTC
 *        ▼
 *   warmth_take ─► composed, ready ─► MAIL is said: used
 *                        └ skipped, put back, returned: warmth_give_back
 *
 * Without such a source, everything in here is one comparison.
 */
#ifndef TOCSIN_DELIVERY_WARMTH_H
#define TOCSIN_DELIVERY_WARMTH_H

#include "base/str.h"
#include "config/warm_up.h"
#include "loop/letterbox.h"
#include "store/writer.h"

struct delivery_thread;
struct outlet;
struct parcel;
struct site;

/* A source's part of a budget. It stays as long as the thread. */
struct allotment {
    struct allotment *next;
    struct delivery_thread *thread;
    struct str source, provider; /* as long as the thread */
    uint32_t day, budget;
    uint32_t left;   /* units that may be taken, */
    uint32_t held;   /* and those that copies have, on their way to be sent */
    uint32_t series; /* units of an earlier one are void */
    bool spent;      /* nothing more is to be had on that day */

    struct write_op op;
    struct letter answer;
    bool asking;
    uint32_t asked_series, asked_day, asked_budget;
    uint32_t want, got, taken; /* got and taken are the writer's until it answers */
};

/* A thread's; a member of struct delivery_thread, zeroed at first. */
struct warmth {
    struct allotment *all;
    uint32_t day;
    uint64_t sources; /* that are new on that day: a bit for each */
};

void warmth_start(struct delivery_thread *thread);
void warmth_reload(struct delivery_thread *thread);
void warmth_stop(struct delivery_thread *thread); /* parts that are left go back */
void warmth_release(struct delivery_thread *thread);

/* The sources that are new today, a bit for each. */
uint64_t warmth_sources(struct delivery_thread *thread);

bool warmth_is_new(const struct site *site, unsigned source);

/* Whether a source may be given one more copy of a site now. If not, more is asked for, or the site
 * is woken when another day has begun. */
bool warmth_allows(struct site *site, unsigned source);

/* How many copies a source may be given now; UINT32_MAX for one that is warm. */
uint32_t warmth_left(const struct site *site, unsigned source);

/* Nothing more goes from it today. */
bool warmth_is_spent(const struct site *site, unsigned source);

/* Its budget there today; 0 also for one that is warm. */
uint32_t warmth_budget(const struct site *site, unsigned source);

/* After warmth_allows: the copy has a unit, if its outlet's source needs one. */
void warmth_take(const struct outlet *outlet, struct parcel *parcel);

/* Whether it still has what it needs to be sent from there: another day, or other settings, may
 * have come. */
bool warmth_may_go(const struct outlet *outlet, const struct parcel *parcel);

/* The copy is not sent this time. Also for one without a unit. */
void warmth_give_back(struct parcel *parcel);

/* Its transaction begins. */
void warmth_use(struct parcel *parcel);

#endif
