/*
 * An outlet: one source at one site. It has what belongs to this pair and to no other: the pooled
 * connections, the throttle, what keeps it from sending, and the copies that are composed ahead for
 * its connections. It decides what of the site's copies to take, and when to connect.
 *
 * When several sources are in a pool, each gets copies in proportion to its weight, as long as all
 * of them get on; one that is suspended, throttled or stuck leaves its part to the others.
 */
#ifndef TOCSIN_DELIVERY_OUTLET_H
#define TOCSIN_DELIVERY_OUTLET_H

#include "delivery/parcel.h"
#include "delivery/restraint.h"
#include "delivery/throttle.h"

struct connection;
struct site;

/* What sessions taught about reaching the site from here. */
struct outlet_lessons {
    uint64_t retry_at_ms; /* no new connection before (on the loop's clock) */
    unsigned failures;    /* connections in a row that never became ready, */
    char failure[160];    /* and why the last of them did not */
};

struct outlet {
    struct outlet *next; /* in the site's list */
    struct site *site;
    unsigned source;        /* its place among the configuration's */
    struct str source_name; /* as long as the thread */
    unsigned weight;
    struct throttle throttle;
    struct throttle_path path; /* all the throttles that it is under */
    struct turn connect_turn, send_turn;
    struct effect effect; /* of all restraints on this pair */
    struct outlet_lessons lessons;
    struct parcel_line ready[LANES]; /* composed */
    size_t composing[LANES];
    bool instant;  /* composing was done at once when it was last asked for */
    int64_t spent; /* copies taken, by weight: as share.h has it */
    uint64_t took_at_ms;
    struct connection *connections;
    unsigned connection_count;          /* all of them: */
    unsigned leaving_count;             /* those that say good-bye, */
    unsigned ready_count, secure_count; /* the ready ones that stay, those of them with TLS, */
    unsigned bare_count;                /* and those without 8BITMIME */
    size_t in_flight;                   /* transactions on all connections */
};

enum { SOURCE_GONE = 255 }; /* the configuration has it no more */

/* The outlet of a source, made if there is none. */
struct outlet *outlet_get(struct site *site, unsigned source);
void outlet_free(struct outlet *outlet);

/* Its limits and what restrains it, as they are now. */
void outlet_refresh(struct outlet *outlet);

/* Nothing may be sent from here for now: suspended, or blocked. */
bool outlet_is_suspended(const struct outlet *outlet);

/* Adds the copies that are to be made now for its connections to the chain that ends at `end`;
 * returns its new end. */
struct copy **outlet_pick(struct outlet *outlet, struct copy **end);

/* Sends what is ready over the connections that have room. */
void outlet_send(struct outlet *outlet);

/* The next ready copy, transactional first, for a server that takes 8BITMIME or not; NULL when
 * there is none, or none may go yet. Counts it as gone. */
struct parcel *outlet_take_ready(struct outlet *outlet, bool takes_8bit);

/* Whether a connection more could be of use, and may be tried now. */
bool outlet_may_connect(struct outlet *outlet);

/* All its copies that are not on the wire go back to the site. */
void outlet_give_up(struct outlet *outlet);

/* QUIT on every connection, after what is in flight. */
void outlet_quit_all(struct outlet *outlet);

/* Ready copies, and those being composed. */
size_t outlet_held(const struct outlet *outlet);
size_t outlet_composing(const struct outlet *outlet);

#endif
