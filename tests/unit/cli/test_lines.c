#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cli/lines.h"

static struct buf seen;

static int take(void *ctx, struct str line, struct err *err)
{
    (void)ctx;
    if (str_eq(line, STR("stop")))
        return err_set(err, "stopped");
    buf_add_byte(&seen, '[');
    buf_add_str(&seen, line);
    buf_add_byte(&seen, ']');
    return 0;
}

/* Feeds `text` in pieces of `size` bytes and compares what came out. */
static void gives(const char *text, size_t size, const char *expected)
{
    struct lines lines = {.take = take};
    struct err err;
    struct str rest = str_of(text);
    buf_release(&seen);
    while (rest.len > 0) {
        size_t n = rest.len < size ? rest.len : size;
        assert_int_equal(lines_feed(&lines, str_from(rest.at, n), &err), 0);
        rest = str_skip(rest, n);
    }
    assert_int_equal(lines_end(&lines, &err), 0);
    assert_string_equal(seen.at ? seen.at : "", expected);
    buf_release(&seen);
}

static void lines_come_whole_whatever_the_pieces(void **state)
{
    (void)state;
    for (size_t size = 1; size < 12; size++) {
        gives("one\n\ntwo\nthree", size, "[one][][two][three]");
        gives("one\n", size, "[one]");
        gives("", size, "");
        gives("\n", size, "[]");
    }
}

static void the_taker_can_stop(void **state)
{
    (void)state;
    struct lines lines = {.take = take};
    struct err err;
    assert_int_equal(lines_feed(&lines, STR("a\nsto"), &err), 0);
    assert_int_equal(lines_feed(&lines, STR("p\nb\n"), &err), -1);
    assert_string_equal(err.text, "stopped");
    assert_string_equal(seen.at, "[a]");
    buf_release(&lines.held);
    buf_release(&seen);
}

static void endless_lines_are_refused(void **state)
{
    (void)state;
    struct lines lines = {.take = take};
    struct err err;
    char *block = alloc_zero(1, LINES_LONGEST);
    memset(block, 'x', LINES_LONGEST);
    assert_int_equal(lines_feed(&lines, str_from(block, LINES_LONGEST), &err), 0);
    assert_int_equal(lines_feed(&lines, STR("x"), &err), -1);
    assert_string_equal(err.text, "A line of the daemon's answer is longer than 1024 KiB.");
    buf_release(&lines.held);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_whole_whatever_the_pieces),
        cmocka_unit_test(the_taker_can_stop),
        cmocka_unit_test(endless_lines_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
