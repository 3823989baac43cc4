/*
 * Numbers for Prometheus. A room declares its metrics as static structs and registers them once at
 * start; any thread changes them; `metrics_render` writes them all as Prometheus text (format
 * 0.0.4). Metrics that share a name and differ in labels are registered one after the other.
 */
#ifndef TOCSIN_BASE_METRICS_H
#define TOCSIN_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
    const char *name;   /* with the unit and, for counters, "_total" at the end */
    const char *labels; /* `result="delivered"`, or NULL */
    const char *help;   /* one sentence */
    enum metric_kind kind;
    _Atomic int64_t value;
    struct metric *next;
};

static inline void metric_add(struct metric *m, int64_t n)
{
    atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
}

static inline void metric_set(struct metric *m, int64_t n)
{
    atomic_store_explicit(&m->value, n, memory_order_relaxed);
}

static inline int64_t metric_get(const struct metric *m)
{
    return atomic_load_explicit(&m->value, memory_order_relaxed);
}

/* Adds m to what is rendered; a second call with the same m does nothing. */
void metric_register(struct metric *m);

void metrics_render(struct buf *out);

#endif
