#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/glob.h"

static bool matches(const char *pattern, const char *text)
{
    return glob_match(str_of(pattern), str_of(text));
}

static void plain_text_matches_itself_in_either_case(void **state)
{
    (void)state;
    assert_true(matches("421 Too Busy", "421 too bUSY"));
    assert_false(matches("421 too busy", "421 too busy now"));
    assert_false(matches("421 too busy", "421 too bus"));
    assert_true(matches("", ""));
    assert_false(matches("", "a"));
    assert_false(matches("a", ""));
}

static void a_star_is_any_run(void **state)
{
    (void)state;
    assert_true(matches("*", ""));
    assert_true(matches("*", "anything"));
    assert_true(matches("421 *[TSS04]*", "421 4.7.0 [TSS04] Messages from 192.0.2.1"));
    assert_true(matches("a*b", "ab"));
    assert_true(matches("a*b", "a b b"));
    assert_false(matches("a*b", "a b c"));
    assert_true(matches("**a**", "a"));
    assert_false(matches("a*a", "a"));
}

static void a_star_that_was_too_short_grows(void **state)
{
    (void)state;
    assert_true(matches("*abc", "ababc"));
    assert_true(matches("*ab*ac", "aabaabac"));
    assert_true(matches("x*aab*c", "xaaaabaabc"));
    assert_false(matches("x*aab*c", "xaaaabaab"));
}

static void a_question_mark_is_one_byte(void **state)
{
    (void)state;
    assert_true(matches("4?? *", "450 later"));
    assert_false(matches("4?? *", "45 later"));
    assert_true(matches("why?", "why?"));
    assert_false(matches("?", ""));
    assert_true(matches("*?", "a"));
    assert_false(matches("*?", ""));
}

static void nothing_else_is_special(void **state)
{
    (void)state;
    assert_true(matches("[a-z].+\\(x|y)$", "[A-Z].+\\(X|Y)$"));
    assert_false(matches("[a-z]", "b"));
    assert_false(matches("a.c", "abc"));
    assert_false(matches("\\*", "*"));
}

static void bytes_outside_ascii_are_compared_as_they_are(void **state)
{
    (void)state;
    assert_true(matches("*\xc3\xa9*", "refus\xc3\xa9 ici"));
    assert_false(matches("\xc3\x89", "\xc3\xa9"));
    assert_true(glob_match(STR("a*\0b"), STR("a\0\0b")));
}

/* A matcher that tries every length of every star would not come back from this one. */
static void many_stars_take_no_longer(void **state)
{
    (void)state;
    struct buf pattern = BUF_INIT, text = BUF_INIT;
    for (int i = 0; i < 128; i++)
        buf_add_text(&pattern, "*a");
    buf_add_text(&pattern, "*b");
    for (int i = 0; i < 4096; i++)
        buf_add_byte(&text, 'a');
    assert_false(glob_match(buf_str(&pattern), buf_str(&text)));
    buf_add_byte(&text, 'b');
    assert_true(glob_match(buf_str(&pattern), buf_str(&text)));
    buf_release(&pattern);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_matches_itself_in_either_case),
        cmocka_unit_test(a_star_is_any_run),
        cmocka_unit_test(a_star_that_was_too_short_grows),
        cmocka_unit_test(a_question_mark_is_one_byte),
        cmocka_unit_test(nothing_else_is_special),
        cmocka_unit_test(bytes_outside_ascii_are_compared_as_they_are),
        cmocka_unit_test(many_stars_take_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
