#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audience/csv_field.h"

typedef void add_function(struct buf *out, struct str text, char separator);

static void assert_written(add_function *add, const char *text, char separator, const char *expect)
{
    struct buf out = BUF_INIT;
    buf_add_text(&out, "");
    add(&out, str_of(text), separator);
    assert_string_equal(out.at, expect);
    buf_release(&out);
}

static void quotes_what_needs_it(void **state)
{
    (void)state;
    assert_written(csv_field_add, "plain", ',', "plain");
    assert_written(csv_field_add, "", ',', "");
    assert_written(csv_field_add, "a,b", ',', "\"a,b\"");
    assert_written(csv_field_add, "a,b", ';', "a,b");
    assert_written(csv_field_add, "a;b", ';', "\"a;b\"");
    assert_written(csv_field_add, "say \"x\"", ',', "\"say \"\"x\"\"\"");
    assert_written(csv_field_add, "a\nb", ',', "\"a\nb\"");
    assert_written(csv_field_add, " a", ',', "\" a\"");
    assert_written(csv_field_add, "=1+1", ',', "=1+1");
}

static void guards_spreadsheets(void **state)
{
    (void)state;
    assert_written(csv_field_add_guarded, "=HYPERLINK(\"x\")", ',', "\"'=HYPERLINK(\"\"x\"\")\"");
    assert_written(csv_field_add_guarded, "@SUM(A1)", ',', "'@SUM(A1)");
    assert_written(csv_field_add_guarded, "+cmd|x", ',', "'+cmd|x");
    assert_written(csv_field_add_guarded, "-2+A1", ',', "'-2+A1");
    assert_written(csv_field_add_guarded, "+32 (0)470/12.34.56", ',', "+32 (0)470/12.34.56");
    assert_written(csv_field_add_guarded, "-12.5", ',', "-12.5");
    assert_written(csv_field_add_guarded, "a=b", ',', "a=b");
    assert_written(csv_field_add_guarded, "", ',', "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_what_needs_it),
        cmocka_unit_test(guards_spreadsheets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
