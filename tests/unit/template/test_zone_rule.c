#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/zone_rule.h"

static struct zone_rule rule;

static void takes(const char *text)
{
    if (!zone_rule_parse(str_of(text), &rule))
        fail_msg("refused: %s", text);
}

static void is(int64_t unix_s, const char *name, int32_t offset)
{
    const struct zone_time *time = zone_rule_time(&rule, unix_s);
    assert_string_equal(time->name, name);
    assert_int_equal(time->offset, offset);
}

static void a_rule_without_daylight_saving_is_always_the_same(void **state)
{
    (void)state;
    takes("UTC0");
    is(0, "UTC", 0);
    takes("<+0545>-5:45");
    is(INT64_MAX, "+0545", 20700);
    is(INT64_MIN, "+0545", 20700);
    takes("ABC+1:02:03");
    is(0, "ABC", -3723);
}

static void clocks_are_set_at_their_second(void **state)
{
    (void)state;
    takes("CET-1CEST,M3.5.0,M10.5.0/3");
    is(1711846799, "CET", 3600); /* 31 March 2024, 00:59:59 UTC */
    is(1711846800, "CEST", 7200);
    is(1729990799, "CEST", 7200); /* 27 October 2024 */
    is(1729990800, "CET", 3600);
    takes("EST5EDT,M3.2.0,M11.1.0");
    is(1710053999, "EST", -18000); /* 10 March 2024, 06:59:59 UTC */
    is(1710054000, "EDT", -14400);
    is(1730613599, "EDT", -14400); /* 3 November 2024 */
    is(1730613600, "EST", -18000);
}

static void summer_may_go_over_new_year(void **state)
{
    (void)state;
    takes("AEST-10AEDT,M10.1.0,M4.1.0/3");
    is(1704067200, "AEDT", 39600); /* 1 January 2024 */
    is(1719792000, "AEST", 36000); /* 1 July 2024 */
}

static void daylight_time_may_never_end(void **state)
{
    (void)state;
    takes("XXX3EDT4,0/0,J365/23");
    for (int64_t t = 0; t < INT64_C(4000000000); t += 86399)
        is(t, "EDT", -14400);
}

static void hours_may_be_those_of_other_days(void **state)
{
    (void)state;
    takes("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"); /* Nuuk */
    is(1711846799, "-02", -7200);
    is(1711846800, "-01", -3600);
    takes("IST-2IDT,M3.4.4/26,M10.5.0"); /* Jerusalem: the Friday after the fourth Thursday */
    is(1711670399, "IST", 7200);         /* 29 March 2024, 02:00 there */
    is(1711670400, "IDT", 10800);
}

static void what_is_no_rule_is_refused(void **state)
{
    (void)state;
    const char *wrong[] = {"",
                           "UTC",
                           "UT0",
                           "<UTC0",
                           "<UT>0",
                           "UTC25",
                           "UTC0:60",
                           "UTC0:",
                           "ABCDEFGHIJKLMNOP0",
                           "CET-1CEST",
                           "CET-1CEST,M3.5.0",
                           "CET-1CEST,M3.5.0,M10.5.0/3x",
                           "CET-1CEST,M13.5.0,M10.5.0/3",
                           "CET-1CEST,M3.6.0,M10.5.0/3",
                           "CET-1CEST,M3.5.7,M10.5.0/3",
                           "CET-1CEST,M3.5,M10.5.0/3",
                           "CET-1CEST,J0,J365",
                           "CET-1CEST,J1,J366",
                           "CET-1CEST,0,366",
                           "CET-1CEST,0/168,1",
                           "CET-1CEST,0/-168,1",
                           "CET-1CEST;0,1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (zone_rule_parse(str_of(wrong[i]), &rule))
            fail_msg("taken: %s", wrong[i]);
}

/* The C library reads the same rules from the variable TZ, by code of its own. */
static void compare_with_library(const char *text)
{
    takes(text);
    setenv("TZ", text, 1);
    tzset();
    for (int64_t t = 0; t < INT64_C(2240000000); t += 6 * 3600 - 1) {
        time_t moment = t;
        struct tm tm;
        localtime_r(&moment, &tm);
        const struct zone_time *time = zone_rule_time(&rule, t);
        if (time->offset != tm.tm_gmtoff || strcmp(time->name, tm.tm_zone) != 0)
            fail_msg("%s at %lld: %s %d, not %s %ld", text, (long long)t, time->name, time->offset,
                     tm.tm_zone, tm.tm_gmtoff);
    }
    unsetenv("TZ");
    tzset();
}

static void the_library_says_the_same(void **state)
{
    (void)state;
    compare_with_library("CET-1CEST,M3.5.0,M10.5.0/3");
    compare_with_library("EST5EDT,M3.2.0,M11.1.0");
    compare_with_library("AEST-10AEDT,M10.1.0,M4.1.0/3");
    compare_with_library("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"); /* Lord Howe: half an hour */
    compare_with_library("IST-1GMT0,M10.5.0,M3.5.0/1");           /* Dublin: winter is the saving */
    compare_with_library("AAA3BBB,J60,J300/12:30:15");
    compare_with_library("AAA-3BBB,59/1,299/0");
    compare_with_library("NZST-12NZDT,M9.5.0,M4.1.0/3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_without_daylight_saving_is_always_the_same),
        cmocka_unit_test(clocks_are_set_at_their_second),
        cmocka_unit_test(summer_may_go_over_new_year),
        cmocka_unit_test(daylight_time_may_never_end),
        cmocka_unit_test(hours_may_be_those_of_other_days),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(the_library_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
