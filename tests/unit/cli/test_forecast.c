#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cli/forecast.h"

enum { NOW = 1700000000 }; /* 2023-11-14 22:13:20 UTC */

static json_t *parse(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    return object;
}

static void about(uint64_t seconds, const char *wanted)
{
    struct buf out = BUF_INIT;
    forecast_say_about(&out, seconds);
    assert_string_equal(out.at, wanted);
    buf_release(&out);
}

static void times_are_rounded_as_one_says_them(void **state)
{
    (void)state;
    about(0, "0 s");
    about(119, "119 s");
    about(120, "2 min");
    about(121, "3 min");
    about(3540, "59 min");
    about(3541, "1 h 0 min");
    about(4801, "1 h 21 min");
    about(23 * 3600, "23 h 0 min");
    about(86400, "1 d 0 h");
    about(100 * 3600 + 1, "4 d 5 h");
}

static void the_end_has_a_clock(void **state)
{
    struct buf out = BUF_INIT;
    (void)state;
    forecast_say_end(&out, 4800, NOW);
    assert_string_equal(out.at, "in about 1 h 20 min (23:33)");
    buf_reset(&out);
    forecast_say_end(&out, 7200, NOW);
    assert_string_equal(out.at, "in about 2 h 0 min (2023-11-15 00:13)");
    buf_release(&out);
}

static void whole(const char *text, const char *wanted)
{
    struct buf out = BUF_INIT;
    json_t *object = parse(text);
    forecast_say_whole(&out, object, NOW);
    assert_string_equal(out.at, wanted);
    json_decref(object);
    buf_release(&out);
}

static void the_whole_names_what_takes_longest(void **state)
{
    (void)state;
    whole("{\"forecast\": [{\"group\": \"a\", \"seconds\": 60, \"limited_by\": \"5/s\"},"
          " {\"group\": \"orange\", \"seconds\": 3000, \"limited_by\": \"2 connections\"}],"
          " \"finished_in_s\": 3000}",
          "All of it is finished in about 50 min (23:03); what takes longest is orange: 2 "
          "connections.");
    whole("{\"forecast\": [{\"group\": \"a\", \"seconds\": 600, \"limited_by\": \"suspended\","
          " \"waits_until\": \"2023-11-14T22:20:00Z\"}], \"finished_in_s\": 600}",
          "All of it is finished in about 10 min (22:23); what takes longest is a: suspended until "
          "22:20.");
}

static void what_has_no_end_is_said(void **state)
{
    (void)state;
    whole("{\"forecast\": [{\"group\": \"a\", \"seconds\": 60, \"limited_by\": \"5/s\"},"
          " {\"group\": \"b\\u001b[2J\", \"seconds\": null, \"limited_by\": \"suspended\","
          " \"waits_until\": null}], \"finished_in_s\": null}",
          "Nobody knows when it is finished; what takes longest is b\xE2\x90\x9B[2J: suspended "
          "until somebody resumes it.");
}

static void what_is_missing_or_odd_is_nothing(void **state)
{
    static const char *const odd[] = {"{}", "{\"forecast\": null}", "{\"forecast\": []}",
                                      "{\"forecast\": 7, \"finished_in_s\": \"soon\"}"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        json_t *object = parse(odd[i]);
        assert_false(forecast_is_there(object));
        assert_int_equal(forecast_left_s(object), -1);
        json_decref(object);
    }
    whole("{\"forecast\": [7, {}], \"finished_in_s\": 1}",
          "All of it is finished in about 1 s (22:13); what takes longest is :  until somebody "
          "resumes it.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_rounded_as_one_says_them),
        cmocka_unit_test(the_end_has_a_clock),
        cmocka_unit_test(the_whole_names_what_takes_longest),
        cmocka_unit_test(what_has_no_end_is_said),
        cmocka_unit_test(what_is_missing_or_odd_is_nothing),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
