#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/manners.h"

enum { NOW = 1700000000, DAY = 24 * 60 * 60 };

static int64_t now;
static struct manners site;

static int begin(void **state)
{
    (void)state;
    site = (struct manners){0};
    now = NOW;
    return 0;
}

/* So many messages are accepted; the news of the last one. */
static enum manners_news carry(struct manners_session *s, unsigned n, enum smtp_depth depth)
{
    enum manners_news news = MANNERS_NO_NEWS;
    while (n-- > 0) {
        assert_int_equal(news, MANNERS_NO_NEWS);
        news = manners_accepted(&site, s, depth, now);
    }
    return news;
}

static enum manners_news breaks(const struct manners_session *s, enum smtp_depth depth)
{
    return manners_broke(&site, s, depth, now);
}

/* A session that carried `n` messages at this depth and then broke off there. */
static enum manners_news session(unsigned n, enum smtp_depth depth)
{
    struct manners_session s = manners_begin(&site);
    assert_int_equal(carry(&s, n, depth), MANNERS_NO_NEWS);
    return breaks(&s, depth);
}

static void assert_speaks(enum manners_level level, bool no_chunking)
{
    assert_true(manners_same(manners_in_force(&site), (struct manners_terms){level, no_chunking}));
}

static void begin_trial(enum manners_level level)
{
    assert_int_equal(session(0, SMTP_OVERLAPPED), MANNERS_NO_NEWS);
    assert_int_equal(session(0, SMTP_OVERLAPPED), MANNERS_TRIAL_BEGAN);
    assert_speaks(level, false);
    assert_false(manners_is_lesson(&site));
}

/* Lessons that servers say themselves. */

static void a_server_that_lost_count_is_not_overlapped(void **state)
{
    (void)state;
    assert_speaks(MANNERS_FULL, false);
    assert_int_equal(manners_lost_count(&site, now), MANNERS_LEARNED_NO_OVERLAP);
    assert_speaks(MANNERS_NO_OVERLAP, false);
    assert_true(manners_is_lesson(&site));
    assert_int_equal(manners_lost_count(&site, now), MANNERS_NO_NEWS);
}

static void a_server_without_bdat_keeps_all_else(void **state)
{
    (void)state;
    assert_int_equal(manners_no_bdat(&site, now), MANNERS_LEARNED_NO_CHUNKING);
    assert_int_equal(manners_no_bdat(&site, now), MANNERS_NO_NEWS);
    assert_speaks(MANNERS_FULL, true);
    assert_int_equal(manners_lost_count(&site, now), MANNERS_LEARNED_NO_OVERLAP);
    assert_speaks(MANNERS_NO_OVERLAP, true);
}

static void a_lost_count_ends_the_experiment(void **state)
{
    (void)state;
    begin_trial(MANNERS_NO_OVERLAP);
    struct manners_session s = manners_begin(&site);
    assert_int_equal(manners_lost_count(&site, now), MANNERS_LEARNED_NO_OVERLAP);
    assert_int_equal(carry(&s, 10, SMTP_PIPELINED), MANNERS_NO_NEWS);
    assert_int_equal(breaks(&s, SMTP_ALONE), MANNERS_NO_NEWS);
    assert_speaks(MANNERS_NO_OVERLAP, false);
}

/* Suspicions. */

static void one_lost_connection_costs_nothing(void **state)
{
    (void)state;
    assert_int_equal(session(2, SMTP_OVERLAPPED), MANNERS_NO_NEWS);
    assert_speaks(MANNERS_FULL, false);
    struct manners_session s = manners_begin(&site);
    carry(&s, MANNERS_FEW + 4 * 2, SMTP_OVERLAPPED);
    assert_int_equal(session(0, SMTP_OVERLAPPED), MANNERS_NO_NEWS);
    assert_speaks(MANNERS_FULL, false);
}

static void messages_one_by_one_clear_no_overlap(void **state)
{
    (void)state;
    session(0, SMTP_OVERLAPPED);
    struct manners_session s = manners_begin(&site);
    carry(&s, 100, SMTP_PIPELINED);
    assert_int_equal(breaks(&s, SMTP_OVERLAPPED), MANNERS_TRIAL_BEGAN);
}

static void connections_that_break_together_are_one(void **state)
{
    struct manners_session all[20];
    (void)state;
    for (size_t i = 0; i < 20; i++)
        all[i] = manners_begin(&site);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(breaks(&all[i], SMTP_OVERLAPPED), MANNERS_NO_NEWS);
    assert_speaks(MANNERS_FULL, false);
    assert_int_equal(session(0, SMTP_OVERLAPPED), MANNERS_TRIAL_BEGAN);
}

static void who_has_proven_it_is_not_suspected(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++)
        assert_int_equal(session(MANNERS_PROVEN, SMTP_OVERLAPPED), MANNERS_NO_NEWS);
    assert_speaks(MANNERS_FULL, false);
}

static void who_breaks_one_by_one_is_not_suspected(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(session(0, SMTP_ALONE), MANNERS_NO_NEWS);
        assert_int_equal(session(0, SMTP_NOT_SAID), MANNERS_NO_NEWS);
    }
    assert_speaks(MANNERS_FULL, false);
}

/* Trials. */

static void an_overlap_that_was_the_reason_is_learned(void **state)
{
    (void)state;
    begin_trial(MANNERS_NO_OVERLAP);
    struct manners_session s = manners_begin(&site);
    assert_int_equal(s.terms.level, MANNERS_NO_OVERLAP);
    assert_int_equal(carry(&s, MANNERS_FEW, SMTP_PIPELINED), MANNERS_LEARNED_NO_OVERLAP);
    assert_true(manners_is_lesson(&site));
    assert_speaks(MANNERS_NO_OVERLAP, false);
    assert_true(manners_same(s.terms, manners_in_force(&site)));
}

/* Messages of several sessions count together, those of sessions from before not at all. */
static void a_trial_counts_its_own_sessions(void **state)
{
    (void)state;
    struct manners_session old = manners_begin(&site);
    begin_trial(MANNERS_NO_OVERLAP);
    struct manners_session a = manners_begin(&site), b = manners_begin(&site);
    assert_int_equal(carry(&old, 10, SMTP_PIPELINED), MANNERS_NO_NEWS);
    assert_int_equal(breaks(&old, SMTP_OVERLAPPED), MANNERS_NO_NEWS);
    assert_int_equal(carry(&a, MANNERS_FEW - 1, SMTP_PIPELINED), MANNERS_NO_NEWS);
    assert_int_equal(carry(&b, 1, SMTP_PIPELINED), MANNERS_LEARNED_NO_OVERLAP);
}

/* Two sessions carried five messages each before they broke: three are no proof of a difference. */
static void the_more_was_carried_the_more_it_takes(void **state)
{
    (void)state;
    session(5, SMTP_OVERLAPPED);
    assert_int_equal(session(5, SMTP_OVERLAPPED), MANNERS_TRIAL_BEGAN);
    struct manners_session s = manners_begin(&site);
    assert_int_equal(carry(&s, MANNERS_FEW + 4 * 10 - 1, SMTP_PIPELINED), MANNERS_NO_NEWS);
    assert_int_equal(carry(&s, 1, SMTP_PIPELINED), MANNERS_LEARNED_NO_OVERLAP);
}

static void a_server_that_cannot_pipeline_ends_up_plain(void **state)
{
    (void)state;
    begin_trial(MANNERS_NO_OVERLAP);
    assert_int_equal(session(0, SMTP_PIPELINED), MANNERS_TRIAL_FAILED);
    assert_speaks(MANNERS_FULL, false);
    begin_trial(MANNERS_PLAIN);
    struct manners_session s = manners_begin(&site);
    assert_int_equal(carry(&s, MANNERS_FEW, SMTP_ALONE), MANNERS_LEARNED_PLAIN);
    assert_speaks(MANNERS_PLAIN, false);
}

static void without_overlap_plain_is_the_next_step(void **state)
{
    (void)state;
    assert_int_equal(session(0, SMTP_PIPELINED), MANNERS_NO_NEWS);
    assert_int_equal(session(0, SMTP_OVERLAPPED), MANNERS_TRIAL_BEGAN);
    assert_speaks(MANNERS_PLAIN, false);
}

static void one_lesson_may_follow_the_other(void **state)
{
    (void)state;
    manners_lost_count(&site, now);
    session(0, SMTP_PIPELINED);
    assert_int_equal(session(0, SMTP_PIPELINED), MANNERS_TRIAL_BEGAN);
    assert_speaks(MANNERS_PLAIN, false);
    assert_int_equal(session(0, SMTP_ALONE), MANNERS_TRIAL_FAILED);
    assert_speaks(MANNERS_NO_OVERLAP, false);
}

static void a_network_that_drops_is_no_matter_of_manners(void **state)
{
    (void)state;
    begin_trial(MANNERS_NO_OVERLAP);
    assert_int_equal(session(0, SMTP_PIPELINED), MANNERS_TRIAL_FAILED);
    begin_trial(MANNERS_PLAIN);
    assert_int_equal(session(1, SMTP_ALONE), MANNERS_TRIAL_FAILED);
    for (int i = 0; i < 50; i++)
        assert_int_equal(session(0, SMTP_OVERLAPPED), MANNERS_NO_NEWS);
    now += MANNERS_PEACE_S;
    begin_trial(MANNERS_NO_OVERLAP);
}

/* After a step in vain, what goes well begins the ladder anew. */
static void a_good_session_forgets_the_steps(void **state)
{
    (void)state;
    begin_trial(MANNERS_NO_OVERLAP);
    session(0, SMTP_PIPELINED);
    session(0, SMTP_OVERLAPPED);
    struct manners_session s = manners_begin(&site);
    carry(&s, MANNERS_FEW, SMTP_OVERLAPPED);
    begin_trial(MANNERS_NO_OVERLAP);
}

/* Time. */

static void lessons_are_forgotten_after_a_week(void **state)
{
    (void)state;
    manners_lost_count(&site, now);
    now += 6 * DAY;
    assert_int_equal(manners_age(&site, now), MANNERS_NO_NEWS);
    assert_int_equal(manners_no_bdat(&site, now), MANNERS_LEARNED_NO_CHUNKING);
    now += 6 * DAY;
    assert_int_equal(manners_age(&site, now), MANNERS_NO_NEWS); /* the latest lesson counts */
    now += 2 * DAY;
    assert_int_equal(manners_age(&site, now), MANNERS_FORGOT);
    assert_speaks(MANNERS_FULL, false);
    assert_false(manners_is_lesson(&site));
    assert_int_equal(manners_age(&site, now), MANNERS_NO_NEWS);
}

static void where_nothing_was_learned_nothing_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(manners_age(&site, now), MANNERS_NO_NEWS);
    begin_trial(MANNERS_NO_OVERLAP);
    assert_int_equal(manners_age(&site, now + 30 * DAY), MANNERS_NO_NEWS);
    assert_speaks(MANNERS_NO_OVERLAP, false);
}

#define MANNERS_TEST(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MANNERS_TEST(a_server_that_lost_count_is_not_overlapped),
        MANNERS_TEST(a_server_without_bdat_keeps_all_else),
        MANNERS_TEST(a_lost_count_ends_the_experiment),
        MANNERS_TEST(one_lost_connection_costs_nothing),
        MANNERS_TEST(messages_one_by_one_clear_no_overlap),
        MANNERS_TEST(connections_that_break_together_are_one),
        MANNERS_TEST(who_has_proven_it_is_not_suspected),
        MANNERS_TEST(who_breaks_one_by_one_is_not_suspected),
        MANNERS_TEST(an_overlap_that_was_the_reason_is_learned),
        MANNERS_TEST(a_trial_counts_its_own_sessions),
        MANNERS_TEST(the_more_was_carried_the_more_it_takes),
        MANNERS_TEST(a_server_that_cannot_pipeline_ends_up_plain),
        MANNERS_TEST(without_overlap_plain_is_the_next_step),
        MANNERS_TEST(one_lesson_may_follow_the_other),
        MANNERS_TEST(a_network_that_drops_is_no_matter_of_manners),
        MANNERS_TEST(a_good_session_forgets_the_steps),
        MANNERS_TEST(lessons_are_forgotten_after_a_week),
        MANNERS_TEST(where_nothing_was_learned_nothing_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
