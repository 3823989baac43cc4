/* Chance that is the same each time, for property tests; and the frame that they share. */
#ifndef TOCSIN_TESTS_DELIVERY_DICE_H
#define TOCSIN_TESTS_DELIVERY_DICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct dice {
    uint64_t state;
};

/* Marsaglia's xorshift64*; `below` is not 0. */
static inline uint64_t dice_below(struct dice *dice, uint64_t below)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return (dice->state * UINT64_C(0x2545f4914f6cdd1d) >> 16) % below;
}

static inline struct dice dice_of(uint64_t seed)
{
    return (struct dice){seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
}

#endif
