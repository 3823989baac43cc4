#include "dns/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static int read_at(struct str message, size_t at, struct dns_name *out, size_t *end)
{
    *end = at;
    return dns_name_read(message, end, out);
}

static void a_name_is_read_in_lower_case(void **state)
{
    (void)state;
    struct dns_name name;
    char text[DNS_HOST_MAX + 1];
    size_t end;
    assert_int_equal(read_at(STR("\2Mx\7EXAMPLE\3org\0tail"), 0, &name, &end), 0);
    assert_int_equal(end, 16);
    assert_int_equal(dns_name_host(&name, text), 14);
    assert_string_equal(text, "mx.example.org");
}

static void a_pointer_leads_back(void **state)
{
    (void)state;
    struct dns_name name;
    char text[DNS_HOST_MAX + 1];
    size_t end;
    struct str message = STR("\7example\3org\0\2mx\xC0\0\1a\xC0\15");
    assert_int_equal(read_at(message, 13, &name, &end), 0);
    assert_int_equal(end, 18);
    dns_name_host(&name, text);
    assert_string_equal(text, "mx.example.org");
    assert_int_equal(read_at(message, 18, &name, &end), 0);
    assert_int_equal(end, message.len);
    dns_name_host(&name, text);
    assert_string_equal(text, "a.mx.example.org");
}

static void circles_and_pointers_ahead_are_refused(void **state)
{
    (void)state;
    struct dns_name name;
    size_t end;
    assert_int_equal(read_at(STR("\xC0\0"), 0, &name, &end), -1);         /* itself */
    assert_int_equal(read_at(STR("\1a\xC0\0"), 0, &name, &end), -1);      /* its own start */
    assert_int_equal(read_at(STR("\xC0\2\xC0\0"), 2, &name, &end), -1);   /* there and back */
    assert_int_equal(read_at(STR("\1a\xC0\4\1b\0"), 0, &name, &end), -1); /* ahead */
    assert_int_equal(read_at(STR("\1a\xC0\xFF"), 0, &name, &end), -1);    /* out of the message */
}

static void names_that_do_not_end_are_refused(void **state)
{
    (void)state;
    struct dns_name name;
    size_t end;
    assert_int_equal(read_at(STR(""), 0, &name, &end), -1);
    assert_int_equal(read_at(STR("\7exam"), 0, &name, &end), -1);
    assert_int_equal(read_at(STR("\1a"), 0, &name, &end), -1);
    assert_int_equal(read_at(STR("\1a\xC0"), 0, &name, &end), -1);
    assert_int_equal(read_at(STR("\101aaaa"), 0, &name, &end), -1); /* a label type of 1994 */
    assert_int_equal(read_at(STR("\1a\0"), 9, &name, &end), -1);
}

static void a_name_has_255_octets_at_most(void **state)
{
    (void)state;
    char wire[300];
    struct dns_name name;
    size_t len = 0, end;
    for (int label = 0; label < 127; label++) {
        wire[len++] = 1;
        wire[len++] = 'a';
    }
    wire[len] = 0;
    assert_int_equal(read_at(str_from(wire, len + 1), 0, &name, &end), 0);
    assert_int_equal(name.len, 255);
    wire[0] = 2;
    memmove(wire + 3, wire + 2, len - 1);
    wire[2] = 'a';
    assert_int_equal(read_at(str_from(wire, len + 2), 0, &name, &end), -1);
}

static bool is_host(const char *text)
{
    struct dns_name name;
    return dns_name_parse(str_of(text), &name) == 0;
}

static void only_host_names_are_text(void **state)
{
    (void)state;
    struct dns_name name;
    char text[DNS_HOST_MAX + 1];
    size_t end;
    assert_true(is_host("example.org"));
    assert_true(is_host("EXAMPLE.org."));
    assert_true(is_host("xn--bcher-kva.example"));
    assert_true(is_host("mail_1.example.org"));
    assert_true(is_host("4.example"));
    assert_false(is_host(""));
    assert_false(is_host("."));
    assert_false(is_host("example..org"));
    assert_false(is_host(".example.org"));
    assert_false(is_host("example.org.."));
    assert_false(is_host("-a.example"));
    assert_false(is_host("a-.example"));
    assert_false(is_host("a b.example"));
    assert_false(is_host("b\xC3\xBC"
                         "cher.example"));
    assert_false(is_host("192.0.2.1"));
    assert_false(is_host("[192.0.2.1]"));
    assert_false(is_host("a/b.example"));
    assert_int_equal(read_at(STR("\3a.b\3org\0"), 0, &name, &end), 0);
    assert_int_equal(dns_name_host(&name, text), -1);
}

static void a_label_has_63_octets_at_most(void **state)
{
    (void)state;
    char label[70];
    memset(label, 'a', sizeof(label));
    label[63] = '\0';
    assert_true(is_host(label));
    label[63] = 'a';
    label[64] = '\0';
    assert_false(is_host(label));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_read_in_lower_case),
        cmocka_unit_test(a_pointer_leads_back),
        cmocka_unit_test(circles_and_pointers_ahead_are_refused),
        cmocka_unit_test(names_that_do_not_end_are_refused),
        cmocka_unit_test(a_name_has_255_octets_at_most),
        cmocka_unit_test(only_host_names_are_text),
        cmocka_unit_test(a_label_has_63_octets_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
