/*
 * Time comes from here and nowhere else, so that a test can hold it. Waiting uses the monotonic
 * clock, records use the wall clock; the two are never compared.
 *
 * What is stored to be waited for (when a copy is due, since when it ages) needs both: it must mean
 * something after a restart, and must not move when somebody sets the clock. That is the steady
 * clock: the wall clock as it stood at the start, carried on by the monotonic one.
 */
#ifndef TOCSIN_BASE_CLOCK_H
#define TOCSIN_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_us(void); /* microseconds since some fixed moment; never goes back */
int64_t clock_mono_ms(void);
int64_t clock_wall_us(void); /* microseconds since 1970-01-01 UTC */
int64_t clock_wall_s(void);
int64_t
clock_steady_s(void); /* seconds since 1970-01-01 UTC as the start saw it; never goes back */

/* Notices when somebody sets the clock: looked at now and then, zeroed before the first time. */
struct clock_watch {
    int64_t ahead_us; /* the wall clock's lead over the steady one, as of the last jump */
};

enum { CLOCK_JUMP_S = 2 }; /* less is no jump */

/* By how many seconds the wall clock was set since it last said so; 0: not, or by less than a jump.
 */
int64_t clock_watch_look(struct clock_watch *watch);

/* For tests: both clocks stand at `us` until the next call; a negative value lets them go. */
void clock_hold(int64_t us);

#endif
