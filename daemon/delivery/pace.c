#include "delivery/pace.h"

int64_t pace_wait_us(const struct pace *pace, const struct rate *rate, int64_t now_us)
{
    int64_t ahead = pace->next_us - now_us;
    return rate->count && ahead > PACE_BURST_US ? ahead - PACE_BURST_US : 0;
}

void pace_count(struct pace *pace, const struct rate *rate, int64_t now_us)
{
    if (!rate->count)
        return;
    if (pace->next_us < now_us)
        pace->next_us = now_us;
    pace->next_us += rate->period_ms * 1000 / (int64_t)rate->count;
}
