/*
 * One pooled connection of a site: an SMTP session and the copies on it. It takes copies from its
 * site while it has room, up to the site's limit for one connection, says good-bye when that is
 * reached or when it was idle too long, and hands everything it hears to report and site.
 */
#ifndef TOCSIN_DELIVERY_CONNECTION_H
#define TOCSIN_DELIVERY_CONNECTION_H

#include "delivery/site.h"

struct connection {
    struct connection *next, **link; /* in the site's list */
    struct site *site;
    struct smtp_client *client;
    struct smtp_params params;
    struct manners_session session;
    struct delivery_settings *settings;
    struct str source; /* the name of where it comes from */
    unsigned in_flight;
    unsigned served;     /* copies that were sent, */
    unsigned answered;   /* and those that got an answer */
    uint64_t mail_limit; /* the server's MAILMAX (RFC 9422); 0: it has none */
    bool ready, secure, leaving;
    struct timer idle;
    char peer[64];
};

/* Connects to the site's next address. */
void connection_open(struct site *site);

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
