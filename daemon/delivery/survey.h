/*
 * How it stands at the sites, for people: asked on the front loop, answered by every delivery
 * thread about what it has in memory, and put together. Nothing in here walks the queue: what waits
 * is counted as it comes and goes. Texts are copies.
 *
 *   survey_ask ─► letter to each thread ─► the sites that match ─► letter back ─► on_survey
 */
#ifndef TOCSIN_DELIVERY_SURVEY_H
#define TOCSIN_DELIVERY_SURVEY_H

#include "base/arena.h"
#include "delivery/delivery.h"
#include "delivery/restraint.h"
#include "loop/loop.h"

enum site_state {
    SITE_IDLE,
    SITE_SENDING,
    SITE_WAITING,     /* for the time of a retry */
    SITE_LIMITED,     /* a limit lets no more go now */
    SITE_UNREACHABLE, /* tried again later */
    SITE_SUSPENDED,   /* no source may send there */
    SITE_NO_DNS,      /* nobody knows where its mail goes */
    SITE_BOUNCING,    /* it takes no mail */
};

const char *site_state_name(enum site_state state); /* "sending" */

/* A source at a site. */
struct outlet_view {
    struct outlet_view *next;
    struct str source;
    unsigned connections, in_flight;
    struct throttle_limits limits; /* in force now */
    bool suspended, blocked;
    uint32_t until;     /* steady seconds: of the restraint, or of the next try; 0: none */
    struct str because; /* the rule and the reply, or the last failure; empty: nothing */
    unsigned failures;
};

/* A job at a site. */
struct share_view {
    struct share_view *next;
    uint32_t job;
    uint64_t queued; /* those under way included */
    unsigned weight;
    bool transactional;
    uint32_t held_until; /* 0: it is not */
};

struct site_view {
    struct site_view *next;
    struct str key, provider;
    enum site_state state;
    struct str why;  /* a sentence; empty when it is sending or idle */
    uint64_t queued; /* recipients in the queue, those under way included */
    size_t domains, in_flight;
    unsigned connections;
    uint64_t answered;
    struct site_terms terms; /* without the provider */
    struct str lesson;       /* "plain", "no_overlap", "no_chunking"; empty: none */
    struct str reply;        /* the last one that refused something */
    uint32_t reply_at;       /* steady seconds */
    struct outlet_view *outlets;
    struct share_view *shares;
    struct str hosts; /* "10 mx1.example.net, 20 mx2.example.net" */
    double pace;      /* messages a second, as seen (tempo_pace) */
    double seconds;   /* of a connection, for a message, as seen (tempo_seconds) */
    uint32_t due;     /* nothing can go before (steady seconds); 0: something may */
};

/* A domain that waits to be tried later, with something of the job that is asked about. */
struct away_view {
    struct away_view *next;
    struct str key, provider, host; /* of its site; the first of its hosts */
    uint32_t queued;
    uint32_t due; /* steady seconds */
};

/* What sites of a provider were last seen to take. */
struct provider_view {
    struct provider_view *next;
    struct str name;
    double seconds; /* of a connection, for a message */
};

/* One in force, with its texts in the survey. */
struct restraint_view {
    struct restraint_view *next;
    struct restraint_record is;
};

struct survey {
    struct site_view *sites;
    size_t site_count;
    size_t away;    /* domains that wait to be tried later, at sites that were let go meanwhile */
    size_t waiting; /* domains that wait for room */
    struct away_view *away_domains;
    struct provider_view *providers;
    struct restraint_view *restraints;
    struct arena memory;
};

/* What is asked for; `name` is a site's key, a provider's name, or empty: all sites. */
struct survey_question {
    struct str name;
    bool shares, outlets;
    bool brief;   /* sites without why, hosts and replies */
    uint32_t job; /* only the sites where it has something, and the domains of it that are away; 0:
                     all, and no domains */
};

/* Answered once, on the loop `front`; the survey is gone after the callback. */
void survey_ask(struct delivery *delivery, struct loop *front,
                const struct survey_question *question,
                void (*on_survey)(void *ctx, const struct survey *survey), void *ctx);

#endif
