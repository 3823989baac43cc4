/*
 * One rate: how long the next one must wait so that never more than `count` happen in any period,
 * wherever that begins (the generic cell rate algorithm, ITU-T I.371, with the interval stretched
 * so that even its burst stays inside the limit). Pure: the caller brings the time.
 *
 *     burst = period / 40, guard = period / 50 (at most half a second)
 *     interval = (period + burst + guard) / count
 *
 * What is due may be late by the burst without losing anything, and a receiver may see things
 * closer together than they left by the guard, without counting more than the limit. At least 95 %
 * of the limit is used when there is work.
 */
#ifndef TOCSIN_DELIVERY_PACE_H
#define TOCSIN_DELIVERY_PACE_H

#include "config/config.h"

struct pace {
    struct rate rate; /* count 0: no limit */
    int64_t next_ns;  /* when the one after the last is due, at an even pace */
};

/* Nothing is known of what went before `now_us`: as if as much as is allowed. */
void pace_init(struct pace *pace, struct rate rate, int64_t now_us);

/* Another rate holds from now on: what was used of the old one is not given again. */
void pace_change(struct pace *pace, struct rate rate, int64_t now_us);

/* Microseconds until one more may go; 0: now. */
int64_t pace_wait_us(const struct pace *pace, int64_t now_us);

/* How many may go until then, if nothing goes before. */
uint64_t pace_allows(const struct pace *pace, int64_t until_us, int64_t now_us);

/* One goes. */
void pace_count(struct pace *pace, int64_t now_us);

/* Nothing that went counts any more: it is as a new one would be. */
bool pace_is_idle(const struct pace *pace, int64_t now_us);

#endif
