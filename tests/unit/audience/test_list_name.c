#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audience/list_name.h"

static void takes_names_of_people(void **state)
{
    (void)state;
    assert_int_equal(list_name_check(STR("everyone"), NULL), 0);
    assert_int_equal(list_name_check(STR("Newsletter (FR) 2025"), NULL), 0);
    assert_int_equal(list_name_check(STR("sympathisants été"), NULL), 0);
}

static void refuses_what_cannot_be_written_in_an_expression(void **state)
{
    (void)state;
    struct err err = {""};
    char name[LIST_NAME_MAX + 1];
    memset(name, 'x', sizeof(name));
    assert_int_equal(list_name_check(STR(""), &err), -1);
    assert_int_equal(list_name_check(STR("a\"b"), &err), -1);
    assert_int_equal(list_name_check(STR("a\nb"), &err), -1);
    assert_int_equal(list_name_check(STR(" a"), &err), -1);
    assert_int_equal(list_name_check(STR("\xE9"), &err), -1);
    assert_int_equal(list_name_check((struct str){name, LIST_NAME_MAX}, &err), 0);
    assert_int_equal(list_name_check((struct str){name, LIST_NAME_MAX + 1}, &err), -1);
    assert_string_equal(err.text,
                        "The name of a list may have at most 100 bytes; this one has 101.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_names_of_people),
        cmocka_unit_test(refuses_what_cannot_be_written_in_an_expression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
