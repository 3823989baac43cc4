/*
 * Finds out where the mail of many domains would go, without sending any: asked on the front loop,
 * looked for by the threads in which the domains have their homes (what they know already, routes,
 * DNS), and put together. What DNS has not said in time stays unknown.
 *
 *   scout_ask ─► letter to each thread ─► known, a route, or DNS until the deadline ─► letter back
 *                                                        all are back ─► on_scouted
 */
#ifndef TOCSIN_DELIVERY_SCOUT_H
#define TOCSIN_DELIVERY_SCOUT_H

#include "delivery/delivery.h"
#include "delivery/destination.h"
#include "loop/loop.h"

struct delivery_thread;

/* How long DNS may take. */
enum { SCOUT_DEADLINE_MS = 5000 };

struct scouted {
    uint32_t domain;
    struct destination *to; /* NULL: not known */
};

/* Answered once, on the loop `front`, in the order of `domains`, each of which is given once; the
 * destinations are gone after the callback. */
void scout_ask(struct delivery *delivery, struct loop *front, const uint32_t *domains, size_t count,
               void (*on_scouted)(void *ctx, const struct scouted *scouted, size_t count),
               void *ctx);

/* The thread is about to end: it asks nobody any more, and tells what it knows. */
void scouts_stop(struct delivery_thread *thread);

#endif
