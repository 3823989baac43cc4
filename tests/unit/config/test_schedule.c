#include "config/schedule.h"
#include "unit/config/fixture.h"

enum { TRANSACTIONAL, BULK }; /* as enum job_lane has them */

static const int64_t S = 1000, M = 60 * 1000, H = 60 * 60 * 1000;

static void assert_schedule(const struct config *c, int lane, enum retry_kind kind, int64_t first,
                            double factor, int64_t max)
{
    const struct retry_schedule *s = &c->retry.schedules[lane][kind];
    assert_int_equal(s->first_ms, first);
    assert_float_equal(s->factor, factor, 1e-9);
    assert_int_equal(s->max_ms, max);
}

static void without_blocks_only_greylisting_is_special(void **state)
{
    (void)state;
    struct config *c = load_with("");
    for (int lane = 0; lane < RETRY_LANES; lane++) {
        assert_schedule(c, lane, RETRY_ORDINARY, 5 * M, 2, 4 * H);
        assert_schedule(c, lane, RETRY_GREYLISTED, 4 * M, 1.5, 30 * M);
        assert_schedule(c, lane, RETRY_MAILBOX_FULL, 5 * M, 2, 4 * H);
        assert_schedule(c, lane, RETRY_UNREACHABLE, 5 * M, 2, 4 * H);
        assert_schedule(c, lane, RETRY_IN_DOUBT, 5 * M, 2, 4 * H);
        assert_int_equal(c->retry.max_ages_ms[lane], 72 * H);
    }
    config_unref(c);
}

static void what_is_built_in_never_waits_longer_than_the_plain_block(void **state)
{
    (void)state;
    struct config *c = load_with("retry { first = 300ms factor = 1 max = 1s max_age = 1h }\n");
    assert_schedule(c, BULK, RETRY_GREYLISTED, 300, 1, 1 * S);
    config_unref(c);
}

static void the_more_specific_block_wins(void **state)
{
    (void)state;
    struct config *c = load_with("schedule \"bulk\" { first = 10m factor = 3 max_age = 1d }\n"
                                 "schedule \"mailbox_full\" { first = 2h }\n"
                                 "schedule \"bulk mailbox_full\" { first = 3h max = 12h }\n"
                                 "schedule \"greylisted\" { first = 6m }\n");
    assert_schedule(c, TRANSACTIONAL, RETRY_ORDINARY, 5 * M, 2, 4 * H);
    assert_schedule(c, BULK, RETRY_ORDINARY, 10 * M, 3, 4 * H);
    assert_schedule(c, BULK, RETRY_UNREACHABLE, 10 * M, 3, 4 * H);
    assert_schedule(c, TRANSACTIONAL, RETRY_MAILBOX_FULL, 2 * H, 2, 4 * H);
    assert_schedule(c, BULK, RETRY_MAILBOX_FULL, 3 * H, 3, 12 * H);
    assert_schedule(c, BULK, RETRY_GREYLISTED, 6 * M, 1.5, 30 * M);
    assert_int_equal(c->retry.max_ages_ms[TRANSACTIONAL], 72 * H);
    assert_int_equal(c->retry.max_ages_ms[BULK], 24 * H);
    config_unref(c);
}

static void what_is_left_out_gives_way(void **state)
{
    (void)state;
    struct config *c = load_with("schedule \"greylisted\" { first = 1h }\n"
                                 "schedule \"unreachable\" { max = 1m }\n");
    assert_schedule(c, BULK, RETRY_GREYLISTED, 1 * H, 1.5, 1 * H);
    assert_schedule(c, BULK, RETRY_UNREACHABLE, 1 * M, 2, 1 * M);
    config_unref(c);
}

static void an_unknown_name_is_refused_with_a_suggestion(void **state)
{
    (void)state;
    refuse_with("schedule \"greylist\" { first = 1m }\n"
                "schedule \"bulk in-doubt\" { first = 1m }\n"
                "schedule \"weekend\" { first = 1m }\n",
                "my.conf:8: The title \"greylist\" of this schedule is no lane and no kind of "
                "failure (did you mean \"greylisted\"?): write transactional, bulk, greylisted, "
                "mailbox_full, unreachable or in_doubt, or a lane and a kind with one space "
                "between.\n"
                "my.conf:9: The title \"bulk in-doubt\" of this schedule is no lane and no kind of "
                "failure (did you mean \"bulk in_doubt\"?): write transactional, bulk, greylisted, "
                "mailbox_full, unreachable or in_doubt, or a lane and a kind with one space "
                "between.\n"
                "my.conf:10: The title \"weekend\" of this schedule is no lane and no kind of "
                "failure: write transactional, bulk, greylisted, mailbox_full, unreachable or "
                "in_doubt, or a lane and a kind with one space between.\n");
}

static void a_name_is_a_lane_a_kind_or_both(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "bulk ",
                                      " bulk",
                                      "bulk  greylisted",
                                      "greylisted bulk",
                                      "bulk bulk",
                                      "greylisted in_doubt",
                                      "Bulk",
                                      "ordinary"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(schedule_name(str_of(bad[i]), NULL), -1);
    assert_int_equal(schedule_name(STR("bulk"), NULL), 0);
    assert_int_equal(schedule_name(STR("unreachable"), NULL), 0);
    assert_int_equal(schedule_name(STR("transactional in_doubt"), NULL), 0);
}

static void a_name_comes_once(void **state)
{
    (void)state;
    refuse_with("schedule \"bulk\" { first = 1m }\nschedule \"bulk\" { factor = 3 }\n",
                "my.conf:9: A second schedule \"bulk\"; the first is on line 8.\n");
}

static void an_age_belongs_to_lanes(void **state)
{
    (void)state;
    refuse_with("schedule \"greylisted\" { max_age = 1d }\n",
                "my.conf:8: schedule \"greylisted\" cannot have a max_age, for a copy has one age "
                "whatever it fails of: set it in retry or for a lane.\n");
    refuse_with("schedule \"bulk greylisted\" { max_age = 1d }\n",
                "my.conf:8: schedule \"bulk greylisted\" cannot have a max_age, for a copy has one "
                "age whatever it fails of: set it in retry or for a lane.\n");
}

static void waits_must_fit_together(void **state)
{
    (void)state;
    refuse_with("schedule \"in_doubt\" { first = 1h max = 1m }\n"
                "schedule \"transactional\" { max_age = 1m }\n",
                "my.conf:8: schedule \"in_doubt\" has a max that is shorter than its first: make "
                "it at least as long.\n"
                "my.conf:9: schedule \"transactional\" comes to a max_age that is shorter than the "
                "first wait: nothing would be tried again.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_blocks_only_greylisting_is_special),
        cmocka_unit_test(what_is_built_in_never_waits_longer_than_the_plain_block),
        cmocka_unit_test(the_more_specific_block_wins),
        cmocka_unit_test(what_is_left_out_gives_way),
        cmocka_unit_test(an_unknown_name_is_refused_with_a_suggestion),
        cmocka_unit_test(a_name_is_a_lane_a_kind_or_both),
        cmocka_unit_test(a_name_comes_once),
        cmocka_unit_test(an_age_belongs_to_lanes),
        cmocka_unit_test(waits_must_fit_together),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
