#include "delivery/limits.h"

/* The rate of the same period; else a new one; else, where there are as many as can be, the last.
 */
static struct rate *rate_for(struct rates *rates, int64_t period_ms)
{
    for (size_t i = 0; i < rates->count; i++)
        if (rates->at[i].period_ms == period_ms)
            return &rates->at[i];
    if (rates->count == RATES_MAX)
        return &rates->at[RATES_MAX - 1];
    rates->at[rates->count].count = UINT64_MAX;
    return &rates->at[rates->count++];
}

void limits_lessen(struct throttle_limits *limits, const struct effect *effect)
{
    if (effect->connections && (!limits->connections || effect->connections < limits->connections))
        limits->connections = effect->connections;
    if (!effect->rate.count)
        return;
    struct rate *rate = rate_for(&limits->rates, effect->rate.period_ms);
    if (rate->period_ms != effect->rate.period_ms || rate->count > effect->rate.count)
        *rate = effect->rate;
}
