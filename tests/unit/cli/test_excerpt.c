/* The line that something is said about, and the caret below it. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/excerpt.h"

static void gives(const char *text, unsigned line, unsigned column, const char *wanted)
{
    struct buf out = BUF_INIT;
    setlocale(LC_CTYPE, "C.UTF-8");
    excerpt_add(&out, str_of(text), line, column);
    assert_string_equal(out.at ? out.at : "", wanted);
    buf_release(&out);
}

static void the_caret_is_below_its_character(void **state)
{
    (void)state;
    gives("one\ntwo\r\nthree", 2, 1, "  two\n  ^\n");
    gives("one\ntwo\r\nthree", 2, 3, "  two\n    ^\n");
    gives("one\ntwo\r\nthree", 3, 6, "  three\n       ^\n");
    gives("one\ntwo\r\nthree", 1, 0, "  one\n");
}

static void characters_are_as_wide_as_they_are(void **state)
{
    (void)state;
    gives("é東x", 1, 2, "  é東x\n   ^\n");
    gives("é東x", 1, 3, "  é東x\n     ^\n");
    gives("\ta\tb", 1, 4, "  \ta\tb\n  \t \t^\n");
    gives("\xEF\xBB\xBFSubject", 1, 2, "  Subject\n   ^\n");
}

static void what_moves_a_cursor_is_shown(void **state)
{
    (void)state;
    gives("a\x1b[2Jb", 1, 6, "  a␛[2Jb\n       ^\n");
    gives("a\u202e\xff", 1, 3, "  a��\n    ^\n");
}

static void there_may_be_no_such_line(void **state)
{
    (void)state;
    gives("one", 2, 1, "");
    gives("one", 0, 1, "");
    gives("", 1, 1, "");
    gives("a\n \t\nb", 2, 1, "");
    gives("one", 1, 4000000000, "  one\n     ^\n");
}

static void of_a_long_line_only_what_is_around_the_column(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, out = BUF_INIT;
    for (unsigned i = 0; i < 100000; i++)
        buf_add_text(&text, "0123456789");
    buf_cut(&text, 999999);
    buf_add_text(&text, "X");
    excerpt_add(&out, buf_str(&text), 1, 5);
    assert_true(out.len < 200);
    assert_true(str_ends(buf_str(&out), STR("…\n      ^\n")));
    buf_reset(&out);
    excerpt_add(&out, buf_str(&text), 1, 1000000);
    assert_true(out.len < 200);
    assert_true(str_starts(buf_str(&out), STR("  …9012")));
    assert_int_equal(strcspn(out.at, "X") - strlen("…") + 1,
                     strcspn(strchr(out.at, '\n') + 1, "^"));
    buf_release(&text);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caret_is_below_its_character),
        cmocka_unit_test(characters_are_as_wide_as_they_are),
        cmocka_unit_test(what_moves_a_cursor_is_shown),
        cmocka_unit_test(there_may_be_no_such_line),
        cmocka_unit_test(of_a_long_line_only_what_is_around_the_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
