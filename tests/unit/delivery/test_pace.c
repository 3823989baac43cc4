#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/pace.h"

enum { SECOND = 1000000 };

/* Sends as fast as it is allowed to, until `until`; returns how many went. */
static unsigned send_until(struct pace *pace, const struct rate *rate, int64_t from, int64_t until)
{
    unsigned sent = 0;
    for (int64_t now = from; now < until; sent++) {
        int64_t wait = pace_wait_us(pace, rate, now);
        if (wait > 0) {
            now += wait;
            sent--;
            continue;
        }
        pace_count(pace, rate, now);
    }
    return sent;
}

static void no_rate_is_no_limit(void **state)
{
    (void)state;
    struct pace pace = {0};
    struct rate none = {0, 0};
    for (int i = 0; i < 1000; i++)
        pace_count(&pace, &none, SECOND);
    assert_int_equal(pace_wait_us(&pace, &none, SECOND), 0);
}

static void a_rate_is_kept_over_time(void **state)
{
    (void)state;
    struct pace pace = {0};
    struct rate rate = {200, 1000};
    assert_in_range(send_until(&pace, &rate, 5 * SECOND, 15 * SECOND), 2000, 2011);
}

static void a_slow_rate_sends_one_at_a_time(void **state)
{
    (void)state;
    struct pace pace = {0};
    struct rate rate = {10, 60000};
    assert_int_equal(send_until(&pace, &rate, SECOND, SECOND + 5900000), 1);
    assert_int_equal(send_until(&pace, &rate, SECOND + 5990000, SECOND + 11000000), 1);
}

static void what_was_not_used_is_not_saved_up(void **state)
{
    (void)state;
    struct pace pace = {0};
    struct rate rate = {100, 1000};
    pace_count(&pace, &rate, SECOND);
    assert_in_range(send_until(&pace, &rate, 3600LL * SECOND, 3601LL * SECOND), 100, 106);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(a_rate_is_kept_over_time),
        cmocka_unit_test(a_slow_rate_sends_one_at_a_time),
        cmocka_unit_test(what_was_not_used_is_not_saved_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
