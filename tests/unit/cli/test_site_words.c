/* What is said of sites and restraints, in words for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/site_words.h"

/* 2026-11-22 12:00:00 UTC */
enum { NOON = 1795348800 };

typedef void words_fn(struct buf *out, const json_t *object, int64_t now);

static void assert_words(words_fn *say, const char *json, const char *wanted)
{
    json_t *object = json_loads(json, 0, NULL);
    struct buf out = BUF_INIT;
    assert_non_null(object);
    buf_add_text(&out, "");
    say(&out, object, NOON);
    assert_string_equal(out.at, wanted);
    buf_release(&out);
    json_decref(object);
}

static void restraints_say_how_long(void **state)
{
    (void)state;
    assert_words(restraint_say_time, "{\"until\": \"2026-11-22T12:30:05Z\"}",
                 "until 12:30, in 30 min 5 s");
    assert_words(restraint_say_time, "{\"until\": \"2026-11-24T12:00:00Z\"}",
                 "until 2026-11-24 12:00, in 2 d 0 h");
    assert_words(restraint_say_time, "{\"until\": null}", "until resumed");
    assert_words(restraint_say_time, "{\"until\": \"2026-11-22T11:59:00Z\"}",
                 "coming back since 11:59");
}

static void restraints_say_what_where_and_why(void **state)
{
    (void)state;
    assert_words(restraint_say,
                 "{\"action\": \"suspend\", \"scope\": \"provider\", \"place\": \"orange\","
                 " \"text\": \"Too many complaints\", \"until\": null}",
                 "provider orange: suspended until resumed, by hand: Too many complaints");
    assert_words(restraint_say,
                 "{\"action\": \"slow\", \"scope\": \"site\", \"place\": \"mx.a.test\","
                 " \"source\": \"mail1\", \"rate\": \"5/s\", \"connections\": 1,"
                 " \"rule\": \"slow-down\", \"until\": \"2026-11-22T12:01:00Z\"}",
                 "mx.a.test: slowed to 5/s and 1 connection for source mail1 until 12:01, in "
                 "1 min 0 s, by rule slow-down");
    assert_words(restraint_say,
                 "{\"action\": \"block\", \"scope\": \"source\", \"source\": \"mail1\"}",
                 "everywhere: blocked for source mail1 until resumed, by hand");
    assert_words(restraint_say,
                 "{\"action\": \"hold_job\", \"scope\": \"site\", \"place\": \"m\", \"job\": 12}",
                 "m: job 12 held back until resumed, by hand");
    assert_words(restraint_say,
                 "{\"action\": \"slow\", \"scope\": \"site\", \"place\": \"m\","
                 " \"connections\": 2}",
                 "m: slowed to 2 connections until resumed, by hand");
}

static void say_connections(struct buf *out, const json_t *site, int64_t now)
{
    (void)now;
    site_say_connections(out, site);
}

static void say_rate(struct buf *out, const json_t *site, int64_t now)
{
    (void)now;
    site_say_rate(out, site);
}

#define SOURCE(connections, rate) \
    "{\"limits\": {\"connections\": " connections ", \"rate\": " rate "}}"

static void sites_say_what_they_may_use(void **state)
{
    (void)state;
    const char *one = "{\"connections\": 3, \"sources\": [" SOURCE("10", "\"80/s\"") "]}";
    const char *two = "{\"connections\": 3, \"sources\": [" SOURCE("10", "\"80/s\"") ", " SOURCE(
        "5", "\"1/s\"") "]}";
    const char *free = "{\"connections\": 3, \"sources\": [" SOURCE("null", "null") "]}";
    assert_words(say_connections, one, "3 of 10");
    assert_words(say_connections, two, "3 of 15");
    assert_words(say_connections, free, "3");
    assert_words(say_connections, "{}", "0");
    assert_words(say_rate, one, "80/s");
    assert_words(say_rate, two, "differs");
    assert_words(say_rate, free, "");
    assert_words(say_rate, "{}", "");
}

static void sites_say_why_they_wait_or_what_was_refused(void **state)
{
    (void)state;
    assert_words(site_say_why_or_reply,
                 "{\"why\": \"\", \"reply\": \"450 Later\", \"reply_at\": "
                 "\"2026-11-22T11:58:58Z\"}",
                 "1 min 2 s ago: 450 Later");
    assert_words(site_say_why_or_reply, "{\"why\": \"Waits.\", \"reply\": \"450 Later\"}",
                 "Waits.");
    assert_words(site_say_why_or_reply, "{\"why\": \"\", \"reply\": null}", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restraints_say_how_long),
        cmocka_unit_test(restraints_say_what_where_and_why),
        cmocka_unit_test(sites_say_what_they_may_use),
        cmocka_unit_test(sites_say_why_they_wait_or_what_was_refused),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
