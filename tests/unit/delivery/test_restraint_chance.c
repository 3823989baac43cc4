/* What holds for restraints whatever the numbers are. */
#include "unit/delivery/restraint_help.h"

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
    chance_state = chance_state * 6364136223846793005U + 1442695040888963407U;
    return (chance_state >> 33) % below;
}

static struct rate any_rate(void)
{
    static const int64_t periods[] = {1000, MINUTE_MS, 60 * MINUTE_MS, DAY_MS};
    uint64_t count = (uint64_t)1 << chance(32);
    return (struct rate){1 + chance(count), periods[chance(4)]};
}

static struct throttle_limits any_limits(void)
{
    struct throttle_limits l = {.connections = (unsigned)chance(2) * (1 + (unsigned)chance(300))};
    l.rates.count = chance(RATES_MAX + 1);
    for (size_t i = 0; i < l.rates.count; i++)
        l.rates.at[i] = any_rate();
    return l;
}

static struct rule any_rule(void)
{
    struct rule rule = rule_of((enum rule_action)chance(5));
    rule.for_ms = 1000 + (int64_t)chance(3 * 60 * MINUTE_MS);
    if (rule.action == RULE_SLOW)
        rule = slow_rule(any_rate().count * chance(2), MINUTE_MS, 1 + (unsigned)chance(20));
    return rule;
}

/* What was asked, and not for longer: from then on it gets easier with each step, until it goes;
 * and it changes at no other time than it said. */
static void follow_to_its_end(struct restraint *r, const struct throttle_limits *usual,
                              const struct rule *rule)
{
    struct effect before = effect_at(r, r->is.began, usual);
    int64_t change = restraint_next_change(r, r->is.began, usual), now = r->is.began;
    unsigned steps = 0;
    for (; !restraint_is_over(r, now, usual); now += 15) {
        struct effect e = effect_at(r, now, usual);
        bool asked = now < r->is.until;
        assert_true(asked || !(e.suspended || e.blocked || e.plain));
        assert_true(daily(e.rate) >= daily(before.rate) || before.suspended);
        assert_true(!e.connections || before.suspended || e.connections >= before.connections);
        if (asked && rule->action == RULE_SLOW && e.rate.count)
            assert_true(e.rate.count == rule->rate.count);
        if (now < change)
            assert_memory_equal(&e, &before, offsetof(struct effect, because));
        for (; now >= change; steps++)
            change = restraint_next_change(r, change, usual);
        assert_true(change > now && steps < 40);
        before = e;
    }
    assert_null(effect_at(r, now, usual).because);
    assert_true(now <= (int64_t)r->is.until + 32 * RECOVERY_STEP_S);
    assert_int_equal(restraint_next_change(r, now, usual), now);
}

static void it_always_ends_and_gets_easier_on_the_way(void **state)
{
    (void)state;
    for (chance_state = 1; chance_state < 800; chance_state++) {
        uint64_t seed = chance_state;
        struct rule rule = any_rule();
        struct throttle_limits usual = any_limits();
        struct restraint r = begun(&rule, NOW);
        follow_to_its_end(&r, &usual, &rule);
        restraint_release(&r);
        chance_state = seed;
    }
}

/* Nor does it ever hold for more than four times what the rule says since it last acted. */
static void strikes_are_bounded(void **state)
{
    (void)state;
    for (chance_state = 1; chance_state < 500; chance_state++) {
        uint64_t seed = chance_state;
        struct rule rule = rule_of(RULE_SUSPEND);
        struct restraint r = begun(&rule, NOW);
        int64_t now = NOW;
        for (int i = 0; i < 30; i++) {
            now += (int64_t)chance(40 * MIN);
            act_again(&r, &rule, now, NULL);
            assert_true(r.is.until >= now + 15 * MIN);
            assert_true(r.is.until <= now + 4 * 15 * MIN);
            assert_true(r.is.began <= now && r.is.strikes <= RESTRAINT_STRIKES_MAX);
        }
        restraint_release(&r);
        chance_state = seed;
    }
}

static struct effect sum_of(struct restraint *r, const size_t order[4], int64_t now,
                            const struct throttle_limits *usual)
{
    struct effect e = {0};
    for (size_t i = 0; i < 4; i++) {
        struct effect before = e;
        restraint_add_to(&r[order[i]], now, usual, &e);
        assert_true(daily(e.rate) <= daily(before.rate));
        assert_true(!before.connections || (e.connections && e.connections <= before.connections));
        assert_true(e.suspended >= before.suspended && e.plain >= before.plain);
    }
    return e;
}

static void in_any_order_the_effect_is_the_same(void **state)
{
    static const size_t forth[] = {0, 1, 2, 3}, back[] = {3, 2, 1, 0}, mixed[] = {2, 0, 3, 1};
    (void)state;
    for (chance_state = 1; chance_state < 2000; chance_state++) {
        uint64_t seed = chance_state;
        struct throttle_limits usual = any_limits();
        struct restraint r[4];
        for (size_t i = 0; i < 4; i++) {
            struct rule rule = any_rule();
            r[i] = begun(&rule, NOW + (int64_t)chance(HOUR));
        }
        int64_t now = NOW + (int64_t)chance(2 * HOUR);
        struct effect a = sum_of(r, forth, now, &usual), b = sum_of(r, back, now, &usual),
                      c = sum_of(r, mixed, now, &usual);
        assert_true(a.suspended == b.suspended && b.suspended == c.suspended);
        assert_true(a.blocked == b.blocked && a.plain == b.plain && a.until == b.until);
        assert_true(a.until == c.until && a.connections == b.connections);
        assert_true(daily(a.rate) == daily(b.rate) && daily(b.rate) == daily(c.rate));
        for (size_t i = 0; i < 4; i++)
            restraint_release(&r[i]);
        chance_state = seed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_always_ends_and_gets_easier_on_the_way),
        cmocka_unit_test(strikes_are_bounded),
        cmocka_unit_test(in_any_order_the_effect_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
