/*
 * One pooled connection of an outlet: an SMTP session and the copies on it. It takes copies from
 * its outlet while it has room, up to the limit for one connection, says good-bye when that is
 * reached, when it was idle too long, or when it is idle and others wait for its place, and hands
 * everything it hears to report, site and rules.
 */
#ifndef TOCSIN_DELIVERY_CONNECTION_H
#define TOCSIN_DELIVERY_CONNECTION_H

#include "delivery/site.h"

struct connection {
    struct connection *next, **link; /* in the outlet's list */
    struct outlet *outlet;
    struct site *site;
    struct site_host *host;
    struct smtp_client *client;
    struct smtp_params params;
    struct manners_session session;
    struct delivery_settings *settings;
    unsigned in_flight;
    uint64_t busy_since_ms; /* while something is: what came before is told to the site */
    unsigned served;        /* copies that were sent, */
    unsigned answered;      /* and those that got an answer */
    uint64_t mail_limit;    /* the server's MAILMAX (RFC 9422); 0: it has none */
    bool ready, secure, leaving;
    bool takes_8bit; /* the server offers 8BITMIME */
    struct timer idle;
    char peer[64];
};

/* Connects from the outlet to the host, whose addresses are known. */
void connection_open(struct outlet *outlet, struct site_host *host);

/* How many copies it can take at this moment. */
size_t connection_room(const struct connection *connection);

/* Sends ready copies while there is room. */
void connection_fill(struct connection *connection);

/* QUIT after what is in flight; at once when it is not ready yet. */
void connection_quit(struct connection *connection);

/* Closes now. */
void connection_abort(struct connection *connection);

/* Registers the metrics. */
void connection_init(void);

#endif
