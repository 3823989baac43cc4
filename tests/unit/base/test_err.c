#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

static void a_prefix_stands_before_the_sentence(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(err_set(&err, "It has %d bytes.", 3), -1);
    assert_int_equal(err_prefix(&err, "Line %d", 7), -1);
    assert_string_equal(err.text, "Line 7: It has 3 bytes.");
    assert_int_equal(err_set(NULL, "Nobody asked."), -1);
}

static void a_long_sentence_is_cut_between_characters(void **state)
{
    (void)state;
    struct err err;
    char text[1200];
    for (size_t shift = 0; shift < 4; shift++) {
        size_t at = 0;
        while (at < shift)
            text[at++] = 'x';
        for (; at + 3 < sizeof(text); at += 3)
            memcpy(text + at, "\xE2\x82\xAC", 3);
        text[at] = '\0';
        err_set(&err, "%s", text);
        assert_true(str_is_utf8(str_of(err.text)));
        assert_in_range(strlen(err.text), sizeof(err.text) - 4, sizeof(err.text) - 1);
        err_prefix(&err, "y");
        assert_true(str_is_utf8(str_of(err.text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_stands_before_the_sentence),
        cmocka_unit_test(a_long_sentence_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
