#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 86400 };

/* What somebody has set the clock forward by. Linked before the C library's, this is the function
 * that the clock asks; only the wall clock can be set. */
static int64_t set_forward_s;

int clock_gettime(clockid_t id, struct timespec *out)
{
    int rc = (int)syscall(SYS_clock_gettime, id, out);
    if (rc == 0 && id == CLOCK_REALTIME)
        out->tv_sec += set_forward_s;
    return rc;
}

static int back_to_normal(void **state)
{
    (void)state;
    set_forward_s = 0;
    clock_hold(-1);
    return 0;
}

static void the_steady_clock_begins_as_the_wall_clock(void **state)
{
    (void)state;
    int64_t apart = clock_wall_s() - clock_steady_s();
    assert_in_range(apart + 1, 0, 2);
}

static void the_steady_clock_does_not_hear_of_it_when_the_clock_is_set(void **state)
{
    (void)state;
    int64_t before = clock_steady_s();
    static const int64_t jumps[] = {10 * DAY_S, -10 * DAY_S, -40 * 365 * DAY_S};
    for (size_t i = 0; i < 3; i++) {
        set_forward_s = jumps[i];
        assert_true(clock_wall_s() - before > jumps[i] - 2 &&
                    clock_wall_s() - before < jumps[i] + 5);
        assert_in_range(clock_steady_s() - before, 0, 5);
    }
}

static void a_jump_is_told_once_with_its_amount(void **state)
{
    (void)state;
    struct clock_watch watch = {0};
    assert_int_equal(clock_watch_look(&watch), 0);
    set_forward_s = 10 * DAY_S;
    assert_in_range(clock_watch_look(&watch), 10 * DAY_S - 1, 10 * DAY_S + 1);
    assert_int_equal(clock_watch_look(&watch), 0);
    set_forward_s = 0;
    assert_in_range(-clock_watch_look(&watch), 10 * DAY_S - 1, 10 * DAY_S + 1);
    assert_int_equal(clock_watch_look(&watch), 0);
}

static void a_little_is_no_jump_but_adds_up(void **state)
{
    (void)state;
    struct clock_watch watch = {0};
    assert_int_equal(clock_watch_look(&watch), 0);
    set_forward_s = 1;
    assert_int_equal(clock_watch_look(&watch), 0);
    set_forward_s = 4;
    assert_in_range(clock_watch_look(&watch), 3, 4);
}

static void a_held_clock_stands(void **state)
{
    (void)state;
    clock_hold(5 * (int64_t)1000000);
    assert_int_equal(clock_steady_s(), 5);
    assert_int_equal(clock_wall_s(), 5);
    assert_int_equal(clock_mono_ms(), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_steady_clock_begins_as_the_wall_clock, back_to_normal),
        cmocka_unit_test_teardown(the_steady_clock_does_not_hear_of_it_when_the_clock_is_set,
                                  back_to_normal),
        cmocka_unit_test_teardown(a_jump_is_told_once_with_its_amount, back_to_normal),
        cmocka_unit_test_teardown(a_little_is_no_jump_but_adds_up, back_to_normal),
        cmocka_unit_test_teardown(a_held_clock_stands, back_to_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
