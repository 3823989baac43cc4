/*
 * Sees to it that what sites take is observed (delivery/tempo.h): every TEMPO_TICK_MS each site of
 * a thread is looked at, and a provider remembers what its sites were last seen to take, also when
 * they are let go.
 */
#ifndef TOCSIN_DELIVERY_OBSERVE_H
#define TOCSIN_DELIVERY_OBSERVE_H

#include "delivery/thread.h"

/* For a thread's start and end. */
void observe_begin(struct delivery_thread *thread);
void observe_end(struct delivery_thread *thread);

#endif
