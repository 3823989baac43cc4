/*
 * Time comes from here and nowhere else, so that a test can hold it. Waiting uses the monotonic
 * clock, records use the wall clock; the two are never compared.
 */
#ifndef TOCSIN_BASE_CLOCK_H
#define TOCSIN_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_us(void); /* microseconds since some fixed moment; never goes back */
int64_t clock_mono_ms(void);
int64_t clock_wall_us(void); /* microseconds since 1970-01-01 UTC */
int64_t clock_wall_s(void);

/* For tests: both clocks stand at `us` until the next call; a negative value lets them go. */
void clock_hold(int64_t us);

#endif
