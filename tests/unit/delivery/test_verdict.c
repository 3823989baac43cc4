#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/verdict.h"

static const struct retry_config retry = {
    .first_ms = 300000, .factor = 2, .max_ms = 14400000, .max_age_ms = 259200000};

static struct verdict answered(int code, enum smtp_phase phase, const struct attempt *a)
{
    struct smtp_reply reply = {.code = code};
    struct smtp_answer answer = {.phase = phase, .reply = &reply};
    return verdict_of_answer(&retry, a, &answer);
}

static void only_a_2xx_after_the_body_delivers(void **state)
{
    (void)state;
    struct attempt a = {.now = 1000, .chance = 500};
    assert_int_equal(answered(250, SMTP_PHASE_BODY, &a).state, RECIPIENT_DELIVERED);
    assert_int_equal(answered(550, SMTP_PHASE_RCPT, &a).state, RECIPIENT_BOUNCED);
    assert_int_equal(answered(554, SMTP_PHASE_BODY, &a).state, RECIPIENT_BOUNCED);
    assert_int_equal(answered(550, SMTP_PHASE_RCPT, &a).due, 0);
}

static void a_4xx_waits_longer_each_time(void **state)
{
    (void)state;
    struct attempt a = {.now = 1000, .chance = 500};
    struct verdict v = answered(451, SMTP_PHASE_RCPT, &a);
    assert_int_equal(v.state, RECIPIENT_DEFERRED);
    assert_int_equal(v.due, 1000 + 300);
    a.attempts = 1;
    assert_int_equal(answered(421, SMTP_PHASE_MAIL, &a).due, 1000 + 600);
    a.attempts = 60000;
    assert_int_equal(answered(451, SMTP_PHASE_RCPT, &a).due, 1000 + 14400);
}

static void chance_spreads_by_a_tenth(void **state)
{
    (void)state;
    assert_int_equal(retry_delay_s(&retry, 0, 0), 270);
    assert_in_range(retry_delay_s(&retry, 0, 999), 329, 330);
}

static void a_delay_is_never_zero(void **state)
{
    (void)state;
    struct retry_config fast = {.first_ms = 1, .factor = 1, .max_ms = 1, .max_age_ms = 1000};
    assert_int_equal(retry_delay_s(&fast, 3, 0), 1);
}

static void a_clock_that_was_set_back_expires_nothing(void **state)
{
    (void)state;
    struct attempt a = {.attempts = 1, .first = 5000, .now = 1000, .chance = 500};
    assert_int_equal(answered(451, SMTP_PHASE_RCPT, &a).state, RECIPIENT_DEFERRED);
}

static void the_last_try_is_before_max_age(void **state)
{
    (void)state;
    struct attempt a = {.attempts = 20, .first = 1000, .now = 1000 + 259200 - 100, .chance = 500};
    struct verdict v = answered(451, SMTP_PHASE_BODY, &a);
    assert_int_equal(v.state, RECIPIENT_EXPIRED);
    assert_int_equal(v.due, 0);
}

static void in_doubt_follows_the_guarantee(void **state)
{
    (void)state;
    struct attempt a = {.now = 1000, .chance = 500};
    struct verdict v = verdict_of_loss(&retry, &a, SMTP_IN_DOUBT);
    assert_int_equal(v.state, RECIPIENT_IN_DOUBT);
    assert_int_equal(v.due, 1300);
    a.guarantee = GUARANTEE_AT_MOST_ONCE;
    v = verdict_of_loss(&retry, &a, SMTP_IN_DOUBT);
    assert_int_equal(v.state, RECIPIENT_IN_DOUBT);
    assert_int_equal(v.due, 0);
    assert_int_equal(verdict_of_loss(&retry, &a, SMTP_NOT_SENT).state, RECIPIENT_DEFERRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_2xx_after_the_body_delivers),
        cmocka_unit_test(a_4xx_waits_longer_each_time),
        cmocka_unit_test(chance_spreads_by_a_tenth),
        cmocka_unit_test(a_delay_is_never_zero),
        cmocka_unit_test(a_clock_that_was_set_back_expires_nothing),
        cmocka_unit_test(the_last_try_is_before_max_age),
        cmocka_unit_test(in_doubt_follows_the_guarantee),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
