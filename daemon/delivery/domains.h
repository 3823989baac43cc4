/*
 * The domains that a thread looks after: it finds out where their mail goes
 * (delivery/destination.h) and leases each of them to the thread where the site of that destination
 * lives. Every domain has one home, by its number, so there is never more than one lease, and no
 * copy can be loaded by two threads.
 *
 *   offer ─► ASKING ─ answer ─► LEASED ─ the holder has nothing left to send ─► forgotten
 *               ▲                  │ ▲
 *               │      elsewhere   ▼ │ back with what is left
 *               │     (new MX) MOVING┘
 *               └── due ── AWAY ◄─── back, to be tried later (nobody can be reached there)
 *
 *   home thread                                    holder (delivery/tenancy.h)
 *     offers (domain, mailing, serial) ──────────►   feeds at the site
 *     move (domain, serial)            ──────────►   feeds stop, copies under way end
 *                                      ◄──────────  returned (domain, serial, mailings left, due)
 *
 * Each thing sent to a holder has a serial number of the domain's; what comes back names the last
 * one that the holder has seen. If something newer is under way to it, it still holds the lease.
 *
 * Bounded: at most DOMAINS_LIVE domains of a thread are asked for or leased at the same time; the
 * others wait as (mailing, domain) pairs, at most WISHES_MAX of a lane, and beyond that as jobs
 * whose domains are read from the store again.
 */
#ifndef TOCSIN_DELIVERY_DOMAINS_H
#define TOCSIN_DELIVERY_DOMAINS_H

#include "base/hash.h"
#include "base/heap.h"
#include "delivery/destination.h"
#include "delivery/wishes.h"
#include "loop/chore.h"
#include "loop/timer.h"

struct delivery_thread;
struct mailing;
struct domain;

enum { DOMAINS_LIVE = 4096 };

/* A thread's part; a member of struct delivery_thread. */
struct domains {
    struct delivery_thread *thread;
    struct resolver *resolver;
    struct domain *all; /* uthash, by number */
    size_t live;        /* asked for or leased */
    struct heap checks; /* those to look at again, by time (ms on the loop's clock) */
    struct timer timer;
    struct chore admit;
    struct wishes wishes;        /* those that wait for room */
    struct domain_round *rounds; /* jobs whose domains are to be read from the store */
};

int domains_init(struct domains *domains, struct delivery_thread *thread, struct err *err);
void domains_stop(struct domains *domains);    /* asks and leases nothing more */
void domains_release(struct domains *domains); /* when the thread has ended */

/* The queue has recipients of this mailing at these domains, whose home is here. */
void domains_offer(struct domains *domains, struct mailing *mailing, const uint32_t *numbers,
                   size_t count);

/* Other settings are in force: routes, providers, name servers. */
void domains_reload(struct domains *domains);

/* Those that were given back to be tried later are tried now. */
void domains_wake(struct domains *domains);

/* How many are here, how many of them wait to be tried later, and how many wait for room. */
struct domains_numbers {
    size_t live, away, waiting;
};
struct domains_numbers domains_numbers(const struct domains *domains);

/* Where the mail of a domain that is looked after here goes, as a reference; NULL: it is not, or
 * that is being asked. */
struct destination *domains_known(const struct domains *domains, uint32_t number);

/* Calls `each` for the domains that wait to be tried later with something of this job, at most
 * `max` of them; `due_ms` is on the loop's clock. */
void domains_each_away(const struct domains *domains, uint32_t job, size_t max,
                       void (*each)(void *ctx, uint32_t number, const struct destination *to,
                                    uint64_t due_ms),
                       void *ctx);

/* A lease that comes back: the letter that a holder sends. `mailings` may have more to send;
 * `due_ms` is in how long to try, 0: at once. Takes over everything. */
struct domain_return {
    struct letter letter;
    struct delivery_thread *home;
    uint32_t number, serial;
    uint64_t due_ms;
    unsigned failures; /* of the site, for its next life */
    size_t count;
    struct mailing *mailings[];
};
struct domain_return *domain_return_new(struct delivery_thread *home, uint32_t number,
                                        size_t count);
void domain_return_send(struct domain_return *r);

#endif
