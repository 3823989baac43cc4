/*
 * A site: one receiver, here the host that a route names, with everything that belongs to it: what
 * it allows, its pooled connections, its lanes of feeds, and what was learned about it. It decides
 * when to connect, what to load, what to have composed and which copy goes next; transactional
 * copies always before bulk ones.
 *
 *   feeds ──read──► loaded ──ask──► composers ──► ready ──send──► connection ──► report
 *                  returned ──┘ (before those)                        │
 *                     └──────── a session ended before it was sent ◄──┘
 *
 * `work` (site.c) is the one place where these decisions are made; every event ends in asking for
 * it.
 */
#ifndef TOCSIN_DELIVERY_SITE_H
#define TOCSIN_DELIVERY_SITE_H

#include "base/hash.h"
#include "base/heap.h"
#include "delivery/feed.h"
#include "delivery/manners.h"
#include "delivery/pace.h"
#include "delivery/parcel.h"
#include "loop/resolve.h"
#include "smtp/client.h"

struct connection;

struct site_lane {
    struct feed_ring ring;
    struct parcel_line returned, loaded, ready;
    size_t composing;
};

/* What sessions taught about a site; forgotten after some time. */
struct site_lessons {
    uint64_t clear_until_ms; /* TLS fails here: opportunistic sessions go in clear until then */
    uint64_t retry_at_ms;    /* no new connection before (on the loop's clock) */
    unsigned failures;       /* connections in a row that never became ready, */
    char failure[160];       /* and why the last of them did not */
};

/* How far a session came. */
enum session_reach {
    REACH_NOTHING, /* it never became ready */
    REACH_READY,   /* it was ready and answered nothing */
    REACH_ANSWER,
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
    size_t feeds;
    bool instant; /* composing was done at once when it was last asked for */
    struct connection *connections;
    unsigned connection_count;          /* all of them: */
    unsigned leaving_count;             /* those that say good-bye, */
    unsigned ready_count, secure_count; /* the ready ones that stay, and those of them with TLS */
    size_t in_flight;                   /* transactions on all connections */
    struct pace pace;
    struct resolve_answer addresses;
    size_t next_address;
    struct resolve *resolving;
    uint64_t resolved_at_ms;
    SSL_SESSION *session;
    struct site_lessons lessons;
    struct manners manners;
    bool plain;          /* counted in the metric of sites with lessons about manners */
    char suspicion[400]; /* what was seen when a session last broke in flight */
    struct timer wake;
    uint64_t wake_at_ms;    /* while it runs: on the loop's clock */
    uint64_t rest_until_ms; /* nothing is loaded or composed before: the store or a key failed */
    struct chore chore;     /* all that can be done now, once for whatever happened */
    UT_hash_handle hh;
};

/* The key of the site that a route leads to, into `key`, which has room for SITE_KEY_SIZE. */
enum { SITE_KEY_SIZE = 280 };
void site_route_key(const struct route *route, char key[SITE_KEY_SIZE]);

struct site *site_get(struct delivery_thread *thread, const struct route *route);
void site_free(struct site *site);
struct str site_key(const struct site *site);

/* Does all that can be done, at the end of this turn of the loop. */
void site_work(struct site *site);
void sites_work(struct delivery_thread *thread);

/* Takes over the thread's new settings. Open connections finish what they carry and leave, so that
 * every limit and the TLS policy hold at once. */
void site_reload(struct site *site);

/* Works again at this time (seconds since 1970), or earlier. */
void site_wake_at(struct site *site, uint32_t due);

/* The next ready copy, transactional first; NULL when there is none, or none may go yet because of
 * the site's rate. Counts it as gone. */
struct parcel *site_take_ready(struct site *site);

/* It was not sent and may go at once, before the others, in the order of returning. */
void site_return(struct site *site, struct parcel *parcel);

/* The composer's answer, as a letter. */
void site_on_composed(struct letter *letter);

/* How many of its copies are with the composers. */
size_t site_composing(const struct site *site);

/* No connection can be made now, and the site is not to blame: without any, what was loaded goes
 * back to the queue. */
void site_hold(struct site *site, const char *sentence);

/* A connection ended, or none could be made: learns from it. */
void site_learn(struct site *site, enum session_reach reach, enum smtp_end end,
                const char *sentence);

/* How many copies are here and not on the wire. */
size_t site_waiting_copies(const struct site *site);

/* Puts everything that is not on the wire back into the queue, and says good-bye to all
 * connections. */
void site_drain(struct site *site);

#endif
