#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/progress.h"

static void gives(uint64_t part, uint64_t whole, unsigned columns, const char *expected)
{
    struct buf out = BUF_INIT;
    progress_line(&out, "Uploading", part, whole, STR("1 of 4 MiB"), columns, false);
    assert_string_equal(out.at, expected);
    buf_release(&out);
}

static void a_line_has_bar_number_and_detail(void **state)
{
    (void)state;
    gives(1, 4, 24, "Uploading ##......  25.0");
    gives(1, 4, 60, "Uploading #####...............  25.0 %  1 of 4 MiB");
}

/* Standard input has no size. */
static void without_a_whole_there_is_no_bar(void **state)
{
    (void)state;
    gives(1, 0, 60, "Uploading 1 of 4 MiB");
}

/* A file that grows while it is sent. */
static void more_than_all_is_all(void **state)
{
    (void)state;
    gives(9, 4, 33, "Uploading ###########  100.0 %  1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_bar_number_and_detail),
        cmocka_unit_test(without_a_whole_there_is_no_bar),
        cmocka_unit_test(more_than_all_is_all),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
