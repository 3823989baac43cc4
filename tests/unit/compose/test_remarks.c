/* The list of what is said about a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/remarks.h"

static void remarks_are_sorted_by_place(void **state)
{
    (void)state;
    struct remarks r;
    remarks_init(&r);
    remark_warning(&r, (struct place){STR("layouts/a.html"), 1, 1}, "of another file");
    remark_warning(&r, (struct place){STR(""), 10, 2}, "later");
    remark_error(&r, (struct place){STR(""), 10, 1}, "line %d", 10);
    remark_warning(&r, (struct place){STR(""), 2, 0}, "early");
    remark_warning(&r, (struct place){STR(""), 0, 0}, "of the whole");
    remarks_sort(&r);
    static const char *const wanted[] = {"Of the whole", "Early", "Line 10", "Later",
                                         "Of another file"};
    assert_int_equal(r.count, 5);
    for (size_t i = 0; i < r.count; i++)
        assert_string_equal(r.all[i].text.at, wanted[i]);
    assert_int_equal(r.errors, 1);
    assert_int_equal(r.warnings, 4);
    remarks_release(&r);
}

static void nothing_is_said_twice_at_one_place(void **state)
{
    (void)state;
    struct remarks r;
    remarks_init(&r);
    for (int i = 0; i < 3; i++)
        remark_warning(&r, (struct place){STR(""), 1, 1}, "The same.");
    remark_warning(&r, (struct place){STR(""), 1, 2}, "The same.");
    assert_int_equal(r.count, 2);
    assert_int_equal(r.warnings, 2);
    remarks_release(&r);
}

static void there_is_an_end(void **state)
{
    (void)state;
    struct remarks r;
    remarks_init(&r);
    for (unsigned i = 0; i < REMARKS_MAX + 50; i++)
        remark_warning(&r, (struct place){STR(""), i, 1}, "Number %u.", i);
    remark_error(&r, (struct place){STR(""), 0, 0}, "An error.");
    assert_int_equal(r.count, REMARKS_MAX);
    assert_int_equal(r.warnings, REMARKS_MAX + 50);
    assert_int_equal(r.errors, 1);
    remarks_release(&r);
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct remarks r;
    char text[5000];
    memset(text, 'x', sizeof(text));
    remarks_init(&r);
    remark_warning(&r, (struct place){STR(""), 0, 0}, "%.*s", (int)sizeof(text), text);
    assert_in_range(r.all[0].text.len, 500, 1000);
    remarks_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remarks_are_sorted_by_place),
        cmocka_unit_test(nothing_is_said_twice_at_one_place),
        cmocka_unit_test(there_is_an_end),
        cmocka_unit_test(a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
