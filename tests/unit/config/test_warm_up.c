/* The schedule of a warm-up: days in UTC, what may go on each, and what is still to come. */
#include "config/warm_up.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DAY_S = 86400 };

static uint32_t days[] = {50, 100, 500};

/* From 2026-12-01. */
static struct warm_up december(void)
{
    return (struct warm_up){.start = 1796083200, .days = days, .day_count = 3};
}

static uint32_t day_of(int64_t seconds_after_start)
{
    return warm_up_day(december().start + seconds_after_start);
}

static void a_day_is_from_midnight_to_midnight_utc(void **state)
{
    (void)state;
    assert_int_equal(warm_up_day(0), 0);
    assert_int_equal(warm_up_day(DAY_S - 1), 0);
    assert_int_equal(warm_up_day(DAY_S), 1);
    assert_int_equal(warm_up_day(-5), 0);
    assert_int_equal(warm_up_day_left_s(0), DAY_S);
    assert_int_equal(warm_up_day_left_s(DAY_S - 1), 1);
    assert_int_equal(warm_up_day_left_s(december().start + 3600), DAY_S - 3600);
}

static void each_day_has_its_budget(void **state)
{
    (void)state;
    struct warm_up w = december();
    assert_int_equal(warm_up_budget(&w, day_of(0)), 50);
    assert_int_equal(warm_up_budget(&w, day_of(DAY_S - 1)), 50);
    assert_int_equal(warm_up_budget(&w, day_of(DAY_S)), 100);
    assert_int_equal(warm_up_budget(&w, day_of(2 * DAY_S)), 500);
    assert_int_equal(warm_up_rest(&w, day_of(0)), 650);
    assert_int_equal(warm_up_rest(&w, day_of(2 * DAY_S)), 500);
}

static void before_the_first_day_nothing_may_go(void **state)
{
    (void)state;
    struct warm_up w = december();
    assert_true(warm_up_is_new(&w, day_of(-1)));
    assert_int_equal(warm_up_budget(&w, day_of(-1)), 0);
    assert_int_equal(warm_up_budget(&w, 0), 0);
    assert_int_equal(warm_up_rest(&w, day_of(-1)), 650);
}

static void after_the_last_day_the_source_is_warm(void **state)
{
    (void)state;
    struct warm_up w = december();
    assert_true(warm_up_is_new(&w, day_of(3 * DAY_S - 1)));
    assert_false(warm_up_is_new(&w, day_of(3 * DAY_S)));
    assert_false(warm_up_is_new(&w, UINT32_MAX));
    assert_int_equal(warm_up_rest(&w, day_of(3 * DAY_S)), 0);
}

static void without_a_schedule_it_always_was(void **state)
{
    (void)state;
    struct warm_up none = {.start = 0};
    assert_false(warm_up_is_new(&none, 0));
    assert_false(warm_up_is_new(&none, day_of(0)));
    assert_int_equal(warm_up_rest(&none, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_from_midnight_to_midnight_utc),
        cmocka_unit_test(each_day_has_its_budget),
        cmocka_unit_test(before_the_first_day_nothing_may_go),
        cmocka_unit_test(after_the_last_day_the_source_is_warm),
        cmocka_unit_test(without_a_schedule_it_always_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
