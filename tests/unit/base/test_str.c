#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

static void cut_gives_every_part_and_ends(void **state)
{
    (void)state;
    struct str rest = STR("a,,b,");
    const char *want[] = {"a", "", "b", ""};
    size_t n = 0;
    while (rest.at) {
        struct str part = str_cut(&rest, ',');
        assert_true(n < 4);
        assert_true(str_eq(part, str_of(want[n])));
        n++;
    }
    assert_int_equal(n, 4);
}

static void numbers_are_whole_or_refused(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_true(str_to_u64(STR("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    const char *bad[] = {
        "", "18446744073709551616", "99999999999999999999", "-1", "+1", " 1", "1 ", "0x1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(str_to_u64(str_of(bad[i]), &n));
    assert_true(n == UINT64_MAX);
}

static void comparing_without_case_is_ascii_only(void **state)
{
    (void)state;
    assert_true(str_eq_nocase(STR("EHLO"), STR("ehlo")));
    assert_false(str_eq_nocase(STR("\xC3\x89"), STR("\xC3\xA9")));
    assert_false(str_eq_nocase(STR("@"), STR("`")));
    assert_true(str_starts_nocase(STR("Content-Type: x"), STR("content-type:")));
    assert_true(str_ends(STR("mail.example"), STR(".example")));
    assert_false(str_ends(STR("e"), STR("example")));
}

static void order_is_by_bytes_then_length(void **state)
{
    (void)state;
    assert_true(str_compare(STR("a"), STR("b")) < 0);
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_compare(STR("\xFF"), STR("a")) > 0);
    assert_int_equal(str_compare(STR(""), (struct str){NULL, 0}), 0);
}

static void trim_takes_both_ends(void **state)
{
    (void)state;
    assert_true(str_eq(str_trim(STR(" \t a b\r\n")), STR("a b")));
    assert_int_equal(str_trim(STR(" \n ")).len, 0);
}

static void utf8_is_held_to_rfc_3629(void **state)
{
    (void)state;
    assert_true(str_is_utf8(STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")));
    const char *bad[] = {"\x80",
                         "\xC3",
                         "\xC0\xAF",
                         "\xE0\x80\xAF",
                         "\xED\xA0\x80",
                         "\xF4\x90\x80\x80",
                         "\xF5\x80\x80\x80",
                         "\xE2\x82"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(str_is_utf8(str_of(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_gives_every_part_and_ends),
        cmocka_unit_test(numbers_are_whole_or_refused),
        cmocka_unit_test(comparing_without_case_is_ascii_only),
        cmocka_unit_test(order_is_by_bytes_then_length),
        cmocka_unit_test(trim_takes_both_ends),
        cmocka_unit_test(utf8_is_held_to_rfc_3629),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
