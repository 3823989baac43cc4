#include "unit/config/fixture.h"

static void without_pools_there_is_one_with_all_sources(void **state)
{
    (void)state;
    struct config *c = load_with("source two { ehlo = two.example }\n");
    assert_int_equal(c->pool_count, 1);
    assert_string_equal(c->pools[0].name.at, "default");
    assert_int_equal(c->pools[0].source_count, 2);
    assert_string_equal(c->pools[0].source_names[1].at, "two");
    assert_int_equal(c->pools[0].members, 3);
    assert_int_equal(c->sources[0].weight, 1);
    config_unref(c);
}

static void pools_know_their_sources(void **state)
{
    (void)state;
    struct config *c = load_with("source two { ehlo = two.example  weight = 3 }\n"
                                 "source three { ehlo = three.example }\n"
                                 "pool news { sources = { three, local } }\n"
                                 "pool thanks { sources = two }\n"
                                 "identity other { domain = b.example  pool = thanks }\n");
    assert_int_equal(config_pool(c, STR("news"))->members, 5);
    assert_int_equal(config_pool(c, STR("thanks"))->members, 2);
    assert_ptr_equal(config_pool(c, STR("")), &c->pools[0]);
    assert_null(config_pool(c, STR("none")));
    assert_int_equal(c->sources[1].weight, 3);
    assert_string_equal(c->identities[1].pool.at, "thanks");
    assert_int_equal(c->identities[0].pool.len, 0);
    config_unref(c);
}

static void unknown_names_are_refused(void **state)
{
    (void)state;
    refuse_with(
        "pool news {\n sources = { local, locla, far } }\n"
        "identity other { domain = b.example  pool = nwes }\n",
        "my.conf:8: pool \"news\" names the source \"locla\", which is in no block: did you "
        "mean \"local\"?\n"
        "my.conf:8: pool \"news\" names the source \"far\", which is in no block: add source "
        "\"far\".\n"
        "my.conf:10: identity \"other\" names the pool \"nwes\", which is in no block: add "
        "pool \"nwes\".\n");
    refuse_with("pool news { }\n", "my.conf:8: This pool block has no sources: add sources = …\n");
}

static void there_are_sixty_four_sources_at_most(void **state)
{
    (void)state;
    struct buf lines = BUF_INIT;
    for (int i = 2; i <= 64; i++)
        buf_addf(&lines, "source s%d { ehlo = e.example }\n", i);
    struct config *c = load_with(lines.at);
    assert_int_equal(c->source_count, SOURCES_MAX);
    assert_true(c->pools[0].members == UINT64_MAX);
    config_unref(c);
    buf_add_text(&lines, "source s65 { ehlo = e.example }\n");
    refuse_with(lines.at, "my.conf:71: This source is one too many: there may be 64.\n");
    buf_release(&lines);
}

static void new_addresses_have_a_schedule(void **state)
{
    (void)state;
    struct config *c =
        load_with("source cold { ehlo = c.example\n"
                  "    warm_up { start = \"2026-12-01\"  days = { 50, 100, 500 } } }\n");
    assert_int_equal(c->sources[0].warm_up.day_count, 0);
    assert_int_equal(c->sources[1].warm_up.start, 1796083200);
    assert_int_equal(c->sources[1].warm_up.day_count, 3);
    assert_int_equal(c->sources[1].warm_up.days[0], 50);
    assert_int_equal(c->sources[1].warm_up.days[2], 500);
    config_unref(c);
}

static void a_schedule_says_when_and_how_much(void **state)
{
    (void)state;
    refuse_with("source cold { ehlo = c.example\n"
                "    warm_up { start = \"2026-02-30\"\n days = { 50, 0 } } }\n"
                "source new { ehlo = d.example\n warm_up { } }\n",
                "my.conf:9: The value \"2026-02-30\" of source.warm_up.start is no day of the "
                "calendar: write it as 2026-12-01.\n"
                "my.conf:10: The value \"0\" of source.warm_up.days is out of bounds: write 1 to "
                "1000000000.\n"
                "my.conf:12: This warm_up block has no start: add start = …\n"
                "my.conf:12: This warm_up block has no days: add days = …\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_pools_there_is_one_with_all_sources),
        cmocka_unit_test(pools_know_their_sources),
        cmocka_unit_test(unknown_names_are_refused),
        cmocka_unit_test(there_are_sixty_four_sources_at_most),
        cmocka_unit_test(new_addresses_have_a_schedule),
        cmocka_unit_test(a_schedule_says_when_and_how_much),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
