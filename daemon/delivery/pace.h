/*
 * A site's rate: how long the next message must wait so that no more than the configured number go
 * in any time, but for a short burst that evens out the timers. Pure: the caller brings the time.
 */
#ifndef TOCSIN_DELIVERY_PACE_H
#define TOCSIN_DELIVERY_PACE_H

#include "config/config.h"

enum { PACE_BURST_US = 50000 };

struct pace {
    int64_t next_us; /* when the message after the last one is due, at an even pace */
};

/* Microseconds until one more may go; 0: now. */
int64_t pace_wait_us(const struct pace *pace, const struct rate *rate, int64_t now_us);

/* One goes. */
void pace_count(struct pace *pace, const struct rate *rate, int64_t now_us);

#endif
