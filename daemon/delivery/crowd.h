/*
 * Room for others. A thread looks after so many domains at a time (delivery/domains.h), and one
 * slow receiver that hosts thousands of them would have all of it. When many are leased here, a
 * site keeps those that it can serve soon, and those with transactional mail; the others leave,
 * each until its turn is near. So do domains that only wait for their next attempt.
 */
#ifndef TOCSIN_DELIVERY_CROWD_H
#define TOCSIN_DELIVERY_CROWD_H

#include <stdbool.h>

struct site;
struct tenancy;

/* Every TEMPO_TICK_MS, before the site's tempo_tick; `at_work`: it could send all the while. */
void crowd_thin(struct site *site, bool at_work);

/* At the end of its work, a site with few domains: those leave that only wait. */
void crowd_rest(struct site *site);

/* A domain that is offered to a site which has had some leave: it leaves, too. True if it does;
 * then the tenancy may be gone. */
bool crowd_meet(struct tenancy *tenancy);

#endif
