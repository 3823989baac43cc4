#include "cli/pace.h"

/* Nobody plans with more than a year. */
static const double LONGEST_S = 365.0 * 86400;

static const struct pace_point *oldest(const struct pace *pace)
{
    return &pace->points[pace->count < PACE_POINTS ? 0 : pace->next];
}

void pace_see(struct pace *pace, int64_t at_ms, uint64_t done)
{
    const struct pace_point *last = &pace->points[(pace->next + PACE_POINTS - 1) % PACE_POINTS];
    pace->now = (struct pace_point){at_ms, done};
    if (pace->count > 0 && at_ms - last->at_ms < PACE_STEP_MS)
        return;
    pace->points[pace->next] = pace->now;
    pace->next = (pace->next + 1) % PACE_POINTS;
    if (pace->count < PACE_POINTS)
        pace->count++;
}

double pace_rate(const struct pace *pace)
{
    const struct pace_point *from = oldest(pace);
    int64_t ms = pace->now.at_ms - from->at_ms;
    if (pace->count == 0 || ms < PACE_STEP_MS || pace->now.done < from->done)
        return 0;
    return (double)(pace->now.done - from->done) * 1000 / (double)ms;
}

int64_t pace_left_s(const struct pace *pace, uint64_t left)
{
    double rate = pace_rate(pace);
    if (left == 0)
        return 0;
    if (rate <= 0 || (double)left / rate > LONGEST_S)
        return -1;
    return (int64_t)((double)left / rate + 0.5);
}
