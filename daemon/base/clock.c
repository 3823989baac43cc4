#include "base/clock.h"

#include <stdatomic.h>

static _Atomic int64_t held = -1;

static int64_t read_clock(clockid_t id)
{
    int64_t fixed = atomic_load_explicit(&held, memory_order_relaxed);
    if (fixed >= 0)
        return fixed;
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_wall_s(void)
{
    return clock_wall_us() / 1000000;
}

/* What the wall clock was ahead of the other at the first call; 0: there was none yet. A machine
 * that sleeps does not stop what waits: CLOCK_BOOTTIME goes on. */
static int64_t steady_offset_us(void)
{
    static _Atomic int64_t offset;
    int64_t known = atomic_load_explicit(&offset, memory_order_relaxed);
    if (known)
        return known;
    int64_t fresh = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME);
    return atomic_compare_exchange_strong(&offset, &known, fresh) ? fresh : known;
}

static int64_t steady_us(void)
{
    if (atomic_load_explicit(&held, memory_order_relaxed) >= 0)
        return clock_wall_us();
    return read_clock(CLOCK_BOOTTIME) + steady_offset_us();
}

int64_t clock_steady_s(void)
{
    return steady_us() / 1000000;
}

int64_t clock_watch_look(struct clock_watch *watch)
{
    int64_t steady = steady_us(); /* first: the first call of all takes the wall clock as it is */
    int64_t ahead = clock_wall_us() - steady;
    int64_t jump_s = (ahead - watch->ahead_us) / 1000000;
    if (jump_s > -CLOCK_JUMP_S && jump_s < CLOCK_JUMP_S)
        return 0;
    watch->ahead_us = ahead;
    return jump_s;
}

void clock_hold(int64_t us)
{
    atomic_store(&held, us);
}
