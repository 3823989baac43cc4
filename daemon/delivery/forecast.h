/*
 * When the last recipient of a group (a provider with its sites, or one site) will have been
 * served, and what it is that takes so long. Pure: who is to be served, what is allowed and what
 * was seen come from outside (delivery/prospect.h).
 *
 * A group is served at the pace of its narrowest limit, at every moment:
 *
 *   a rate                  as it is kept (delivery/pace.h: some 5 % below what it says)
 *   connections             each gives one message in `seconds`, and now and then a new connection
 *   new connections         each carries `messages`
 *   what was observed       the receiver took no more
 *   the machine             what is supposed that it can compose and sign
 *
 * from each source at the site, from each at all sites of the provider, and from all together. What
 * restrains (delivery/restraint.h) changes all that at moments that are known: between two of them
 * the pace is even. The slowest site and what the sites share are looked at one by one; the one
 * that ends last counts.
 */
#ifndef TOCSIN_DELIVERY_FORECAST_H
#define TOCSIN_DELIVERY_FORECAST_H

#include "config/config.h"
#include "delivery/restraint.h"

/* What is supposed where nothing was seen: a message takes so long on a connection, as long as each
 * waits for the answer to the one before, and a connection so long until it carries the first. */
#define FORECAST_MESSAGE_S 0.25
#define FORECAST_CONNECT_S 1.0

#define FORECAST_NEVER INFINITY

struct forecast_site {
    struct str key;
    struct throttle_limits throttle; /* from one source */
    struct connection_limits connection;
    double seconds;      /* of a connection, for a message, as seen; 0: it is not known */
    double observed;     /* messages a second, of all jobs, as seen; 0: it is not known */
    uint64_t recipients; /* of the job; at least 1 */
    double work;         /* what is served there until they all are, they included */
    uint32_t not_before; /* nothing goes before (steady seconds); 0: it may, UINT32_MAX: never */
};

/* What holds for all groups. */
struct forecast_terms {
    int64_t now_s;             /* clock_steady_s */
    const struct str *sources; /* that may send: at least one */
    size_t source_count;
    const struct restraint *restraints;
    size_t restraint_count;
    double machine; /* messages a second; 0: no limit */
};

enum forecast_cause {
    FORECAST_BY_NOTHING,
    FORECAST_BY_MACHINE,
    FORECAST_BY_CONNECTIONS,
    FORECAST_BY_CONNECTION_RATE,
    FORECAST_BY_RATE,
    FORECAST_BY_OBSERVED,
    FORECAST_BY_SUSPENSION, /* no source may send there now */
    FORECAST_BY_WAIT,       /* for the next try, or because the job is held back there */
    FORECAST_BY_WARM_UP,    /* all sources are new: delivery/budget.h */
};

/* What binds. */
struct forecast_limit {
    enum forecast_cause cause;
    unsigned connections; /* BY_CONNECTIONS */
    struct rate rate;     /* BY_RATE, BY_CONNECTION_RATE */
    unsigned sources;     /* that have so much each; 0: all together */
    bool restrained;      /* lower than usual, for a time */
    uint32_t until;       /* BY_SUSPENSION, BY_WAIT: steady seconds; UINT32_MAX: nobody knows */
};

struct forecast {
    double pace;    /* messages a second, now */
    double seconds; /* from now until the last one is served; FORECAST_NEVER */
    struct forecast_limit limit;
};

/* `provider`: of all the sites; NULL: they have none. `count` is at least 1. */
void forecast_make(const struct forecast_terms *terms, const struct provider *provider,
                   const struct forecast_site *sites, size_t count, struct forecast *out);

/* Messages a second that a rate lets go. */
double forecast_rate(struct rate rate);

#endif
