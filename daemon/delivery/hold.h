/*
 * What keeps a delivery thread from beginning more although its receivers would take it: things of
 * this machine, for which no receiver and no copy is blamed.
 *
 *   a store that cannot be written, or a disk
 *   with little room (store/health.h)            looked at once a second
 *   no descriptor, memory or local port for one
 *   more connection                              tried again after a second
 *
 * What is on the wire goes on meanwhile, and so do the connections that there are. Log lines come
 * once for a time of trouble; the metric counts.
 */
#ifndef TOCSIN_DELIVERY_HOLD_H
#define TOCSIN_DELIVERY_HOLD_H

#include "delivery/site.h"

/* How long a thread, or a site, waits before it tries to connect again. */
enum { HOLD_MS = 1000 };

/* Registers the metric. */
void hold_init(void);

/* For a thread's start and end: between them, all its sites work again when the store has become
 * healthy. Whether it is, thread_may_begin asks. */
void hold_begin(struct delivery_thread *thread);
void hold_end(struct delivery_thread *thread);

/* Whether one more connection may be opened; if not, ask again after HOLD_MS. Connections that
 * nobody needs make room for others. */
bool hold_allows_connecting(struct delivery_thread *thread);

/* A connection could not be begun for the sentence's reason. */
void hold_note_shortage(const struct site *site, const char *sentence);

#endif
