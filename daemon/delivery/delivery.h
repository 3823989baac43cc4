/*
 * Getting mail out: N threads, each with a loop, domains, sites, connections and its part of the
 * queue. A domain has its home in one thread, and a site lives in one, so nothing in here needs a
 * lock.
 *
 *   delivery_offer ─► domain: where does its mail go? ─► tenancy at a site, with a feed for each
 * job │ feed ─► share of the job ─► outlet (source, site) ─► composers ─► connection ▲ │      │
 *                  └───────────────── not sent ────────────────────────┘      ▼
 *                                       verdict ─► report ─► writer ─► hooks.committed
 *
 * What is being worked on is bounded everywhere: a thread looks after a few thousand domains at a
 * time (delivery/domains.h), each site loads a few hundred recipients ahead,
 * asks for as many messages as its connections can take, and a thread with too many reports that
 * are not yet durable stops sending. A recipient stays in the store's queue until the report of its
 * end is committed, and a set of those under way keeps it from being loaded twice.
 */
#ifndef TOCSIN_DELIVERY_DELIVERY_H
#define TOCSIN_DELIVERY_DELIVERY_H

#include "compose/composers.h"
#include "config/config.h"
#include "store/outcomes.h"

struct delivery;

struct delivery_hooks {
    void *ctx;
    /* Outcomes are durable, and these are the sums of the jobs that they touched. Writer thread. */
    void (*committed)(void *ctx, const struct outcome *outcomes, size_t count,
                      const struct outcome_sums *sums, size_t sum_count);
};

/* For this room: its threads, as an array of `peer_count`. */
struct delivery_thread *delivery_threads(struct delivery *delivery);

/* How many connections there may be together by this configuration, as far as it says where: to the
 * hosts of its routes. */
uint64_t delivery_connections_max(const struct config *config);

/* Starts the threads. `last_sent` is when something may have been sent last before this start
 * (journal_last_written): until what went then counts no more, limits hold as if they had been used
 * up. NULL with a sentence. */
struct delivery *delivery_new(struct store *store, struct composers *composers,
                              struct config *config, int64_t last_sent,
                              const struct delivery_hooks *hooks, struct err *err);

/*
 * Says that the queue has recipients of this mailing at these domains: from the start, from
 * fan-out, after a resume. Offering again what is known already is harmless. From any thread.
 */
void delivery_offer(struct delivery *delivery, struct mailing *mailing, const uint32_t *domains,
                    size_t count);

/* Takes over limits, providers, rules, sources, routes, name servers, timeouts, retry and TLS
 * settings, and replaces the connections that are open when they have finished what they carry. */
int delivery_reload(struct delivery *delivery, struct config *config, struct err *err);

/*
 * Takes no more from the queue, lets what is on the wire finish (at most `timeouts.stop`), reports
 * it and returns when all threads have ended. After that time it waits for the store only while
 * that can be written. The store must still be open; what it owes may still come until
 * delivery_free.
 */
void delivery_stop(struct delivery *delivery);
void delivery_free(struct delivery *delivery); /* after delivery_stop; NULL is fine */

#endif
