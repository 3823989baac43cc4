/*
 * What the daemon expects of a job, in words and as a table for people. Everything is read from
 * `forecast` and `finished_in_s` of a JSON object, as docs/api.md describes them.
 */
#ifndef TOCSIN_CLI_FORECAST_H
#define TOCSIN_CLI_FORECAST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Whether the object has a forecast with at least one group. */
bool forecast_is_there(const json_t *object);

/* Seconds until all will have been served; -1 when that is not known. */
int64_t forecast_left_s(const json_t *object);

/* "1 h 20 min": rounded as one says it. */
void forecast_say_about(struct buf *out, uint64_t seconds);

/* "in about 1 h 20 min (14:35)"; `now` is in seconds since 1970. */
void forecast_say_end(struct buf *out, uint64_t seconds, int64_t now);

/* The sentence about the whole: when it will be finished, and what takes longest. */
void forecast_say_whole(struct buf *out, const json_t *object, int64_t now);

/* Prints the table of groups, and the sentence. */
void forecast_print(const json_t *object, int64_t now);

#endif
