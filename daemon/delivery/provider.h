/*
 * A provider as one thread has it: the throttles that its sites share, one for each source and one
 * for all sources together, and its sites. All sites of a provider live in the same thread
 * (delivery/destination.h), so this is all there is of it.
 */
#ifndef TOCSIN_DELIVERY_PROVIDER_H
#define TOCSIN_DELIVERY_PROVIDER_H

#include "base/hash.h"
#include "delivery/thread.h"
#include "delivery/throttle.h"

struct provider_source {
    struct provider_source *next;
    struct str source; /* its name, as long as the thread */
    struct throttle throttle;
};

struct site_provider {
    char *name;
    struct delivery_thread *thread;
    struct throttle total;
    struct provider_source *sources;
    struct site *sites;   /* by next_of_provider */
    double seconds;       /* of a connection, for a message: tempo_seconds of a site; 0: not seen */
    uint64_t asked_at_ms; /* for a connection to make room, last (on the loop's clock) */
    UT_hash_handle hh;    /* in the thread's, by name */
};

/* Made if there is none. It stays as long as the thread. */
struct site_provider *provider_get(struct delivery_thread *thread, struct str name);

/* What a source shares at all sites of the provider. */
struct throttle *provider_throttle(struct site_provider *provider, struct str source);

/* An outlet of one of its sites waits for a connection: one that is idle elsewhere makes room, or,
 * when a transactional copy waits, one that carries none. */
struct outlet;
void provider_ask_for_slot(struct site_provider *provider, const struct outlet *outlet);

/* Its limits as they are now: those of the configuration, lessened by what is in force there. */
void provider_refresh(struct site_provider *provider);

void providers_release(struct delivery_thread *thread);

#endif
