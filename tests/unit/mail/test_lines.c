#include "mail/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The lines as "one|two|", with a bar for each end that was there. */
static void assert_lines(struct str text, const char *expected)
{
    char seen[64];
    size_t n = 0;
    while (text.len) {
        bool ended;
        struct str line = lines_take(&text, &ended);
        assert_true(n + line.len + 1 < sizeof(seen));
        memcpy(seen + n, line.at, line.len);
        n += line.len;
        if (ended)
            seen[n++] = '|';
    }
    seen[n] = '\0';
    assert_string_equal(seen, expected);
}

static void every_kind_of_line_end_ends_a_line(void **state)
{
    (void)state;
    assert_lines(STR("a\nb\r\nc\rd\n"), "a|b|c|d|");
}

static void only_cr_before_lf_is_one_end(void **state)
{
    (void)state;
    assert_lines(STR("a\n\rb"), "a||b");
    assert_lines(STR("a\r\r\nb"), "a||b");
    assert_lines(STR("\r\n\r\n"), "||");
}

static void the_last_line_may_lack_its_end(void **state)
{
    (void)state;
    assert_lines(STR("a"), "a");
    assert_lines(STR("a\nb"), "a|b");
    assert_lines(STR("a\r"), "a|");
}

static void nothing_is_read_behind_the_text(void **state)
{
    (void)state;
    char *exact = malloc(2); /* so that AddressSanitizer sees a read past its end */
    assert_non_null(exact);
    memcpy(exact, "a\r", 2);
    struct str text = str_from(exact, 2);
    bool ended;
    assert_true(str_eq(lines_take(&text, &ended), STR("a")));
    assert_true(ended);
    assert_int_equal(text.len, 0);
    free(exact);
}

/* Whatever byte stands wherever: bytes are looked at eight at a time. */
static void only_cr_and_lf_end_a_line(void **state)
{
    (void)state;
    for (size_t at = 0; at < 20; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[20];
            memset(text, byte ^ 0x80, sizeof(text));
            if (text[0] == '\n' || text[0] == '\r')
                continue;
            text[at] = (char)byte;
            struct str rest = str_from(text, sizeof(text));
            bool ended;
            bool end = byte == '\n' || byte == '\r';
            assert_int_equal(lines_take(&rest, &ended).len, end ? at : sizeof(text));
            assert_int_equal(ended, end);
            assert_int_equal(rest.len, end ? sizeof(text) - at - 1 : 0);
        }
    }
}

static void an_empty_text_is_a_line_without_end(void **state)
{
    (void)state;
    struct str text = {NULL, 0};
    bool ended = true;
    assert_int_equal(lines_take(&text, &ended).len, 0);
    assert_false(ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line_end_ends_a_line),
        cmocka_unit_test(only_cr_before_lf_is_one_end),
        cmocka_unit_test(the_last_line_may_lack_its_end),
        cmocka_unit_test(nothing_is_read_behind_the_text),
        cmocka_unit_test(only_cr_and_lf_end_a_line),
        cmocka_unit_test(an_empty_text_is_a_line_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
