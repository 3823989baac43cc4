#include "mail/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void assert_cleaned(struct str given, const char *expected)
{
    struct buf scratch = BUF_INIT;
    struct str clean = word_clean(given, &scratch);
    assert_int_equal(clean.len, strlen(expected));
    assert_memory_equal(clean.at, expected, clean.len);
    buf_release(&scratch);
}

static void cleans_controls_and_broken_utf8(void **state)
{
    (void)state;
    assert_cleaned(STR("plain"), "plain");
    assert_cleaned(STR("a\r\nb\0c\td\x7F"), "a  b c d ");
    assert_cleaned(STR("\xC3\xA9\xC2\x85\xE2\x80\xA8x"), "\xC3\xA9  x");
    assert_cleaned(STR("a\xFF\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_cleaned(STR("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void leaves_clean_ascii_where_it_is(void **state)
{
    (void)state;
    struct buf scratch = BUF_INIT;
    struct str given = STR("nothing to do");
    assert_ptr_equal(word_clean(given, &scratch).at, given.at);
    assert_null(scratch.at);
}

static void knows_what_must_be_encoded(void **state)
{
    (void)state;
    assert_false(word_needed(STR("Hello = ? =")));
    assert_true(word_needed(STR("a =?utf-8?q?x?=")));
    assert_true(word_needed(STR("caf\xC3\xA9")));
    assert_false(word_needed(STR("")));
}

static void assert_encoded(size_t column, struct str text, const char *expected)
{
    struct buf out = BUF_INIT;
    size_t after = word_add(&out, column, text);
    assert_string_equal(out.at, expected);
    const char *last = strrchr(out.at, '\n');
    assert_int_equal(after, last ? strlen(last + 1) : column + out.len);
    buf_release(&out);
}

static void takes_the_shorter_of_q_and_b(void **state)
{
    (void)state;
    assert_encoded(9, STR("caf\xC3\xA9 noir"), "=?utf-8?q?caf=C3=A9_noir?=");
    assert_encoded(9, STR("=?x"), "=?utf-8?b?PT94?=");
    assert_encoded(9, STR("\xD0\x9F\xD0\xB0\xD0\xB2"), "=?utf-8?b?0J/QsNCy?=");
}

static void divides_between_characters_and_stays_in_76_columns(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 40; i++)
        buf_add_text(&text, "\xF0\x9F\x93\xA3");
    struct buf out = BUF_INIT;
    word_add(&out, 9, buf_str(&text));
    int words = 0;
    for (struct str rest = buf_str(&out); rest.at;) {
        struct str line = str_cut(&rest, '\n');
        size_t before = words == 0 ? 9 : 0;
        assert_true(before + line.len - (rest.at ? 1 : 0) <= WORD_LINE_MAX);
        /* Whole emoji of four bytes: in base64, the count of bytes shows in length and padding. */
        const char *payload = strstr(line.at, "?b?") + 3;
        const char *end = strstr(payload, "?=");
        size_t digits = (size_t)(end - payload);
        size_t bytes = digits / 4 * 3 - (end[-1] == '=') - (end[-2] == '=');
        assert_int_equal(bytes % 4, 0);
        words++;
    }
    assert_true(words >= 4);
    buf_release(&out);
    buf_release(&text);
}

static void gets_on_at_any_column(void **state)
{
    (void)state;
    assert_encoded(75, STR("\xC3\xA9"), "=?utf-8?b?w6k=?=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans_controls_and_broken_utf8),
        cmocka_unit_test(leaves_clean_ascii_where_it_is),
        cmocka_unit_test(knows_what_must_be_encoded),
        cmocka_unit_test(takes_the_shorter_of_q_and_b),
        cmocka_unit_test(divides_between_characters_and_stays_in_76_columns),
        cmocka_unit_test(gets_on_at_any_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
