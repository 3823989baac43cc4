#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/tempo.h"

static void assert_near(double got, double wanted, double within)
{
    if (!(fabs(got - wanted) <= within))
        fail_msg("%f is not %f", got, wanted);
}

/* A stretch of `ticks` in which so many are answered a second, by connections that are busy. */
static void work(struct tempo *t, unsigned ticks, unsigned a_second, uint64_t busy_ms)
{
    for (unsigned i = 0; i < ticks; i++) {
        for (unsigned k = 0; k < a_second * TEMPO_TICK_MS / 1000; k++) {
            tempo_count(t);
            tempo_busy(t, busy_ms);
        }
        tempo_tick(t, true);
    }
}

static void what_was_seen_is_said(void **state)
{
    struct tempo t = {0};
    (void)state;
    work(&t, 10, 7, 300);
    assert_near(tempo_pace(&t), 7, 0.001);
    assert_near(tempo_seconds(&t), 0.3, 0.001);
}

static void too_little_says_nothing(void **state)
{
    struct tempo t = {0};
    (void)state;
    assert_near(tempo_pace(&t), 0, 0);
    assert_near(tempo_seconds(&t), 0, 0);
    work(&t, 2, 100, 10); /* the first of them may not have been a whole one */
    assert_near(tempo_pace(&t), 0, 0);
    t = (struct tempo){0};
    for (unsigned i = 0; i < 100; i++) { /* one a minute, because no more may */
        if (i % 6 == 0)
            tempo_count(&t);
        tempo_tick(&t, true);
    }
    assert_near(tempo_pace(&t), 0, 0);
}

static void what_is_newer_weighs_more(void **state)
{
    struct tempo t = {0};
    (void)state;
    work(&t, 50, 10, 100);
    work(&t, 5, 2, 500);
    assert_true(tempo_pace(&t) > 5 && tempo_pace(&t) < 7);
    work(&t, 30, 2, 500);
    assert_true(tempo_pace(&t) < 2.1);
    assert_true(tempo_seconds(&t) > 0.45);
}

/* A pause is no slowness, nor is the end of the work. */
static void idle_times_do_not_count(void **state)
{
    struct tempo t = {0};
    (void)state;
    work(&t, 10, 7, 300);
    for (int i = 0; i < 100; i++)
        tempo_tick(&t, false);
    tempo_count(&t);
    tempo_tick(&t, true);
    assert_near(tempo_pace(&t), 7, 0.001);
    assert_near(tempo_seconds(&t), 0.3, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_seen_is_said),
        cmocka_unit_test(too_little_says_nothing),
        cmocka_unit_test(what_is_newer_weighs_more),
        cmocka_unit_test(idle_times_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
