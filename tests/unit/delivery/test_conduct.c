#include "unit/store/help.h"

#include "base/clock.h"
#include "delivery/conduct.h"
#include "store/site_lessons.h"

static const int64_t DAY_US = 24LL * 60 * 60 * 1000000;
static const int64_t NOW_US = 1700000000LL * 1000000;

static struct delivery_thread thread;

static int setup(void **state)
{
    int rc = place_setup(state);
    struct place *p = *state;
    thread.store = p->store;
    clock_hold(NOW_US);
    return rc;
}

static int teardown(void **state)
{
    clock_hold(-1);
    return place_teardown(state);
}

/* A site as it is after a start: with nothing but what the store knows. */
static struct site site_new(char *key)
{
    struct site site = {.key = key, .thread = &thread, .terms = {.connection = {.in_flight = 4}}};
    conduct_recall(&site);
    return site;
}

static struct smtp_params params_of(struct site *site)
{
    struct smtp_params params = {0};
    struct manners_session session = conduct_begin(site);
    conduct_set(site, &session, &params);
    return params;
}

static void nothing(struct txn *txn, void *ctx)
{
    (void)txn, (void)ctx;
}

/* Returns when all that was submitted before is durable. */
static void settle(void)
{
    write_now(thread.store, nothing, NULL);
}

static bool is_stored(const char *key, struct site_lesson *lesson)
{
    struct txn txn;
    settle();
    txn_begin(thread.store, &txn);
    bool found = site_lesson_read(&txn, str_of(key), lesson);
    read_end(&txn);
    return found;
}

static char mx[] = "mx.example:25";

static void a_site_is_spoken_to_as_configured(void **state)
{
    (void)state;
    struct site site = site_new(mx);
    struct smtp_params p = params_of(&site);
    assert_int_equal(p.in_flight, 4);
    assert_false(p.no_pipelining || p.no_chunking);
    assert_int_equal(conduct_in_flight(&site), 4);
}

static void a_lesson_holds_after_a_restart(void **state)
{
    struct site_lesson lesson;
    (void)state;
    struct site site = site_new(mx);
    conduct_lost(&site, (struct smtp_manners){.lost_count = true}, "It lost count.");
    assert_true(is_stored(mx, &lesson));
    assert_int_equal(lesson.flags, SITE_NO_OVERLAP);
    assert_int_equal(lesson.learned_at, 1700000000);
    struct site again = site_new(mx);
    struct smtp_params p = params_of(&again);
    assert_int_equal(p.in_flight, 1);
    assert_int_equal(conduct_in_flight(&again), 1);
    assert_false(p.no_pipelining || p.no_chunking);
}

static void lessons_add_up(void **state)
{
    struct site_lesson lesson;
    (void)state;
    struct site site = site_new(mx);
    conduct_lost(&site, (struct smtp_manners){.no_bdat = true}, "It does not know BDAT.");
    struct smtp_params p = params_of(&site);
    assert_true(p.no_chunking && !p.no_pipelining && p.in_flight == 4);
    settle();
    struct site again = site_new(mx);
    conduct_lost(&again, (struct smtp_manners){.lost_count = true}, "It lost count.");
    assert_true(is_stored(mx, &lesson));
    assert_int_equal(lesson.flags, SITE_NO_OVERLAP | SITE_NO_CHUNKING);
}

/* One session that carries nothing and breaks off. */
static void break_off(struct site *site)
{
    struct manners_session s = conduct_begin(site);
    conduct_ended(site, &s, (struct smtp_manners){.broke_at = SMTP_PIPELINED}, "It closed.");
}

static void an_experiment_ends_in_a_lesson_with_its_reason(void **state)
{
    struct site_lesson lesson;
    (void)state;
    struct site site = site_new(mx);
    break_off(&site);
    break_off(&site);
    struct manners_session s = conduct_begin(&site);
    assert_false(is_stored(mx, &lesson));
    for (int i = 0; i < MANNERS_FEW; i++)
        conduct_accepted(&site, &s, SMTP_ALONE);
    struct txn txn;
    settle();
    txn_begin(thread.store, &txn);
    assert_true(site_lesson_read(&txn, str_of(mx), &lesson));
    assert_int_equal(lesson.flags, SITE_PLAIN);
    assert_true(str_starts(lesson.why, STR("It closed. It did so repeatedly")));
    read_end(&txn);
    struct smtp_params p = params_of(&site);
    assert_true(p.no_pipelining && p.no_chunking && p.in_flight == 1);
}

static void a_running_site_forgets_after_a_week(void **state)
{
    struct site_lesson lesson;
    (void)state;
    struct site site = site_new(mx);
    conduct_lost(&site, (struct smtp_manners){.lost_count = true}, "It lost count.");
    clock_hold(NOW_US + 6 * DAY_US);
    assert_int_equal(params_of(&site).in_flight, 1);
    assert_true(is_stored(mx, &lesson));
    clock_hold(NOW_US + 7 * DAY_US);
    assert_int_equal(params_of(&site).in_flight, 4);
    assert_false(is_stored(mx, &lesson));
}

static void an_old_lesson_is_not_recalled(void **state)
{
    struct site_lesson lesson;
    (void)state;
    struct site site = site_new(mx);
    conduct_lost(&site, (struct smtp_manners){.no_bdat = true}, "It does not know BDAT.");
    assert_true(is_stored(mx, &lesson));
    clock_hold(NOW_US + 8 * DAY_US);
    struct site again = site_new(mx);
    assert_false(params_of(&again).no_chunking);
    assert_false(is_stored(mx, &lesson));
}

#define CONDUCT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONDUCT_TEST(a_site_is_spoken_to_as_configured),
        CONDUCT_TEST(a_lesson_holds_after_a_restart),
        CONDUCT_TEST(lessons_add_up),
        CONDUCT_TEST(an_experiment_ends_in_a_lesson_with_its_reason),
        CONDUCT_TEST(a_running_site_forgets_after_a_week),
        CONDUCT_TEST(an_old_lesson_is_not_recalled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
