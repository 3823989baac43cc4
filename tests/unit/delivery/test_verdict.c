#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/verdict.h"

#define PLAIN                                               \
    {                                                       \
        .first_ms = 300000, .factor = 2, .max_ms = 14400000 \
    }
#define GREYLISTED                                           \
    {                                                        \
        .first_ms = 240000, .factor = 1.5, .max_ms = 1800000 \
    }
#define LATER                                                \
    {                                                        \
        .first_ms = 3600000, .factor = 2, .max_ms = 14400000 \
    }

static const struct retry_config retry = {
    .schedules = {[LANE_TRANSACTIONAL] = {{.first_ms = 60000, .factor = 1, .max_ms = 60000},
                                          GREYLISTED,
                                          LATER,
                                          PLAIN,
                                          PLAIN},
                  [LANE_BULK] = {PLAIN, GREYLISTED, LATER, PLAIN, PLAIN}},
    .max_ages_ms = {[LANE_TRANSACTIONAL] = 3600000, [LANE_BULK] = 259200000}};

static const struct attempt fresh = {.lane = LANE_BULK, .now = 1000, .chance = 500};

static struct verdict said(int code, const char *text, enum smtp_phase phase,
                           const struct attempt *a)
{
    struct smtp_reply reply = {.code = code, .text = str_of(text)};
    struct smtp_answer answer = {.phase = phase, .reply = &reply};
    return verdict_of_answer(&retry, a, &answer);
}

static struct verdict answered(int code, enum smtp_phase phase, const struct attempt *a)
{
    return said(code, "", phase, a);
}

static void only_a_2xx_after_the_body_delivers(void **state)
{
    (void)state;
    struct attempt a = fresh;
    assert_int_equal(answered(250, SMTP_PHASE_BODY, &a).state, RECIPIENT_DELIVERED);
    assert_int_equal(answered(550, SMTP_PHASE_RCPT, &a).state, RECIPIENT_BOUNCED);
    assert_int_equal(answered(554, SMTP_PHASE_BODY, &a).state, RECIPIENT_BOUNCED);
    assert_int_equal(answered(550, SMTP_PHASE_RCPT, &a).due, 0);
}

static void a_4xx_waits_longer_each_time(void **state)
{
    (void)state;
    struct attempt a = fresh;
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
    const struct retry_schedule *plain = &retry.schedules[LANE_BULK][RETRY_ORDINARY];
    assert_int_equal(retry_delay_s(plain, 0, 0), 270);
    assert_in_range(retry_delay_s(plain, 0, 999), 329, 330);
}

static void a_delay_is_never_zero(void **state)
{
    (void)state;
    struct retry_schedule fast = {.first_ms = 1, .factor = 1, .max_ms = 1};
    assert_int_equal(retry_delay_s(&fast, 3, 0), 1);
}

static void a_clock_that_was_set_back_expires_nothing(void **state)
{
    (void)state;
    struct attempt a = {
        .lane = LANE_BULK, .attempts = 1, .first = 5000, .now = 1000, .chance = 500};
    assert_int_equal(answered(451, SMTP_PHASE_RCPT, &a).state, RECIPIENT_DEFERRED);
}

static void the_last_try_is_before_max_age(void **state)
{
    (void)state;
    struct attempt a = fresh;
    a.attempts = 20;
    a.first = 1000;
    a.now = 1000 + 259200 - 100;
    struct verdict v = answered(451, SMTP_PHASE_BODY, &a);
    assert_int_equal(v.state, RECIPIENT_EXPIRED);
    assert_int_equal(v.due, 0);
}

static void in_doubt_follows_the_guarantee(void **state)
{
    (void)state;
    struct attempt a = fresh;
    struct verdict v = verdict_of_loss(&retry, &a, SMTP_IN_DOUBT);
    assert_int_equal(v.state, RECIPIENT_IN_DOUBT);
    assert_int_equal(v.due, 1300);
    a.guarantee = GUARANTEE_AT_MOST_ONCE;
    v = verdict_of_loss(&retry, &a, SMTP_IN_DOUBT);
    assert_int_equal(v.state, RECIPIENT_IN_DOUBT);
    assert_int_equal(v.due, 0);
    assert_int_equal(verdict_of_loss(&retry, &a, SMTP_NOT_SENT).state, RECIPIENT_DEFERRED);
}

static void each_kind_has_its_schedule(void **state)
{
    (void)state;
    struct attempt a = fresh;
    assert_int_equal(said(450, "Greylisted", SMTP_PHASE_RCPT, &a).due, 1000 + 240);
    assert_int_equal(said(452, "Mailbox full", SMTP_PHASE_BODY, &a).due, 1000 + 3600);
    assert_int_equal(said(451, "Local error", SMTP_PHASE_BODY, &a).due, 1000 + 300);
    a.attempts = 2;
    assert_int_equal(said(450, "Greylisted", SMTP_PHASE_RCPT, &a).due, 1000 + 540);
}

static void each_lane_has_its_schedule_and_its_age(void **state)
{
    (void)state;
    struct attempt a = fresh;
    a.lane = LANE_TRANSACTIONAL;
    assert_int_equal(answered(451, SMTP_PHASE_RCPT, &a).due, 1000 + 60);
    a.now = 1000 + 3600 - 30;
    a.first = 1000;
    assert_int_equal(answered(451, SMTP_PHASE_RCPT, &a).state, RECIPIENT_EXPIRED);
    a.lane = LANE_BULK;
    assert_int_equal(answered(451, SMTP_PHASE_RCPT, &a).state, RECIPIENT_DEFERRED);
}

static void a_receiver_that_says_when_is_heard(void **state)
{
    (void)state;
    struct attempt a = fresh;
    a.chance = 0;
    assert_int_equal(said(450, "Greylisted for 300 seconds", SMTP_PHASE_RCPT, &a).due, 1000 + 300);
    a.attempts = 5;
    assert_int_equal(said(450, "Greylisted for 300 seconds", SMTP_PHASE_RCPT, &a).due, 1000 + 300);
    a.chance = 999;
    assert_in_range(said(450, "Greylisted for 300 seconds", SMTP_PHASE_RCPT, &a).due, 1329, 1330);
}

static void what_the_receiver_says_is_bounded(void **state)
{
    (void)state;
    struct attempt a = fresh;
    a.chance = 0;
    assert_int_equal(said(450, "Greylisted for 1 second", SMTP_PHASE_RCPT, &a).due, 1000 + 60);
    assert_int_equal(said(450, "Greylisted for 9 hours", SMTP_PHASE_RCPT, &a).due, 1000 + 1800);
}

static void a_copy_is_too_old_after_max_age_and_not_before(void **state)
{
    (void)state;
    assert_false(retry_is_over(&retry, LANE_TRANSACTIONAL, 1000, 1000 + 3600));
    assert_true(retry_is_over(&retry, LANE_TRANSACTIONAL, 1000, 1000 + 3601));
    assert_false(retry_is_over(&retry, LANE_BULK, 1000, 1000 + 3601));
    assert_false(retry_is_over(&retry, LANE_BULK, 5000, 1000));
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
        cmocka_unit_test(each_kind_has_its_schedule),
        cmocka_unit_test(each_lane_has_its_schedule_and_its_age),
        cmocka_unit_test(a_receiver_that_says_when_is_heard),
        cmocka_unit_test(what_the_receiver_says_is_bounded),
        cmocka_unit_test(a_copy_is_too_old_after_max_age_and_not_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
