/*
 * Schedules of retry: from the plain block `retry` and the blocks `schedule "NAME"` to one schedule
 * for each lane and kind of failure, so that nobody has to look for the right one while sending.
 * What a block leaves out comes from the next less specific one:
 *
 *   "LANE KIND" ─► "KIND" ─► what is built in for the kind ─► "LANE" ─► retry
 *
 * What is built in never makes a wait longer: it only shortens what the lane has. Owns nothing.
 */
#ifndef TOCSIN_CONFIG_SCHEDULE_H
#define TOCSIN_CONFIG_SCHEDULE_H

#include "config/config.h"

/* 0 when `name` is a lane, a kind of failure, or both with one space between; else the second half
 * of a sentence, as in config/units.h. */
int schedule_name(struct str name, struct err *err);

/* Fills `retry.schedules` and `retry.max_ages_ms`. The names were checked. */
void schedules_resolve(struct config *config);

/* What the options of one block only say together, and with what they came to: 0, or -1 with a
 * whole sentence. */
int schedule_check(const struct schedule_block *block, const struct retry_config *retry,
                   struct err *err);

#endif
