/* The keys of clients: any text that people can read and write, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/client_key.h"

static void texts_are_keys(void **state)
{
    (void)state;
    char longest[CLIENT_KEY_MAX];
    struct err err;
    memset(longest, 'k', sizeof(longest));
    assert_int_equal(client_key_check(STR("a"), &err), 0);
    assert_int_equal(client_key_check(STR("p\xC3\xA9tition 2026 / \xE2\x82\xAC"), &err), 0);
    assert_int_equal(client_key_check(str_from(longest, sizeof(longest)), &err), 0);
}

static void nothing_else_is(void **state)
{
    (void)state;
    static const struct str bad[] = {STR(""),     STR("a\nb"),     STR("a\x7F"),
                                     STR("a\0b"), STR("\xC2\x85"), STR("\xFF")};
    char long_one[CLIENT_KEY_MAX + 1];
    struct err err;
    memset(long_one, 'k', sizeof(long_one));
    assert_int_equal(client_key_check(str_from(long_one, sizeof(long_one)), &err), -1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(client_key_check(bad[i], &err), -1);
        assert_non_null(strstr(err.text, "1 to 200 bytes"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_keys),
        cmocka_unit_test(nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
