/*
 * How we behave towards a site: joins what its sessions see (smtp/client.h) with the machine that
 * weighs it (manners.h), and does what follows. A lesson is kept in the store for a week, counted
 * in the metrics, and told to the administrator in one line of the log; connections that speak
 * another way than the site now wants finish what they carry and leave.
 */
#ifndef TOCSIN_DELIVERY_CONDUCT_H
#define TOCSIN_DELIVERY_CONDUCT_H

#include "delivery/site.h"

/* Registers the metrics. */
void conduct_init(void);

/* For a new site: recalls what was learned before a restart. Reads the store. */
void conduct_recall(struct site *site);

/* The site is forgotten; what was learned of it stays in the store. */
void conduct_part(struct site *site);

/* How a new connection is to speak, and its settings for that. */
struct manners_session conduct_begin(struct site *site);
void conduct_set(const struct site *site, const struct manners_session *session,
                 struct smtp_params *params);

/* How many transactions new connections have in flight at most. */
unsigned conduct_in_flight(const struct site *site);

/* A message was accepted; one was lost, and `sentence` says why; the session ended. */
void conduct_accepted(struct site *site, struct manners_session *session, enum smtp_depth depth);
void conduct_lost(struct site *site, struct smtp_manners seen, const char *sentence);
void conduct_ended(struct site *site, const struct manners_session *session,
                   struct smtp_manners seen, const char *sentence);

#endif
