#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/pace.h"

static void nothing_is_said_at_first(void **state)
{
    (void)state;
    struct pace pace = {0};
    assert_true(pace_rate(&pace) <= 0);
    assert_int_equal(pace_left_s(&pace, 5), -1);
    pace_see(&pace, 1000, 0);
    pace_see(&pace, 1100, 50);
    assert_true(pace_rate(&pace) <= 0);
    assert_int_equal(pace_left_s(&pace, 0), 0);
}

static void a_steady_pace(void **state)
{
    (void)state;
    struct pace pace = {0};
    for (int i = 0; i <= 8; i++)
        pace_see(&pace, 5000 + i * 250, (uint64_t)i * 100);
    assert_int_equal((int)pace_rate(&pace), 400);
    assert_int_equal(pace_left_s(&pace, 4000), 10);
}

/* What was long ago does not count: a fast start says nothing of now. */
static void only_the_last_seconds_count(void **state)
{
    (void)state;
    struct pace pace = {0};
    uint64_t done = 0;
    int64_t at = 0;
    for (int i = 0; i < 100; i++)
        pace_see(&pace, at += 250, done += 1000);
    for (int i = 0; i < PACE_POINTS; i++)
        pace_see(&pace, at += 250, done += 10);
    assert_int_equal((int)(pace_rate(&pace) + 0.5), 40);
}

static void frequent_looks_keep_the_window(void **state)
{
    (void)state;
    struct pace pace = {0};
    for (int64_t at = 0; at <= 8000; at += 10)
        pace_see(&pace, at, (uint64_t)at);
    assert_int_equal((int)(pace_rate(&pace) + 0.5), 1000);
    assert_true(pace.count > 30 && pace.count <= 33);
}

/* Deferred copies were not done, after all; and what stands still has no end. */
static void going_back_and_standing_still(void **state)
{
    (void)state;
    struct pace pace = {0};
    pace_see(&pace, 0, 100);
    pace_see(&pace, 1000, 90);
    assert_true(pace_rate(&pace) <= 0);
    assert_int_equal(pace_left_s(&pace, 10), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_at_first),
        cmocka_unit_test(a_steady_pace),
        cmocka_unit_test(only_the_last_seconds_count),
        cmocka_unit_test(frequent_looks_keep_the_window),
        cmocka_unit_test(going_back_and_standing_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
