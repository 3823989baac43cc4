/* Keys that nobody has used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/key.h"

static void each_is_another_one(void **state)
{
    (void)state;
    char first[KEY_LENGTH + 1], second[KEY_LENGTH + 1];
    key_make(first);
    key_make(second);
    assert_int_equal(strlen(first), KEY_LENGTH);
    assert_int_equal(strspn(first, "0123456789abcdef"), KEY_LENGTH);
    assert_string_not_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_is_another_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
