/*
 * What a warm-up's schedule says (struct warm_up): whether a source is new on some day, and how
 * much it may send to each provider on it. Days begin at midnight UTC and are counted from
 * 1970-01-01. Pure.
 *
 *     before `start`            new, with a budget of 0
 *     day 1 to the last one     new, with the budget of the day
 *     afterwards, or no days    warm: there is no budget
 */
#ifndef TOCSIN_CONFIG_WARM_UP_H
#define TOCSIN_CONFIG_WARM_UP_H

#include "config/config.h"

/* The day of a moment, in seconds since 1970 (clock_wall_s). */
uint32_t warm_up_day(int64_t wall_s);

/* Seconds from a moment to the beginning of the next day: 1 to 86,400. */
int64_t warm_up_day_left_s(int64_t wall_s);

bool warm_up_is_new(const struct warm_up *warm_up, uint32_t day);

/* Messages to each provider on that day; only for a source that is new. */
uint32_t warm_up_budget(const struct warm_up *warm_up, uint32_t day);

/* The budgets of that day and of all days after it, together; 0 for a warm source. */
uint64_t warm_up_rest(const struct warm_up *warm_up, uint32_t day);

#endif
