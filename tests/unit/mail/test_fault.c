#include "mail/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void assert_said(enum address_fault_kind kind, struct str part, const char *expected)
{
    struct buf out = BUF_INIT;
    struct address_fault why = {kind, part};
    address_fault_text(&why, &out);
    assert_string_equal(out.at, expected);
    buf_release(&out);
}

static void every_fault_has_words(void **state)
{
    (void)state;
    for (int kind = 0; kind < ADDRESS_FAULTS; kind++) {
        struct buf out = BUF_INIT;
        struct address_fault why = {(enum address_fault_kind)kind, STR("part")};
        address_fault_text(&why, &out);
        assert_true(str_starts(buf_str(&out), STR("has ")) ||
                    str_starts(buf_str(&out), STR("is ")));
        buf_release(&out);
    }
}

static void quotes_the_part_at_fault(void **state)
{
    (void)state;
    assert_said(ADDRESS_NO_AT, STR("ignored"), "has no @");
    assert_said(ADDRESS_DOMAIN_SINGLE, STR("localhost"),
                "has the domain \"localhost\", which has no dot");
}

static void quotes_nothing_that_could_do_harm(void **state)
{
    (void)state;
    assert_said(ADDRESS_DOMAIN_SINGLE, STR("a\r\n\x1B\xFF\xC2\x9B\xC3\xA9"),
                "has the domain \"a?????\?\xC3\xA9\", which has no dot");
    char longer[200];
    memset(longer, 'x', sizeof(longer));
    struct buf out = BUF_INIT;
    struct address_fault why = {ADDRESS_DOMAIN_IDNA, str_from(longer, sizeof(longer))};
    address_fault_text(&why, &out);
    assert_true(out.len < 160);
    assert_non_null(strstr(out.at, "xx…\""));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_words),
        cmocka_unit_test(quotes_the_part_at_fault),
        cmocka_unit_test(quotes_nothing_that_could_do_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
