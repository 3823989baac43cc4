#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/date.h"

/* Two hours east of UTC from a moment on, one before: a zone with one change. */
static int32_t summer_offset(const void *ctx, int64_t unix_s, const char **name)
{
    bool summer = unix_s >= *(const int64_t *)ctx;
    *name = summer ? "CEST" : "CET";
    return summer ? 7200 : 3600;
}

static const int64_t change = 1711846800; /* 2024-03-31 01:00 UTC */
static const struct template_zone paris = {&change, summer_offset};

static void assert_moment(const char *text, const struct template_zone *zone, int64_t expected)
{
    int64_t unix_s = 0;
    assert_true(date_parse(str_of(text), zone, &unix_s));
    assert_int_equal(unix_s, expected);
}

static void the_usual_forms_are_read(void **state)
{
    (void)state;
    assert_moment("2024-02-29", NULL, 1709164800);
    assert_moment("2024-02-29T13:05:09Z", NULL, 1709211909);
    assert_moment("2024-02-29 13:05:09.123 +0100", NULL, 1709208309);
    assert_moment("February 29, 2024", NULL, 1709164800);
    assert_moment("Thu, 29 Feb 2024 13:05:09 GMT", NULL, 1709211909);
    assert_moment("1969-12-31", NULL, -86400);
}

static void other_text_is_no_date(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",           "soon",       "2024-02-30",         "2023-02-29",
        "2024-13-01", "0000-01-01", "2024-02-29T25:00",   "2024",
        "29 Feb",     "2024-2",     "2024-02-29 10:00 x", "99999-01-01"};
    int64_t unix_s;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (date_parse(str_of(texts[i]), NULL, &unix_s))
            fail_msg("\"%s\" was read as a date", texts[i]);
}

static void local_times_are_meant_in_the_zone(void **state)
{
    (void)state;
    assert_moment("2024-03-31 01:59:59", &paris, change - 1);
    assert_moment("2024-03-31 03:00:00", &paris, change);
    assert_moment("2024-03-31 03:00:00 Z", &paris, 1711854000);
}

static void assert_written(int64_t unix_s, const struct template_zone *zone, const char *directive,
                           const char *expected)
{
    struct date d;
    char text[DATE_TEXT_SIZE];
    size_t used;
    assert_true(date_from_unix(unix_s, zone, &d));
    size_t len = date_directive(&d, str_of(directive), text, &used);
    assert_int_equal(used, strlen(directive));
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(text, expected, len);
}

static void directives_are_written(void **state)
{
    (void)state;
    int64_t t = 1709211909; /* 2024-02-29 13:05:09 UTC */
    assert_written(t, NULL, "A", "Thursday");
    assert_written(t, NULL, "^b", "FEB");
    assert_written(t, NULL, "j", "060");
    assert_written(t, NULL, "-j", "60");
    assert_written(t, NULL, "_5d", "   29");
    assert_written(t, NULL, "I", "01");
    assert_written(t, NULL, "p", "PM");
    assert_written(t, NULL, "V", "09");
    assert_written(t, NULL, "c", "Thu Feb 29 13:05:09 2024");
    assert_written(t, NULL, "s", "1709211909");
    assert_written(t, NULL, "z", "+0000");
    assert_written(change, &paris, "H", "03");
    assert_written(change, &paris, ":z", "+02:00");
    assert_written(change, &paris, "Z", "CEST");
    assert_written(1767225600 - 86400 * 3, NULL, "G", "2026"); /* 29 December 2025 is in week 1 */
}

static void every_day_comes_back(void **state)
{
    (void)state;
    for (int64_t day = -719162; day < 2932896; day += 97) {
        struct date d;
        char text[32];
        int64_t back;
        assert_true(date_from_unix(day * 86400, NULL, &d));
        snprintf(text, sizeof(text), "%04d-%02d-%02d", d.year, d.month, d.day);
        assert_true(date_parse(str_of(text), NULL, &back));
        assert_int_equal(back, day * 86400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_forms_are_read),
        cmocka_unit_test(other_text_is_no_date),
        cmocka_unit_test(local_times_are_meant_in_the_zone),
        cmocka_unit_test(directives_are_written),
        cmocka_unit_test(every_day_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
