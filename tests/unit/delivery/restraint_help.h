/* Rules, their restraints and effects, for the tests of delivery/restraint.h on a false clock. */
#ifndef TOCSIN_TESTS_DELIVERY_RESTRAINT_HELP_H
#define TOCSIN_TESTS_DELIVERY_RESTRAINT_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/restraint.h"

enum { NOW = 1700000000, MIN = 60, HOUR = 3600, MINUTE_MS = 60000, DAY_MS = 86400000 };

#define SITE STR("mx.example")
#define PROVIDER STR("orange")
#define SOURCE STR("mail1")

static inline struct throttle_limits limits(unsigned connections, uint64_t count, int64_t period_ms)
{
    struct throttle_limits l = {.connections = connections};
    if (count)
        l.rates = (struct rates){.at = {{count, period_ms}}, .count = 1};
    return l;
}

static inline struct rule rule_of(enum rule_action action)
{
    return (struct rule){.name = STR("busy"), .action = action, .for_ms = 15 * MINUTE_MS};
}

static inline struct rule slow_rule(uint64_t count, int64_t period_ms, unsigned connections)
{
    struct rule rule = rule_of(RULE_SLOW);
    rule.rate = (struct rate){count, count ? period_ms : 0};
    rule.connections = connections;
    return rule;
}

static inline struct restraint_record record_at(const struct rule *rule, int64_t now)
{
    return restraint_by_rule(rule, SITE, PROVIDER, SOURCE, 12, now, STR("421 busy"));
}

static inline struct restraint begun(const struct rule *rule, int64_t now)
{
    struct restraint r;
    struct restraint_record record = record_at(rule, now);
    restraint_init(&r, &record, now);
    return r;
}

static inline void act_again(struct restraint *r, const struct rule *rule, int64_t now,
                             const struct throttle_limits *usual)
{
    struct restraint_record by = record_at(rule, now);
    assert_true(restraint_is(r, &by));
    restraint_again(r, &by, now, usual);
}

static inline struct effect effect_at(const struct restraint *r, int64_t now,
                                      const struct throttle_limits *usual)
{
    struct effect effect = {0};
    restraint_add_to(r, now, usual, &effect);
    return effect;
}

/* What may go in a day: a number to compare rates with. */
static inline double daily(struct rate rate)
{
    return rate.count ? (double)rate.count * DAY_MS / (double)rate.period_ms : 1e300;
}

#endif
