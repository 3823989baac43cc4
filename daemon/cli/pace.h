/*
 * How fast something goes, from what was seen of it in the last seconds, and how long it will still
 * take. Pure: the clock is the caller's.
 */
#ifndef TOCSIN_CLI_PACE_H
#define TOCSIN_CLI_PACE_H

#include <stddef.h>
#include <stdint.h>

enum { PACE_POINTS = 40, PACE_STEP_MS = 250 };

struct pace_point {
    int64_t at_ms;
    uint64_t done;
};

/* The last points, at least PACE_STEP_MS apart, so a window of ten seconds. Zeroed to begin with.
 */
struct pace {
    struct pace_point points[PACE_POINTS];
    size_t count, next;
    struct pace_point now;
};

void pace_see(struct pace *pace, int64_t at_ms, uint64_t done);

/* A second; 0 as long as nothing can be said. */
double pace_rate(const struct pace *pace);

/* Seconds for `left` more; -1 when that cannot be said. */
int64_t pace_left_s(const struct pace *pace, uint64_t left);

#endif
