#include "delivery/budget.h"

#include <math.h>

#include "config/warm_up.h"

enum { DAY_S = 86400 };

/* What they may send on a day, together; INFINITY when one of them is warm. */
static double day_budget(const struct config *config, const struct pool *pool, uint32_t day)
{
    double sum = 0;
    for (size_t i = 0; i < config->source_count; i++) {
        const struct warm_up *warm_up = &config->sources[i].warm_up;
        if (!(pool->members >> i & 1))
            continue;
        if (!warm_up_is_new(warm_up, day))
            return INFINITY;
        sum += warm_up_budget(warm_up, day);
    }
    return sum;
}

bool budget_binds(const struct config *config, const struct pool *pool, int64_t wall_s)
{
    return isfinite(day_budget(config, pool, warm_up_day(wall_s)));
}

/* Each schedule ends some day, and starts in a year of four digits: the days are looked at one by
 * one only until then. */
int64_t budget_wait_s(const struct config *config, const struct pool *pool, int64_t wall_s,
                      double messages)
{
    uint32_t day = warm_up_day(wall_s);
    int64_t wait = 0, next = warm_up_day_left_s(wall_s);
    for (;; day++, wait = next, next += DAY_S) {
        messages -= day_budget(config, pool, day);
        if (messages <= 0)
            return wait;
    }
}
