/*
 * A site: one receiver, here the host that a route names, with everything that belongs to it: what
 * it allows, its pooled connections, its lanes of feeds, and what was learned about it. It decides
 * when to connect, what to load, what to have composed and which copy goes next; transactional
 * copies always before bulk ones.
 *
 *   feeds ──read──► loaded ──ask──► composers ──► ready ──send──► connection ──► report
 *
 * `site_work` is the one place where these decisions are made; every event ends in it.
 */
#ifndef TOCSIN_DELIVERY_SITE_H
#define TOCSIN_DELIVERY_SITE_H

#include "base/hash.h"
#include "base/heap.h"
#include "delivery/feed.h"
#include "delivery/parcel.h"
#include "loop/resolve.h"
#include "smtp/client.h"

struct connection;

struct site_lane {
    struct feed_ring ring;
    struct parcel_line loaded, ready;
};

/* What sessions taught about a site; forgotten after some time. */
struct site_lessons {
    uint64_t clear_until_ms; /* TLS fails here: opportunistic sessions go in clear until then */
    uint64_t retry_at_ms;    /* no new connection before (on the loop's clock) */
    unsigned failures;       /* connections in a row that never became ready */
};

struct site {
    char *key; /* "host:port" */
    struct delivery_thread *thread;
    struct str host;
    uint16_t port;
    enum tls_policy tls;
    struct site_limits limits; /* `pattern` is not kept */
    struct site_lane lanes[LANES];
    struct heap waiting; /* feeds, by the time they are due */
    size_t feeds, composing;
    struct connection *connections;
    unsigned connection_count, ready_count;
    struct resolve_answer addresses;
    size_t next_address;
    struct resolve *resolving;
    uint64_t resolved_at_ms;
    SSL_SESSION *session;
    struct site_lessons lessons;
    struct timer wake;
    uint64_t wake_at_ms; /* while it runs: on the loop's clock */
    bool working, again;
    UT_hash_handle hh;
};

/* The key of the site that a route leads to, into `key`, which has room for SITE_KEY_SIZE. */
enum { SITE_KEY_SIZE = 280 };
void site_route_key(const struct route *route, char key[SITE_KEY_SIZE]);

struct site *site_get(struct delivery_thread *thread, const struct route *route);
void site_free(struct site *site);
struct str site_key(const struct site *site);

/* Does all that can be done at this moment. */
void site_work(struct site *site);
void sites_work(struct delivery_thread *thread);

/* Takes the limits of the thread's new settings. */
void site_reload(struct site *site);

/* Works again at this time (seconds since 1970), or earlier. */
void site_wake_at(struct site *site, uint32_t due);

/* The next ready copy, transactional first; NULL when there is none. */
struct parcel *site_take_ready(struct site *site);

/* It was not sent and may go at once, before the others. */
void site_return(struct site *site, struct parcel *parcel);

/* The composer's answer, as a letter. */
void site_on_composed(struct letter *letter);

/* A connection ended, after it had carried mail or not: learns from it. */
void site_learn(struct site *site, bool carried, enum smtp_end end, const char *sentence);

/* Puts everything that is not on the wire back into the queue, and says good-bye to all
 * connections. */
void site_drain(struct site *site);

#endif
