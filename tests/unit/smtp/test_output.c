#include "smtp/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"

static struct buf written;
static size_t writes, parts_written;
static struct smtp_output out;

static void collect(void *owner, const struct str *parts, size_t n)
{
    writes++;
    parts_written += n;
    for (size_t i = 0; i < n; i++)
        buf_add_str(owner, parts[i]);
}

static int start(void **state)
{
    (void)state;
    writes = 0;
    parts_written = 0;
    smtp_output_init(&out, collect, &written);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    buf_release(&written);
    return 0;
}

static void test_commands_beside_each_other_are_one_part(void **state)
{
    (void)state;
    smtp_output_copy(&out, STR("BDAT "));
    smtp_output_copy_u64(&out, 18446744073709551615u);
    smtp_output_copy(&out, STR(" LAST\r\n"));
    smtp_output_refer(&out, STR("body"));
    smtp_output_copy(&out, STR("\r\n"));
    assert_int_equal(writes, 0);
    smtp_output_flush(&out);
    assert_string_equal(written.at, "BDAT 18446744073709551615 LAST\r\nbody\r\n");
    assert_int_equal(writes, 1);
    assert_int_equal(parts_written, 3);
    smtp_output_flush(&out);
    assert_int_equal(writes, 1);
}

static void test_what_does_not_fit_goes_out_first(void **state)
{
    static char line[900];
    (void)state;
    memset(line, 'x', sizeof(line));
    for (int i = 0; i < 3; i++)
        smtp_output_copy(&out, str_from(line, sizeof(line)));
    assert_int_equal(writes, 1);
    assert_int_equal(out.written, 1800);
    assert_int_equal(out.added, 2700);
    for (int i = 0; i < SMTP_OUTPUT_PARTS; i++)
        smtp_output_refer(&out, STR("y"));
    assert_int_equal(writes, 2);
    smtp_output_flush(&out);
    assert_int_equal(out.written, out.added);
    assert_int_equal(written.len, 2700 + SMTP_OUTPUT_PARTS);
}

static void test_what_is_discarded_was_never_written(void **state)
{
    (void)state;
    smtp_output_copy(&out, STR("MAIL"));
    smtp_output_discard(&out);
    smtp_output_flush(&out);
    assert_int_equal(writes, 0);
    assert_int_equal(out.written, 0);
    assert_int_equal(out.added, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commands_beside_each_other_are_one_part, start, stop),
        cmocka_unit_test_setup_teardown(test_what_does_not_fit_goes_out_first, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_discarded_was_never_written, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
