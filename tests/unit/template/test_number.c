#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "template/number.h"

static void assert_scan(const char *text, size_t len, bool real, double value)
{
    struct number n;
    assert_int_equal(number_scan(str_of(text), &n), len);
    assert_int_equal(n.real, real);
    assert_true((real ? n.approx : (double)n.whole) == value);
}

static void numbers_are_read_from_the_front(void **state)
{
    (void)state;
    assert_scan("12 apples", 2, false, 12);
    assert_scan("-5.25x", 5, true, -5.25);
    assert_scan("1..5", 1, false, 1);
    assert_scan("0.1", 3, true, 0.1);
    assert_scan("100000000000000000000", 21, true, 1e20);
    assert_scan("-", 0, false, 0);
    assert_scan(".5", 0, false, 0);
}

static void assert_print(double value, const char *expected)
{
    char text[40];
    size_t len = number_print(value, text);
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
}

static void numbers_are_printed_shortly(void **state)
{
    (void)state;
    assert_print(4.5, "4.5");
    assert_print(2, "2.0");
    assert_print(20 / 7.0, "2.857142857142857");
    assert_print(1e15, "1000000000000000.0");
    assert_print(1e30, "1.0e+30");
    assert_print(-1.0 / 3, "-0.3333333333333333");
}

static void assert_fixed(double value, unsigned places, const char *expected)
{
    char text[NUMBER_FIXED_SIZE];
    struct number n = {.real = true, .approx = value};
    size_t len = number_print_fixed(&n, places, text);
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
}

static void places_are_kept_and_rounded(void **state)
{
    (void)state;
    assert_fixed(4.5, 2, "4.50");
    assert_fixed(1.005, 2, "1.01"); /* as on paper, though the double is a little less */
    assert_fixed(2.5, 0, "3");
    assert_fixed(-2.5, 0, "-3");
    assert_fixed(-0.001, 2, "0.00");
    assert_fixed(1e22, 1, "10000000000000000000000.0");
    assert_fixed(123456789012345680.0, 15, "123456789012345680.000000000000000");
}

static void whole_numbers_get_zeros(void **state)
{
    (void)state;
    char text[NUMBER_FIXED_SIZE];
    struct number n = {.whole = INT64_MIN};
    assert_int_equal(number_print_fixed(&n, 2, text), 23);
    assert_string_equal(text, "-9223372036854775808.00");
    n.whole = 120;
    assert_int_equal(number_print_fixed(&n, 0, text), 3);
    assert_string_equal(text, "120");
}

static void the_largest_doubles_fit(void **state)
{
    (void)state;
    char text[NUMBER_FIXED_SIZE];
    struct number n = {.real = true, .approx = -1.7976931348623157e308};
    assert_int_equal(number_print_fixed(&n, NUMBER_MOST_PLACES, text), 1 + 309 + 1 + 15);
    n.approx = (double)INFINITY;
    assert_int_equal(number_print_fixed(&n, 2, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_from_the_front),
        cmocka_unit_test(numbers_are_printed_shortly),
        cmocka_unit_test(places_are_kept_and_rounded),
        cmocka_unit_test(whole_numbers_get_zeros),
        cmocka_unit_test(the_largest_doubles_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
