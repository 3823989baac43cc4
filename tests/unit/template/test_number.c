#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_from_the_front),
        cmocka_unit_test(numbers_are_printed_shortly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
