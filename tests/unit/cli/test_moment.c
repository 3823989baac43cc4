#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/moment.h"

static void is(const char *text, int64_t expected)
{
    int64_t unix_s = -1;
    if (!moment_parse(str_of(text), &unix_s))
        fail_msg("refused: %s", text);
    assert_true(unix_s == expected);
}

static void moments_are_read(void **state)
{
    (void)state;
    is("1970-01-01T00:00:00Z", 0);
    is("2024-01-01T00:01:58Z", 1704067318);
    is("2024-01-01t00:01:58z", 1704067318);
    is("2024-01-01T05:46:58+05:45", 1704067318);
    is("2023-12-31T19:01:58-05:00", 1704067318);
    is("2024-02-29T23:59:59.999999999Z", 1709251199);
    is("0001-01-01T00:00:00Z", -62135596800);
    is("9999-12-31T23:59:59Z", 253402300799);
    is("1960-06-01T00:00:00-00:00", -302486400);
}

/* RFC 3339 section 5.6: 23:59:60 is where a second was added to a day. */
static void a_leap_second_is_the_second_after_it(void **state)
{
    (void)state;
    is("2016-12-31T23:59:60Z", 1483228800);
    is("1990-12-31T15:59:60-08:00", 662688000);
}

static void what_is_no_moment_is_refused(void **state)
{
    (void)state;
    const char *wrong[] = {
        "",
        "now",
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00Z",
        "2024-01-01 00:00:00Z",
        "2024-1-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,5Z",
        "2024-01-01T00:00:00+0100",
        "2024-01-01T00:00:00+01",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+01:60",
        "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z",
        "+024-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t unix_s;
        if (moment_parse(str_of(wrong[i]), &unix_s))
            fail_msg("taken: %s", wrong[i]);
    }
    int64_t unix_s;
    assert_false(moment_parse((struct str){NULL, 0}, &unix_s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read),
        cmocka_unit_test(a_leap_second_is_the_second_after_it),
        cmocka_unit_test(what_is_no_moment_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
