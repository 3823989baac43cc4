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
    struct date_moment moment = {0};
    if (!date_parse(str_of(text), zone, &moment))
        fail_msg("\"%s\" was not read as a date", text);
    assert_int_equal(moment.unix_s, expected);
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

static void days_come_first_where_the_year_is_last(void **state)
{
    (void)state;
    assert_moment("29/02/2024", NULL, 1709164800);
    assert_moment("29.2.2024 13:05", NULL, 1709211900);
    assert_moment("3-4-2024", NULL, 1712102400); /* 3 April */
}

static void times_have_halves_and_fractions(void **state)
{
    (void)state;
    struct date_moment moment;
    assert_moment("February 29, 2024 1:05 PM", NULL, 1709211900);
    assert_moment("2024-02-29 12:05am +01:00", NULL, 1709161500);
    assert_true(date_parse(STR("2024-02-29T13:05:09.0305Z"), NULL, &moment));
    assert_int_equal(moment.nanosecond, 30500000);
    assert_true(date_parse(STR("2024-02-29 00:00:00.1234567899"), NULL, &moment));
    assert_int_equal(moment.nanosecond, 123456789);
}

static void other_text_is_no_date(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "soon",
                                        "2024-02-30",
                                        "2023-02-29",
                                        "2024-13-01",
                                        "0000-01-01",
                                        "2024-02-29T25:00",
                                        "2024",
                                        "29 Feb",
                                        "2024-2",
                                        "2024-02-29 10:00 x",
                                        "99999-01-01",
                                        "02/29/2024",
                                        "1/1/24",
                                        "2024-02-29 13:00pm",
                                        "2024-02-29 00:30 am",
                                        "2024-02-29 10:00:00."};
    struct date_moment moment;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (date_parse(str_of(texts[i]), NULL, &moment))
            fail_msg("\"%s\" was read as a date", texts[i]);
}

static void local_times_are_meant_in_the_zone(void **state)
{
    (void)state;
    assert_moment("2024-03-31 01:59:59", &paris, change - 1);
    assert_moment("2024-03-31 03:00:00", &paris, change);
    assert_moment("2024-03-31 03:00:00 Z", &paris, 1711854000);
}

/* Four hours west of UTC, three from a moment on. */
static int32_t west_offset(const void *ctx, int64_t unix_s, const char **name)
{
    *name = NULL;
    return unix_s >= *(const int64_t *)ctx ? -10800 : -14400;
}

/* 2024-09-08 04:00 UTC, midnight, which does not exist: clocks go on to 01:00. */
static void a_midnight_that_clocks_leave_out_stays_on_its_day(void **state)
{
    (void)state;
    static const int64_t forward = 1725768000;
    static const struct template_zone santiago = {&forward, west_offset};
    assert_moment("2024-09-07 23:59:59", &santiago, forward - 1);
    assert_moment("2024-09-08", &santiago, forward);
    assert_moment("2024-09-08 00:30", &santiago, forward + 1800);
    assert_moment("2024-09-08 01:00", &santiago, forward);
    assert_moment("2024-09-08 02:00", &santiago, forward + 3600);
}

/* One hour west of UTC from a moment on, at home in UTC before. */
static int32_t back_offset(const void *ctx, int64_t unix_s, const char **name)
{
    *name = NULL;
    return unix_s >= *(const int64_t *)ctx ? -3600 : 0;
}

static void an_hour_that_comes_twice_is_the_first(void **state)
{
    (void)state;
    static const int64_t back = 1729990800; /* 2024-10-27 01:00 UTC: it is 00:00 again */
    static const struct template_zone azores = {&back, back_offset};
    assert_moment("2024-10-26 23:59:59", &azores, back - 3601);
    assert_moment("2024-10-27 00:30", &azores, back - 1800);
    assert_moment("2024-10-27 01:00", &azores, back + 3600);
}

static void assert_in(const struct template_language *language, const struct date *d,
                      const char *directive, const char *expected)
{
    char text[DATE_TEXT_SIZE];
    size_t used, len = date_directive(d, language, str_of(directive), text, &used);
    if (used != strlen(directive) || !str_eq((struct str){text, len}, str_of(expected)))
        fail_msg("%%%s gave \"%.*s\", not \"%s\"", directive, (int)len, text, expected);
}

static void assert_written(int64_t unix_s, const struct template_zone *zone, const char *directive,
                           const char *expected)
{
    struct date d;
    assert_true(date_from_unix(unix_s, zone, &d));
    d.nanosecond = 30405060;
    assert_in(template_language_english(), &d, directive, expected);
}

enum { THURSDAY = 1709211909 }; /* 2024-02-29 13:05:09 UTC */

static void directives_are_written(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"A", "Thursday"},   {"a", "Thu"},         {"B", "February"},
        {"b", "Feb"},        {"h", "Feb"},         {"C", "20"},
        {"y", "24"},         {"j", "060"},         {"I", "01"},
        {"l", " 1"},         {"k", "13"},          {"e", "29"},
        {"p", "PM"},         {"P", "pm"},          {"u", "4"},
        {"w", "4"},          {"U", "08"},          {"W", "09"},
        {"V", "09"},         {"G", "2024"},        {"g", "24"},
        {"s", "1709211909"}, {"L", "030"},         {"N", "030405060"},
        {"n", "\n"},         {"t", "\t"},          {"%", "%"},
        {"z", "+0000"},      {"Z", "UTC"},         {"c", "Thu Feb 29 13:05:09 2024"},
        {"D", "02/29/24"},   {"F", "2024-02-29"},  {"T", "13:05:09"},
        {"R", "13:05"},      {"r", "01:05:09 PM"}, {"x", "02/29/24"},
        {"X", "13:05:09"},   {"v", "29-FEB-2024"}, {"+", "Thu Feb 29 13:05:09 UTC 2024"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_written(THURSDAY, NULL, pairs[i][0], pairs[i][1]);
}

static void flags_and_widths_change_directives(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"-j", "60"},
        {"_j", " 60"},
        {"^b", "FEB"},
        {"#B", "FEBRUARY"},
        {"#p", "pm"},
        {"#P", "PM"},
        {"#Z", "utc"},
        {"_5d", "   29"},
        {"5d", "00029"},
        {"-5d", "29"},
        {"_m", " 2"},
        {"-l", "1"},
        {"0l", "01"},
        {"10A", "  Thursday"},
        {"010A", "00Thursday"},
        {"^10a", "       THU"},
        {"12F", "  2024-02-29"},
        {"^c", "THU FEB 29 13:05:09 2024"},
        {"3N", "030"},
        {"6N", "030405"},
        {"12N", "030405060000"},
        {"6L", "030405"},
        {"10z", "+000000000"},
        {"_10z", "      +000"},
        {"Ey", "24"},
        {"Od", "29"},
        {"OB", "February"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_written(THURSDAY, NULL, pairs[i][0], pairs[i][1]);
}

static void what_is_no_directive_is_left_alone(void **state)
{
    (void)state;
    static const char *const specs[] = {"",   "Q",  "é",  ":",   "-",    "10",
                                        ":d", "Ed", "OF", "::S", "::::z"};
    struct date d;
    char text[DATE_TEXT_SIZE];
    size_t used;
    assert_true(date_from_unix(THURSDAY, NULL, &d));
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        date_directive(&d, template_language_english(), str_of(specs[i]), text, &used);
        assert_int_equal(used, 0);
    }
    date_directive(&d, template_language_english(), (struct str){"\0d", 2}, text, &used);
    assert_int_equal(used, 0);
}

static void a_width_has_a_limit(void **state)
{
    (void)state;
    struct date d;
    char text[DATE_TEXT_SIZE];
    size_t used;
    assert_true(date_from_unix(THURSDAY, NULL, &d));
    size_t len =
        date_directive(&d, template_language_english(), STR("99999999999999A"), text, &used);
    assert_int_equal(len, DATE_WIDTH_MAX);
    assert_int_equal(
        date_directive(&d, template_language_find(STR("el")), STR("999^c"), text, &used), 0);
    assert_true(date_directive(&d, template_language_find(STR("el")), STR("^999c"), text, &used) <
                DATE_TEXT_SIZE);
}

static void offsets_are_those_of_the_zone_then(void **state)
{
    (void)state;
    assert_written(change - 1, &paris, "H", "01");
    assert_written(change - 1, &paris, "Z", "CET");
    assert_written(change, &paris, "H", "03");
    assert_written(change, &paris, "z", "+0200");
    assert_written(change, &paris, ":z", "+02:00");
    assert_written(change, &paris, "::z", "+02:00:00");
    assert_written(change, &paris, ":::z", "+02");
    assert_written(change, &paris, "-z", "+200");
    assert_written(change, &paris, "_:z", " +2:00");
    assert_written(change, &paris, "Z", "CEST");
}

static int32_t odd_offset(const void *ctx, int64_t unix_s, const char **name)
{
    (void)ctx, (void)unix_s;
    *name = NULL;
    return -(45 * 60 + 30);
}

static void odd_offsets_keep_their_sign(void **state)
{
    (void)state;
    static const struct template_zone odd = {NULL, odd_offset};
    assert_written(0, &odd, "z", "-0045");
    assert_written(0, &odd, "::z", "-00:45:30");
    assert_written(0, &odd, ":::z", "-00:45:30");
    assert_written(0, &odd, "_z", " -045");
    assert_written(0, &odd, "Z", "");
    assert_written(0, &odd, "F", "1969-12-31");
    assert_written(-5, &odd, "s", "-5");
    assert_written(-5, &odd, "4s", "-005");
    assert_written(-5, &odd, "_4s", "  -5");
}

static void weeks_cross_years(void **state)
{
    (void)state;
    assert_written(1767225600 - 86400 * 3, NULL, "G", "2026"); /* 29 December 2025 */
    assert_written(1767225600 - 86400 * 3, NULL, "V", "01");
    assert_written(1609459200, NULL, "G", "2020"); /* 1 January 2021, a Friday */
    assert_written(1609459200, NULL, "V", "53");
    assert_written(1609459200, NULL, "U", "00");
    assert_written(1704067200, NULL, "W", "01"); /* 1 January 2024, a Monday */
}

static void names_are_those_of_the_language(void **state)
{
    (void)state;
    struct date d;
    const struct template_language *fr = template_language_find(STR("fr"));
    const struct template_language *pl = template_language_find(STR("pl"));
    assert_true(date_from_unix(1709985600, NULL, &d)); /* Saturday, 9 March 2024 */
    assert_in(fr, &d, "A", "samedi");
    assert_in(fr, &d, "^B", "MARS");
    assert_in(pl, &d, "B", "marca");
    assert_in(pl, &d, "OB", "marzec");
    assert_true(date_from_unix(THURSDAY, NULL, &d));
    assert_in(fr, &d, "b", "févr.");
    assert_in(fr, &d, "^B", "FÉVRIER");
    assert_in(fr, &d, "9B", "  février");
    assert_in(fr, &d, "c", "jeu. févr. 29 13:05:09 2024");
}

/* What a clock on the wall shows comes back, but for the hour that is left out. */
static void local_times_come_back(void **state)
{
    (void)state;
    for (int64_t at = change - 86400; at < change + 86400; at += 600) {
        struct date d;
        struct date_moment back;
        char text[32];
        assert_true(date_from_unix(at, &paris, &d));
        snprintf(text, sizeof(text), "%d-%02d-%02d %02d:%02d", d.year, d.month, d.day, d.hour,
                 d.minute);
        assert_true(date_parse(str_of(text), &paris, &back));
        assert_int_equal(back.unix_s, at);
    }
    assert_moment("2024-03-31 02:30", &paris, change + 1800);
}

static void every_day_comes_back(void **state)
{
    (void)state;
    for (int64_t day = -719162; day < 2932896; day += 97) {
        struct date d;
        char text[32];
        struct date_moment back;
        assert_true(date_from_unix(day * 86400, NULL, &d));
        snprintf(text, sizeof(text), "%04d-%02d-%02d", d.year, d.month, d.day);
        assert_true(date_parse(str_of(text), NULL, &back));
        assert_int_equal(back.unix_s, day * 86400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_forms_are_read),
        cmocka_unit_test(days_come_first_where_the_year_is_last),
        cmocka_unit_test(times_have_halves_and_fractions),
        cmocka_unit_test(other_text_is_no_date),
        cmocka_unit_test(local_times_are_meant_in_the_zone),
        cmocka_unit_test(a_midnight_that_clocks_leave_out_stays_on_its_day),
        cmocka_unit_test(an_hour_that_comes_twice_is_the_first),
        cmocka_unit_test(directives_are_written),
        cmocka_unit_test(flags_and_widths_change_directives),
        cmocka_unit_test(what_is_no_directive_is_left_alone),
        cmocka_unit_test(a_width_has_a_limit),
        cmocka_unit_test(offsets_are_those_of_the_zone_then),
        cmocka_unit_test(odd_offsets_keep_their_sign),
        cmocka_unit_test(weeks_cross_years),
        cmocka_unit_test(names_are_those_of_the_language),
        cmocka_unit_test(local_times_come_back),
        cmocka_unit_test(every_day_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
