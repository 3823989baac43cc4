/*
 * How long the warm-up schedules of new sources (config/warm_up.h) make something take that only
 * they may send. Pure.
 */
#ifndef TOCSIN_DELIVERY_BUDGET_H
#define TOCSIN_DELIVERY_BUDGET_H

#include "config/config.h"

/* Whether all sources of a pool are new at this moment (seconds since 1970). */
bool budget_binds(const struct config *config, const struct pool *pool, int64_t wall_s);

/* Seconds from that moment to the beginning of the day on which the last of so many messages to a
 * provider may go, if nothing else goes there: 0 for today, also when one of them is warm. */
int64_t budget_wait_s(const struct config *config, const struct pool *pool, int64_t wall_s,
                      double messages);

#endif
