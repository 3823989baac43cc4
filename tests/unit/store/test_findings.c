#include "unit/store/help.h"

#include "store/findings.h"

static void keeps_the_first_and_counts_all(void **state)
{
    struct findings f = {.text = BUF_INIT, .keep = 2};
    (void)state;
    for (unsigned i = 1; i <= 5; i++)
        finding_add(&f, "Number %u.", i);
    assert_int_equal(f.count, 5);
    assert_str(buf_str(&f.text), STR("Number 1.\nNumber 2.\n"));
    assert_false(findings_enough(&f));
    findings_release(&f);
}

static void the_first_is_enough_where_only_that_counts(void **state)
{
    struct findings f = FINDINGS_FIRST;
    (void)state;
    assert_false(findings_enough(&f));
    finding_add(&f, "One.");
    assert_true(findings_enough(&f));
    findings_release(&f);
}

static void what_a_file_brings_cannot_make_a_line_of_its_own(void **state)
{
    struct findings f = FINDINGS_INIT;
    (void)state;
    finding_add(&f, "The table `%s`.", "a\nb\x1b[2J\x7f");
    assert_str(buf_str(&f.text), STR("The table `a?b?[2J?`.\n"));
    findings_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_first_and_counts_all),
        cmocka_unit_test(the_first_is_enough_where_only_that_counts),
        cmocka_unit_test(what_a_file_brings_cannot_make_a_line_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
