#include "unit/delivery/restraint_help.h"

static void assert_rate(struct rate got, uint64_t count, int64_t period_ms)
{
    assert_int_equal(got.count, count);
    assert_int_equal(got.period_ms, period_ms);
}

static void assert_terms(const struct effect *got, unsigned connections, double per_minute)
{
    assert_false(got->suspended);
    assert_int_equal(got->connections, connections);
    assert_float_equal(daily(got->rate) / 1440, per_minute, 0.001);
}

/* --- What holds --- */

static void a_suspension_stops_everything_for_its_time(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct throttle_limits usual = limits(10, 100, 1000);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    for (int64_t now = NOW; now < NOW + 15 * MIN; now += 7) {
        struct effect e = effect_at(&r, now, &usual);
        assert_true(e.suspended && !e.blocked && !e.plain);
        assert_int_equal(e.until, NOW + 15 * MIN);
        assert_ptr_equal(e.because, &r);
        assert_int_equal(restraint_next_change(&r, now, &usual), NOW + 15 * MIN);
        assert_false(restraint_is_over(&r, now, &usual));
    }
    assert_false(effect_at(&r, NOW + 15 * MIN, &usual).suspended);
    restraint_release(&r);
}

static void a_block_is_a_suspension_that_says_so(void **state)
{
    struct rule rule = rule_of(RULE_BLOCK);
    struct restraint r = begun(&rule, NOW);
    struct effect e = effect_at(&r, NOW, NULL);
    (void)state;
    assert_true(e.suspended && e.blocked);
    e = effect_at(&r, r.is.until, NULL);
    assert_false(e.suspended || e.blocked);
    assert_int_equal(e.connections, 1);
    restraint_release(&r);
}

static void slow_asks_for_what_its_rule_says(void **state)
{
    struct rule rule = slow_rule(1, MINUTE_MS, 1);
    struct throttle_limits usual = limits(10, 100, 1000);
    struct restraint r = begun(&rule, NOW);
    struct effect e = effect_at(&r, NOW + 15 * MIN - 1, &usual);
    (void)state;
    assert_false(e.suspended);
    assert_rate(e.rate, 1, MINUTE_MS);
    assert_int_equal(e.connections, 1);
    assert_int_equal(e.until, NOW + 15 * MIN);
    restraint_release(&r);
}

static void slow_that_is_not_slower_has_no_effect(void **state)
{
    struct rule rule = slow_rule(100, 1000, 10);
    struct throttle_limits usual = limits(10, 6000, MINUTE_MS);
    struct restraint r = begun(&rule, NOW);
    struct effect e = effect_at(&r, NOW, &usual);
    (void)state;
    assert_null(e.because);
    assert_int_equal(e.rate.count, 0);
    assert_int_equal(e.connections, 0);
    assert_false(restraint_is_over(&r, NOW, &usual));
    assert_true(restraint_is_over(&r, r.is.until, &usual));
    restraint_release(&r);
}

static void plain_holds_and_is_over_at_once(void **state)
{
    struct rule rule = rule_of(RULE_PLAIN);
    struct restraint r = begun(&rule, NOW);
    struct effect e = effect_at(&r, NOW, NULL);
    (void)state;
    assert_true(e.plain && !e.suspended);
    assert_ptr_equal(e.because, &r);
    assert_false(restraint_is_over(&r, r.is.until - 1, NULL));
    assert_true(restraint_is_over(&r, r.is.until, NULL));
    assert_false(effect_at(&r, r.is.until, NULL).plain);
    restraint_release(&r);
}

static void a_held_job_stays_and_others_go(void **state)
{
    struct rule rule = rule_of(RULE_HOLD_JOB);
    struct restraint r = begun(&rule, NOW);
    struct effect e = effect_at(&r, NOW, NULL);
    (void)state;
    assert_null(e.because);
    assert_true(restraint_holds_job(&r, 12, NOW));
    assert_false(restraint_holds_job(&r, 13, NOW));
    assert_int_equal(r.is.source.len, 0);
    assert_false(restraint_holds_job(&r, 12, r.is.until));
    assert_true(restraint_is_over(&r, r.is.until, NULL));
    restraint_release(&r);
}

static void by_hand_it_lasts_until_somebody_resumes_it(void **state)
{
    struct restraint_record record = {.scope = RESTRAINT_AT_PROVIDER,
                                      .action = RESTRAINT_SUSPEND,
                                      .place = STR("google"),
                                      .began = NOW,
                                      .until = RESTRAINT_UNTIL_RESUMED};
    struct restraint r;
    (void)state;
    restraint_init(&r, &record, NOW);
    assert_true(effect_at(&r, (int64_t)NOW + UINT32_MAX, NULL).suspended);
    assert_int_equal(effect_at(&r, NOW, NULL).until, RESTRAINT_UNTIL_RESUMED);
    assert_false(restraint_is_over(&r, (int64_t)NOW + UINT32_MAX, NULL));
    assert_int_equal(restraint_next_change(&r, NOW, NULL), INT64_MAX);
    restraint_release(&r);
}

/* --- The way back --- */

static void after_a_suspension_it_starts_slowly(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct throttle_limits usual = limits(10, 100, 1000);
    struct restraint r = begun(&rule, NOW);
    static const struct {
        unsigned connections;
        double per_minute;
    } steps[] = {{1, 600}, {2, 1200}, {4, 2400}, {8, 4800}};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        int64_t from = r.is.until + i * RECOVERY_STEP_S;
        struct effect first = effect_at(&r, from, &usual);
        struct effect last = effect_at(&r, from + RECOVERY_STEP_S - 1, &usual);
        assert_terms(&first, steps[i].connections, steps[i].per_minute);
        assert_terms(&last, steps[i].connections, steps[i].per_minute);
        assert_int_equal(first.until, r.is.until + 4 * RECOVERY_STEP_S);
        assert_int_equal(restraint_next_change(&r, from, &usual), from + RECOVERY_STEP_S);
        assert_false(restraint_is_over(&r, from, &usual));
    }
    assert_true(restraint_is_over(&r, r.is.until + 4 * MIN, &usual));
    assert_null(effect_at(&r, r.is.until + 4 * MIN, &usual).because);
    restraint_release(&r);
}

static void where_no_rate_is_usual_it_feels_its_way(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        struct effect e = effect_at(&r, r.is.until + i * MIN, NULL);
        assert_rate(e.rate, 1U << i, 1000);
        assert_int_equal(e.connections, i < 4 ? 1U << i : 0);
    }
    assert_true(restraint_is_over(&r, r.is.until + 7 * MIN, NULL));
    restraint_release(&r);
}

/* With less than that, whole steps would pass in silence. */
static void two_a_minute_is_the_least_to_begin_with(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct throttle_limits usual = limits(1, 5000, DAY_MS);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    assert_rate(effect_at(&r, r.is.until, &usual).rate, 2, MINUTE_MS);
    assert_true(restraint_is_over(&r, r.is.until + MIN, &usual));
    usual = limits(1, 1, MINUTE_MS);
    assert_true(restraint_is_over(&r, r.is.until, &usual));
    restraint_release(&r);
}

static void a_tenth_of_few_is_one_in_a_longer_time(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct throttle_limits usual = limits(1, 3, 1000);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    assert_rate(effect_at(&r, r.is.until, &usual).rate, 1, 3334);
    assert_rate(effect_at(&r, r.is.until + 3 * MIN, &usual).rate, 8, 3334);
    assert_true(restraint_is_over(&r, r.is.until + 4 * MIN, &usual));
    restraint_release(&r);
}

static void of_several_rates_it_goes_from_the_slowest_to_the_fastest(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct throttle_limits usual = limits(1, 100, 1000);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    usual.rates.at[usual.rates.count++] = (struct rate){1000000, DAY_MS};
    assert_rate(effect_at(&r, r.is.until, &usual).rate, 100000, DAY_MS);
    assert_false(restraint_is_over(&r, r.is.until + 6 * MIN, &usual));
    assert_true(restraint_is_over(&r, r.is.until + 7 * MIN, &usual));
    restraint_release(&r);
}

static void after_a_slow_time_it_doubles_what_was_slow(void **state)
{
    struct rule rule = slow_rule(1, MINUTE_MS, 0);
    struct throttle_limits usual = limits(10, 1, 1000);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct effect e = effect_at(&r, r.is.until + i * MIN, &usual);
        assert_terms(&e, 0, 2U << i);
        assert_int_equal(e.until, r.is.until + 5 * MIN);
    }
    assert_true(restraint_is_over(&r, r.is.until + 5 * MIN, &usual));
    restraint_release(&r);
}

static void connections_come_back_by_themselves_too(void **state)
{
    struct rule rule = slow_rule(0, 0, 3);
    struct throttle_limits usual = limits(25, 100, 1000);
    struct restraint r = begun(&rule, NOW);
    static const unsigned steps[] = {6, 12, 24};
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(effect_at(&r, r.is.until + i * MIN, &usual).connections, steps[i]);
    assert_int_equal(effect_at(&r, r.is.until, &usual).rate.count, 0);
    assert_true(restraint_is_over(&r, r.is.until + 3 * MIN, &usual));
    restraint_release(&r);
}

/* --- Again --- */

static void again_while_it_holds_it_only_ends_later(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    for (int i = 1; i <= 5; i++)
        act_again(&r, &rule, NOW + i * MIN, NULL);
    assert_int_equal(r.is.strikes, 0);
    assert_int_equal(r.is.began, NOW);
    assert_int_equal(r.is.until, NOW + 20 * MIN);
    rule.for_ms = 1000; /* after a reload */
    act_again(&r, &rule, NOW + 6 * MIN, NULL);
    assert_int_equal(r.is.until, NOW + 20 * MIN);
    restraint_release(&r);
}

static void again_while_it_recovers_it_lasts_twice_as_long(void **state)
{
    static const int minutes[] = {30, 60, 60, 60};
    struct rule rule = rule_of(RULE_SUSPEND);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        int64_t now = r.is.until + 2 * MIN;
        act_again(&r, &rule, now, NULL);
        assert_int_equal(r.is.began, now);
        assert_int_equal(r.is.until, now + minutes[i] * MIN);
        assert_true(effect_at(&r, now, NULL).suspended);
    }
    act_again(&r, &rule, r.is.began + MIN, NULL); /* and ends later by that */
    assert_int_equal(r.is.until, r.is.began + 61 * MIN);
    restraint_release(&r);
}

static void again_after_it_was_over_is_the_first_time(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct restraint r = begun(&rule, NOW);
    (void)state;
    act_again(&r, &rule, r.is.until, NULL);
    assert_int_equal(r.is.strikes, 1);
    int64_t now = r.is.until + HOUR;
    act_again(&r, &rule, now, NULL);
    assert_int_equal(r.is.strikes, 0);
    assert_int_equal(r.is.until, now + 15 * MIN);
    restraint_release(&r);
}

static void again_it_says_why_anew(void **state)
{
    struct rule rule = slow_rule(1, MINUTE_MS, 0);
    struct restraint r = begun(&rule, NOW);
    char reply[] = "421 too many";
    (void)state;
    rule.rate.count = 2; /* after a reload */
    struct restraint_record by =
        restraint_by_rule(&rule, SITE, PROVIDER, SOURCE, 0, NOW + 1, str_of(reply));
    restraint_again(&r, &by, NOW + 1, NULL);
    memset(reply, 'x', sizeof(reply));
    assert_true(str_eq(r.is.text, STR("421 too many")));
    assert_int_equal(r.is.rate.count, 2);
    restraint_release(&r);
}

static void again_by_hand_it_is_what_was_asked_last(void **state)
{
    struct restraint_record by = {.scope = RESTRAINT_AT_SITE,
                                  .action = RESTRAINT_SUSPEND,
                                  .place = SITE,
                                  .began = NOW,
                                  .until = RESTRAINT_UNTIL_RESUMED};
    struct restraint r;
    (void)state;
    restraint_init(&r, &by, NOW);
    by.began = NOW + MIN;
    by.until = NOW + 2 * MIN;
    restraint_again(&r, &by, NOW + MIN, NULL);
    assert_int_equal(r.is.until, NOW + 2 * MIN);
    by.began = NOW + 3 * MIN; /* it recovers */
    by.until = NOW + 13 * MIN;
    restraint_again(&r, &by, NOW + 3 * MIN, NULL);
    assert_int_equal(r.is.until, NOW + 13 * MIN);
    assert_int_equal(r.is.strikes, 0);
    restraint_release(&r);
}

/* --- Several together --- */

static void the_stricter_wins_in_each_respect(void **state)
{
    struct rule rules[] = {slow_rule(1, MINUTE_MS, 5), slow_rule(10, MINUTE_MS, 2),
                           rule_of(RULE_PLAIN)};
    struct throttle_limits usual = limits(10, 100, 1000);
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct effect e = {0};
        struct restraint r[3];
        for (size_t k = 0; k < 3; k++) {
            r[k] = begun(&rules[orders[i][k]], NOW);
            restraint_add_to(&r[k], NOW, &usual, &e);
        }
        assert_rate(e.rate, 1, MINUTE_MS);
        assert_int_equal(e.connections, 2);
        assert_true(e.plain);
        assert_int_equal(e.because->is.rate.count, 1);
        for (size_t k = 0; k < 3; k++)
            restraint_release(&r[k]);
    }
}

static void the_longest_suspension_is_the_reason(void **state)
{
    struct rule slow = slow_rule(1, MINUTE_MS, 1), block = rule_of(RULE_BLOCK),
                suspend = rule_of(RULE_SUSPEND);
    (void)state;
    suspend.for_ms *= 2;
    struct restraint r[] = {begun(&slow, NOW), begun(&block, NOW), begun(&suspend, NOW)};
    for (size_t first = 0; first < 3; first++) {
        struct effect e = {0};
        for (size_t k = 0; k < 3; k++)
            restraint_add_to(&r[(first + k) % 3], NOW, NULL, &e);
        assert_true(e.suspended && e.blocked);
        assert_ptr_equal(e.because, &r[2]);
        assert_int_equal(e.until, NOW + 30 * MIN);
        assert_rate(e.rate, 1, MINUTE_MS);
    }
    for (size_t k = 0; k < 3; k++)
        restraint_release(&r[k]);
}

static void of_equals_the_one_that_lasts_is_the_reason(void **state)
{
    struct rule rule = slow_rule(1, MINUTE_MS, 0);
    struct restraint early = begun(&rule, NOW), late = begun(&rule, NOW + 1);
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct effect e = {0};
        restraint_add_to(i ? &late : &early, NOW + 1, NULL, &e);
        restraint_add_to(i ? &early : &late, NOW + 1, NULL, &e);
        assert_ptr_equal(e.because, &late);
        assert_int_equal(e.until, late.is.until);
    }
    restraint_release(&early);
    restraint_release(&late);
}

/* --- Where, and since when --- */

static void a_rule_says_where(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    (void)state;
    struct restraint_record r = record_at(&rule, NOW);
    assert_int_equal(r.scope, RESTRAINT_AT_SITE);
    assert_true(str_eq(r.place, SITE) && str_eq(r.source, SOURCE) && r.job == 0);
    rule.scope = RULE_PROVIDER;
    r = record_at(&rule, NOW);
    assert_int_equal(r.scope, RESTRAINT_AT_PROVIDER);
    assert_true(str_eq(r.place, PROVIDER));
    r = restraint_by_rule(&rule, SITE, STR(""), SOURCE, 0, NOW, STR("421"));
    assert_int_equal(r.scope, RESTRAINT_AT_SITE);
    assert_true(str_eq(r.place, SITE));
    rule.scope = RULE_SOURCE;
    r = record_at(&rule, NOW);
    assert_int_equal(r.scope, RESTRAINT_EVERYWHERE);
    assert_int_equal(r.place.len, 0);
    assert_true(str_eq(r.source, SOURCE));
}

static void each_part_of_the_key_tells_them_apart(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct restraint r = begun(&rule, NOW);
    struct restraint_record same = record_at(&rule, NOW + 1);
    (void)state;
    struct restraint_record others[] = {same, same, same, same, same, same};
    others[0].scope = RESTRAINT_AT_PROVIDER;
    others[1].action = RESTRAINT_BLOCK;
    others[2].job = 1;
    others[3].place = STR("mx.example2");
    others[4].source = STR("mail2");
    others[5].rule = STR("");
    assert_true(restraint_is(&r, &same));
    for (size_t i = 0; i < 6; i++)
        assert_false(restraint_is(&r, &others[i]));
    restraint_release(&r);
}

static void one_from_the_future_begins_now(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct restraint_record record = record_at(&rule, NOW + HOUR);
    struct restraint r;
    (void)state;
    restraint_init(&r, &record, NOW);
    assert_int_equal(r.is.began, NOW);
    assert_int_equal(r.is.until, NOW + 15 * MIN);
    restraint_release(&r);
    record.until = RESTRAINT_UNTIL_RESUMED;
    restraint_init(&r, &record, NOW);
    assert_int_equal(r.is.until, RESTRAINT_UNTIL_RESUMED);
    restraint_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspension_stops_everything_for_its_time),
        cmocka_unit_test(a_block_is_a_suspension_that_says_so),
        cmocka_unit_test(slow_asks_for_what_its_rule_says),
        cmocka_unit_test(slow_that_is_not_slower_has_no_effect),
        cmocka_unit_test(plain_holds_and_is_over_at_once),
        cmocka_unit_test(a_held_job_stays_and_others_go),
        cmocka_unit_test(by_hand_it_lasts_until_somebody_resumes_it),
        cmocka_unit_test(after_a_suspension_it_starts_slowly),
        cmocka_unit_test(where_no_rate_is_usual_it_feels_its_way),
        cmocka_unit_test(two_a_minute_is_the_least_to_begin_with),
        cmocka_unit_test(a_tenth_of_few_is_one_in_a_longer_time),
        cmocka_unit_test(of_several_rates_it_goes_from_the_slowest_to_the_fastest),
        cmocka_unit_test(after_a_slow_time_it_doubles_what_was_slow),
        cmocka_unit_test(connections_come_back_by_themselves_too),
        cmocka_unit_test(again_while_it_holds_it_only_ends_later),
        cmocka_unit_test(again_while_it_recovers_it_lasts_twice_as_long),
        cmocka_unit_test(again_after_it_was_over_is_the_first_time),
        cmocka_unit_test(again_it_says_why_anew),
        cmocka_unit_test(again_by_hand_it_is_what_was_asked_last),
        cmocka_unit_test(the_stricter_wins_in_each_respect),
        cmocka_unit_test(the_longest_suspension_is_the_reason),
        cmocka_unit_test(of_equals_the_one_that_lasts_is_the_reason),
        cmocka_unit_test(a_rule_says_where),
        cmocka_unit_test(each_part_of_the_key_tells_them_apart),
        cmocka_unit_test(one_from_the_future_begins_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
