#include "delivery/pace.h"

enum { GUARD_MAX_US = 500000 };

static int64_t period_us(const struct rate *rate)
{
    return rate->period_ms * 1000;
}

static int64_t burst_us(const struct rate *rate)
{
    return period_us(rate) / 40;
}

static int64_t guard_us(const struct rate *rate)
{
    int64_t guard = period_us(rate) / 50;
    return guard < GUARD_MAX_US ? guard : GUARD_MAX_US;
}

/* Rounded up: a nanosecond more each time is no violation, one less is. */
static int64_t interval_ns(const struct rate *rate)
{
    int64_t stretched = (period_us(rate) + burst_us(rate) + guard_us(rate)) * 1000;
    int64_t count = (int64_t)rate->count;
    return (stretched + count - 1) / count;
}

/* The most that can have been used, whatever went. */
static int64_t used_up_ns(const struct rate *rate, int64_t now_us)
{
    return (now_us + burst_us(rate)) * 1000 + interval_ns(rate);
}

void pace_init(struct pace *pace, struct rate rate, int64_t now_us)
{
    pace->rate = rate;
    pace->next_ns = rate.count ? used_up_ns(&rate, now_us) : 0;
}

static bool same(struct rate a, struct rate b)
{
    return a.count == b.count && (a.count == 0 || a.period_ms == b.period_ms);
}

void pace_change(struct pace *pace, struct rate rate, int64_t now_us)
{
    if (!same(pace->rate, rate))
        pace_init(pace, rate, now_us);
}

int64_t pace_wait_us(const struct pace *pace, int64_t now_us)
{
    if (!pace->rate.count)
        return 0;
    int64_t wait = pace->next_ns - (now_us + burst_us(&pace->rate)) * 1000;
    return wait > 0 ? (wait + 999) / 1000 : 0;
}

uint64_t pace_allows(const struct pace *pace, int64_t until_us, int64_t now_us)
{
    if (!pace->rate.count)
        return UINT64_MAX;
    int64_t now = now_us * 1000, from = pace->next_ns > now ? pace->next_ns : now;
    int64_t span = (until_us + burst_us(&pace->rate)) * 1000 - from;
    return span < 0 ? 0 : (uint64_t)(span / interval_ns(&pace->rate)) + 1;
}

void pace_count(struct pace *pace, int64_t now_us)
{
    if (!pace->rate.count)
        return;
    if (pace->next_ns < now_us * 1000)
        pace->next_ns = now_us * 1000;
    pace->next_ns += interval_ns(&pace->rate);
}

bool pace_is_idle(const struct pace *pace, int64_t now_us)
{
    return !pace->rate.count || pace->next_ns <= now_us * 1000;
}
