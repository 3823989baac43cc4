#include "mail/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void gives_lower_case_a_labels_and_their_length(void **state)
{
    (void)state;
    char out[DOMAIN_MAX + 1];
    assert_int_equal(domain_parse(STR("Send.EXAMPLE"), out, NULL), 12);
    assert_string_equal(out, "send.example");
    assert_int_equal(domain_parse(STR("B\xC3\x9C"
                                      "CHER.example"),
                                  out, NULL),
                     21);
    assert_string_equal(out, "xn--bcher-kva.example");
}

static void the_longest_domain_has_255_octets(void **state)
{
    (void)state;
    char text[DOMAIN_MAX + 2];
    char out[DOMAIN_MAX + 1];
    struct address_fault why;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 ? '.' : 'a';
    assert_int_equal(domain_parse(str_from(text, 255), out, NULL), 255);
    assert_int_equal(domain_parse(str_from(text, 256), out, &why), -1);
    assert_int_equal(why.kind, ADDRESS_DOMAIN_TOO_LONG);
}

static void a_huge_international_domain_is_refused_unread(void **state)
{
    (void)state;
    static char text[100000];
    char out[DOMAIN_MAX + 1];
    struct address_fault why;
    for (size_t i = 0; i < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    assert_int_equal(domain_parse(str_from(text, sizeof(text)), out, &why), -1);
    assert_int_equal(why.kind, ADDRESS_DOMAIN_TOO_LONG);
}

static void assert_shown(const char *domain, const char *expected)
{
    struct buf out = BUF_INIT;
    domain_add_unicode(&out, str_of(domain));
    assert_string_equal(out.at, expected);
    buf_release(&out);
}

static void international_names_are_shown_as_they_are_written(void **state)
{
    (void)state;
    assert_shown("mail.xn--bcher-kva.example", "mail.b\xC3\xBC"
                                               "cher.example");
    assert_shown("send.example", "send.example");
    assert_shown("[192.0.2.1]", "[192.0.2.1]");
}

/* Punycode of a right-to-left mark, of a capital letter, and of nothing at all. */
static void names_that_nobody_could_register_stay_as_they_are(void **state)
{
    (void)state;
    assert_shown("xn--ab-s1t.example", "xn--ab-s1t.example");
    assert_shown("xn--bcher-2pa.example", "xn--bcher-2pa.example");
    assert_shown("xn--.example", "xn--.example");
    assert_shown("xn--99999999999.example", "xn--99999999999.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_lower_case_a_labels_and_their_length),
        cmocka_unit_test(the_longest_domain_has_255_octets),
        cmocka_unit_test(a_huge_international_domain_is_refused_unread),
        cmocka_unit_test(international_names_are_shown_as_they_are_written),
        cmocka_unit_test(names_that_nobody_could_register_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
