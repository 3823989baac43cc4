#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/suggest.h"

static void distances(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance(STR("everyone"), STR("everyone")), 0);
    assert_int_equal(suggest_distance(STR("Everyone"), STR("everyone")), 0);
    assert_int_equal(suggest_distance(STR("evryone"), STR("everyone")), 1);
    assert_int_equal(suggest_distance(STR("eevryone"), STR("everyone")), 1);
    assert_int_equal(suggest_distance(STR("everyon3"), STR("everyone")), 1);
    assert_int_equal(suggest_distance(STR("kitten"), STR("sitting")), 3);
    assert_int_equal(suggest_distance(STR(""), STR("abc")), 3);
    assert_int_equal(suggest_distance(STR("abc"), STR("")), 3);
}

static void nearness(void **state)
{
    (void)state;
    assert_true(suggest_is_near(STR("evryone"), STR("everyone")));
    assert_true(suggest_is_near(STR("a"), STR("b")));
    assert_false(suggest_is_near(STR("press"), STR("everyone")));
    assert_false(suggest_is_near(STR("ab"), STR("xy")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(nearness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
