#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "delivery/rules.h"

enum { MINUTE = 60000, NOW = 1000000 };

#define PLACE STR("mx.example")
#define SOURCE STR("mail1")

/* --- Which rule --- */

static struct str busy[] = {{"4?? * too many connections*", 27}, {"421 * busy*", 11}};
static struct str yahoo[] = {{"421 * [TSS04]*", 14}};
static struct str any[] = {{"*", 1}};

static struct rule rules[] = {
    {.name = {"tss04", 5}, .provider = {"yahoo", 5}, .replies = yahoo, .reply_count = 1},
    {.name = {"busy", 4}, .replies = busy, .reply_count = 2},
    {.name = {"google", 6}, .provider = {"google", 6}, .replies = any, .reply_count = 1},
};

static const struct config config = {.rules = rules, .rule_count = 3};
static const struct provider at_yahoo = {.name = {"yahoo", 5}}, at_google = {.name = {"google", 6}};

static struct smtp_reply reply_of(int code, const char *text)
{
    return (struct smtp_reply){.code = code, .text = str_of(text)};
}

/* The name of the rule that matches, or "". */
static const char *matched(const struct provider *provider, int code, const char *text)
{
    const struct rule *rule = NULL;
    struct smtp_reply reply = reply_of(code, text);
    return rules_match(&config, provider, &reply, &rule) ? rule->name.at : "";
}

static void the_first_rule_that_matches_is_the_reply_s(void **state)
{
    (void)state;
    assert_string_equal(matched(NULL, 421, "mx1 Too many connections from you"), "busy");
    assert_string_equal(matched(NULL, 421, "mx1 is busy"), "busy");
    assert_string_equal(matched(&at_google, 421, "mx1 is busy"), "busy");
    assert_string_equal(matched(&at_google, 450, "wait"), "google");
    assert_string_equal(matched(NULL, 450, "wait"), "");
}

static void a_rule_may_be_one_provider_s(void **state)
{
    (void)state;
    assert_string_equal(matched(&at_yahoo, 421, "4.7.0 [TSS04] deferred"), "tss04");
    assert_string_equal(matched(&at_google, 421, "4.7.0 [TSS04] deferred"), "google");
    assert_string_equal(matched(NULL, 421, "4.7.0 [TSS04] deferred"), "");
}

static void only_failures_are_looked_at(void **state)
{
    (void)state;
    assert_string_equal(matched(&at_google, 250, "OK"), "");
    assert_string_equal(matched(&at_google, 354, "go on"), "");
    assert_string_equal(matched(&at_google, 400, "no"), "google");
    assert_string_equal(matched(&at_google, 599, "no"), "google");
}

static void assert_line(struct smtp_reply reply, const char *want)
{
    char room[RULES_TEXT_MAX];
    struct str got = rules_text(&reply, room);
    if (!str_eq(got, str_of(want)))
        fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(got), want);
}

static void patterns_see_one_line_with_single_spaces(void **state)
{
    struct smtp_reply coded = reply_of(421, "too   many\nconnections ");
    (void)state;
    assert_line(coded, "421 too many connections");
    coded.enhanced = (struct smtp_enhanced){4, 7, 28};
    assert_line(coded, "421 4.7.28 too many connections");
    assert_line(reply_of(550, ""), "550");
    assert_line(reply_of(550, " \n \n"), "550");
    assert_line(reply_of(550, "\nx"), "550 x");
}

static void a_long_reply_is_cut_at_a_character(void **state)
{
    char text[1500], room[RULES_TEXT_MAX];
    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct smtp_reply reply = reply_of(550, text);
    assert_int_equal(rules_text(&reply, room).len, RULES_TEXT_MAX);
    memcpy(text + RULES_TEXT_MAX - 4 - 2, "\xe2\x82\xac", 3);
    assert_int_equal(rules_text(&reply, room).len, RULES_TEXT_MAX - 2);
    assert_string_equal(matched(&at_google, 550, text), "google");
}

static void what_speaks_of_us_spares_the_recipient(void **state)
{
    static const bool spares[] = {[RULE_SUSPEND] = true,
                                  [RULE_SLOW] = true,
                                  [RULE_BLOCK] = true,
                                  [RULE_HOLD_JOB] = false,
                                  [RULE_PLAIN] = false};
    (void)state;
    for (size_t i = 0; i < sizeof(spares) / sizeof(spares[0]); i++) {
        struct rule rule = {.action = (enum rule_action)i};
        assert_int_equal(rule_spares_recipient(&rule), spares[i]);
    }
}

/* --- How often --- */

static struct rules_memory memory;

static int begin(void **state)
{
    (void)state;
    memory = (struct rules_memory){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    rules_memory_release(&memory);
    assert_null(memory.counts);
    return 0;
}

static struct rule counting(unsigned count, int64_t within_ms)
{
    return (struct rule){.name = STR("busy"), .count = count, .within_ms = within_ms};
}

static bool met(const struct rule *rule, int64_t now)
{
    return rules_count(&memory, rule, PLACE, SOURCE, 0, now);
}

static void once_is_enough_where_a_rule_says_so(void **state)
{
    struct rule rule = counting(1, MINUTE);
    (void)state;
    assert_true(met(&rule, NOW));
    assert_true(met(&rule, NOW));
    assert_null(memory.counts);
}

static void it_acts_at_its_count_and_begins_anew(void **state)
{
    struct rule rule = counting(3, MINUTE);
    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_false(met(&rule, NOW + round));
        assert_false(met(&rule, NOW + round));
        assert_true(met(&rule, NOW + round));
    }
}

static void what_is_too_old_does_not_count(void **state)
{
    struct rule rule = counting(3, MINUTE);
    (void)state;
    assert_false(met(&rule, NOW));
    assert_false(met(&rule, NOW + MINUTE - 1));
    assert_false(met(&rule, NOW + MINUTE)); /* the first one is a minute old */
    assert_true(met(&rule, NOW + 2 * MINUTE - 2));
}

/* Not one window for all: it slides. */
static void a_window_begins_at_any_match(void **state)
{
    struct rule rule = counting(3, MINUTE);
    (void)state;
    assert_false(met(&rule, NOW));
    assert_false(met(&rule, NOW + 50000));
    assert_false(met(&rule, NOW + 70000));
    assert_true(met(&rule, NOW + 100000));
}

static void each_rule_place_source_and_job_counts_for_itself(void **state)
{
    struct rule rule = counting(2, MINUTE), other = counting(2, MINUTE);
    (void)state;
    other.name = STR("busier");
    for (int round = 0; round < 2; round++) {
        assert_int_equal(rules_count(&memory, &rule, PLACE, SOURCE, 0, NOW), round);
        assert_int_equal(rules_count(&memory, &other, PLACE, SOURCE, 0, NOW), round);
        assert_int_equal(rules_count(&memory, &rule, STR("mx2"), SOURCE, 0, NOW), round);
        assert_int_equal(rules_count(&memory, &rule, PLACE, STR("mail2"), 0, NOW), round);
        assert_int_equal(rules_count(&memory, &rule, PLACE, SOURCE, 12, NOW), round);
        assert_int_equal(rules_count(&memory, &rule, STR("mx.examplemail1"), STR(""), 0, NOW),
                         round);
    }
}

static void a_reload_may_change_the_numbers(void **state)
{
    struct rule few = counting(16, MINUTE), many = counting(100, MINUTE);
    (void)state;
    for (int i = 0; i < 15; i++)
        assert_false(met(&few, NOW + i));
    for (int i = 0; i < 84; i++)
        assert_false(met(&many, NOW + 15 + i * 500));
    assert_true(met(&few, NOW + 45000));
    for (int i = 0; i < 99; i++)
        assert_false(met(&many, NOW + 50000 + i * 10));
    assert_true(met(&few, NOW + 51000));
}

static bool met_at(const struct rule *rule, unsigned number)
{
    char place[32];
    int len = snprintf(place, sizeof(place), "mx%u.example", number);
    return rules_count(&memory, rule, str_from(place, (size_t)len), SOURCE, 0, NOW);
}

static void the_one_that_was_met_longest_ago_goes_first(void **state)
{
    struct rule rule = counting(3, MINUTE);
    (void)state;
    for (unsigned i = 0; i < RULES_COUNTS_MAX; i++)
        assert_false(met_at(&rule, i));
    assert_false(met_at(&rule, 0));
    assert_false(met_at(&rule, RULES_COUNTS_MAX)); /* one too many: the second goes */
    assert_true(met_at(&rule, 0));
    assert_false(met_at(&rule, 2));
    assert_true(met_at(&rule, 2));
    assert_false(met_at(&rule, RULES_COUNTS_MAX));
    assert_true(met_at(&rule, RULES_COUNTS_MAX));
    assert_false(met_at(&rule, 1));
    assert_false(met_at(&rule, 1));
    assert_true(met_at(&rule, 1));
}

/* --- Whatever comes --- */

static uint64_t chance_state;

static int64_t chance(int64_t below)
{
    chance_state = chance_state * 6364136223846793005U + 1442695040888963407U;
    return (int64_t)(chance_state >> 33) % below;
}

enum { MATCHES = 600 };

static unsigned within(const int64_t *at, size_t from, size_t to, int64_t ms)
{
    unsigned n = 0;
    for (size_t i = from; i <= to; i++)
        n += at[to] - at[i] < ms;
    return n;
}

/* Never acts with fewer matches in its time than it wants; and always with as many of them in
 * fifteen sixteenths of it, or, if it wants few, in all of it. */
static void try_a_run(unsigned wants, int64_t within_ms, int64_t gap_ms)
{
    struct rule rule = counting(wants, within_ms);
    int64_t at[MATCHES], now = NOW;
    int64_t covers = (within_ms + RULES_EXACT - 1) / RULES_EXACT;
    int64_t sure = wants > RULES_EXACT ? within_ms - covers : within_ms;
    size_t since = 0;
    for (size_t i = 0; i < MATCHES; i++) {
        at[i] = now += chance(gap_ms + 1);
        bool acted = met(&rule, now);
        if (acted)
            assert_true(within(at, since, i, within_ms) >= wants);
        else
            assert_true(within(at, since, i, sure) < wants);
        since = acted ? i + 1 : since;
    }
    rules_memory_release(&memory);
}

static void no_window_is_ever_overcounted(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 400; seed++) {
        chance_state = seed;
        unsigned wants = (unsigned)(seed % 2 ? 2 + chance(16) : 2 + chance(200));
        int64_t within_ms = 1 + chance(seed % 3 ? 20000 : 40);
        try_a_run(wants, within_ms, 2 * within_ms / wants);
    }
}

#define COUNT_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_matches_is_the_reply_s),
        cmocka_unit_test(a_rule_may_be_one_provider_s),
        cmocka_unit_test(only_failures_are_looked_at),
        cmocka_unit_test(patterns_see_one_line_with_single_spaces),
        cmocka_unit_test(a_long_reply_is_cut_at_a_character),
        cmocka_unit_test(what_speaks_of_us_spares_the_recipient),
        COUNT_TEST(once_is_enough_where_a_rule_says_so),
        COUNT_TEST(it_acts_at_its_count_and_begins_anew),
        COUNT_TEST(what_is_too_old_does_not_count),
        COUNT_TEST(a_window_begins_at_any_match),
        COUNT_TEST(each_rule_place_source_and_job_counts_for_itself),
        COUNT_TEST(a_reload_may_change_the_numbers),
        COUNT_TEST(the_one_that_was_met_longest_ago_goes_first),
        COUNT_TEST(no_window_is_ever_overcounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
