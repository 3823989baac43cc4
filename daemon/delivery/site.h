/*
 * A site: one receiver, the hosts that a destination names, with everything that belongs to it:
 * what it allows, its lanes of shares, an outlet for each source that sends to it, and what was
 * learned about it. Here its parts are put to work; transactional copies always before bulk ones.
 *
 *   feeds ──read──► shares ──pick──► composers ──► ready ──send──► connection ──► report
 *                     ▲               (outlet.c)                       │
 *                     └──────── a session ended before it was sent ◄───┘
 *
 * `site_do` (site_work.c) is the one place where things are begun; every event ends in asking for
 * it. A site whose mail goes nowhere, or about which DNS says nothing, has no hosts: it bounces
 * what it loads, or waits (nowhere.c).
 */
#ifndef TOCSIN_DELIVERY_SITE_H
#define TOCSIN_DELIVERY_SITE_H

#include "base/hash.h"
#include "base/heap.h"
#include "delivery/hosts.h"
#include "delivery/manners.h"
#include "delivery/outlet.h"
#include "delivery/share.h"
#include "delivery/tempo.h"
#include "delivery/tenancy.h"
#include "smtp/client.h"

/* How far a session came. */
enum session_reach {
    REACH_NOTHING, /* it never became ready */
    REACH_READY,   /* it was ready and answered nothing */
    REACH_ANSWER,
};

enum { SITE_KEY_SIZE = DESTINATION_KEY_SIZE };

/* The last answer that was no success. */
struct site_reply {
    uint32_t at; /* seconds, steady; 0: there was none */
    char text[200];
};

struct site {
    char *key; /* the destination's */
    struct delivery_thread *thread;
    struct destination *to;
    struct site_provider *provider; /* NULL: it has none */
    struct site *next_of_provider, **link_of_provider;
    struct site_terms terms;
    enum tls_policy tls;
    struct share *shares; /* uthash, by job */
    struct share_lane lanes[LANES];
    struct heap waiting; /* feeds, by the time they are due */
    struct tenancy *tenancies;
    size_t tenancy_count;
    uint64_t queued;   /* recipients in the queue, those under way included */
    uint64_t answered; /* messages, since it is here */
    struct tempo tempo;
    struct outlet *outlets;
    struct hosts hosts;
    struct manners manners;
    bool suspended; /* no source may send here, at least until: */
    uint32_t suspended_until;
    uint64_t able;       /* a bit for each source that is neither suspended here nor backs off */
    bool obsolete;       /* by a reload: it is another provider's, or on another port; all leave */
    bool plain;          /* counted in the metric of sites with lessons about manners */
    char suspicion[400]; /* what was seen when a session last broke in flight */
    struct site_reply reply;
    unsigned failures_before; /* what an earlier life counted: see site_failures */
    uint64_t clear_until_ms;  /* TLS fails here: opportunistic sessions go in clear until then */
    struct timer wake;
    uint64_t wake_at_ms;    /* while it runs: on the loop's clock */
    uint64_t rest_until_ms; /* nothing is loaded or composed before: the store or a key failed */
    uint64_t idle_since_ms; /* nothing to do; 0: it is not idle */
    bool thinned; /* crowd.h: domains left at the last tick, so that others have room … */
    uint64_t served_lately; /* … in the tick before which so many messages were answered … */
    uint64_t sent_away;     /* … and so many recipients are to be served before the next one */
    struct chore chore;     /* all that can be done now, once for whatever happened */
    UT_hash_handle hh;
};

struct site *site_get(struct delivery_thread *thread, struct destination *to);
void site_free(struct site *site);
struct str site_key(const struct site *site);

/* Does all that can be done, at the end of this turn of the loop. */
void site_work(struct site *site);
void sites_work(struct delivery_thread *thread);

/* Takes over the thread's new settings. Open connections finish what they carry and leave, so that
 * every limit and the TLS policy hold at once. */
void site_reload(struct site *site);

/* What restrains it has changed. */
void site_refresh(struct site *site);

/* Its loop's clock. */
static inline uint64_t site_now_ms(const struct site *site)
{
    return loop_now_ms(&site->thread->loop);
}

/* Works again at this time (seconds since 1970), or earlier. */
void site_wake_at(struct site *site, uint32_t due);
void site_wake_in(struct site *site, uint64_t ms);

/* A new share: which sources may send it, and whether it is held. */
void site_admit_share(struct site *site, struct share *share);

/* Loading and composing make reports too: of what expired, of what is skipped. */
bool site_may_begin(const struct site *site);

/* It was not sent and may go at once, before the others, in the order of returning. */
void site_return(struct site *site, struct parcel *parcel);

/* The composer's answer, as a letter. */
void site_on_composed(struct letter *letter);

/* How many of its copies are with the composers. */
size_t site_composing(const struct site *site);

/* Whether there is something here that this source may send. */
bool site_has_for(const struct site *site, unsigned source);

/* How many copies are here and not on the wire, and how many are. */
size_t site_waiting_copies(const struct site *site);
size_t site_in_flight(const struct site *site);
unsigned site_connections(const struct site *site);

/* No connection can be made now, and the site is not to blame: without any, what was loaded goes
 * back to the queue. */
void site_hold(struct site *site, const char *sentence);

/* A connection of an outlet to a host ended, or none could be made: learns from it. */
struct session_end {
    enum session_reach reach;
    enum smtp_end end;
    const struct smtp_reply *reply; /* or NULL */
    const char *sentence;
};
void site_learn(struct outlet *outlet, struct site_host *host, const struct session_end *end);

/* An answer that refused something, for the listing. */
void site_note_reply(struct site *site, const struct smtp_reply *reply);

/* Connections in a row that never became ready, where no outlet does better; and what was known of
 * that from an earlier life. */
unsigned site_failures(const struct site *site);
void site_remember_failures(struct site *site, unsigned failures);

/* Between site.c and site_work.c: the chore; what it holds and `wanted` names goes back to the
 * queue; and when it has had nothing to do for long enough, it is freed. */
void site_do(void *ctx);
void site_put_back_those(struct site *site, bool (*wanted)(void *ctx, const struct parcel *parcel),
                         void *ctx);
void site_let_go_if_idle(struct site *site);

/* What it holds of a tenancy, or of all (NULL), and not on the wire, goes back to the queue. */
void site_put_back(struct site *site, const struct tenancy *tenancy);

/* Puts everything that is not on the wire back into the queue, and says good-bye to all
 * connections. */
void site_drain(struct site *site);

/* Nothing can be sent for so long: when there is no room for more domains, others have it. */
void site_give_way(struct site *site, uint64_t ms);
bool site_is_crowded(const struct delivery_thread *thread);

#endif
