#include "config/warm_up.h"

enum { DAY_S = 24 * 60 * 60 };

uint32_t warm_up_day(int64_t wall_s)
{
    return wall_s > 0 ? (uint32_t)(wall_s / DAY_S) : 0;
}

int64_t warm_up_day_left_s(int64_t wall_s)
{
    return DAY_S - (wall_s > 0 ? wall_s % DAY_S : 0);
}

/* How many days of the schedule are over. */
static size_t days_gone(const struct warm_up *warm_up, uint32_t day)
{
    uint32_t first = warm_up_day(warm_up->start);
    return day > first ? day - first : 0;
}

bool warm_up_is_new(const struct warm_up *warm_up, uint32_t day)
{
    return days_gone(warm_up, day) < warm_up->day_count;
}

uint32_t warm_up_budget(const struct warm_up *warm_up, uint32_t day)
{
    bool begun = day >= warm_up_day(warm_up->start);
    return begun && warm_up_is_new(warm_up, day) ? warm_up->days[days_gone(warm_up, day)] : 0;
}

uint64_t warm_up_rest(const struct warm_up *warm_up, uint32_t day)
{
    uint64_t sum = 0;
    for (size_t i = days_gone(warm_up, day); i < warm_up->day_count; i++)
        sum += warm_up->days[i];
    return sum;
}
