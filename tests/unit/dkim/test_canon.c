#include "dkim/canon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void assert_header(struct str field, const char *expected)
{
    struct buf out = BUF_INIT;
    canon_header(&out, field);
    assert_string_equal(out.at, expected);
    assert_int_equal(out.len, strlen(expected));
    buf_release(&out);
}

static void assert_body(struct str body, const char *expected)
{
    struct buf out = BUF_INIT;
    canon_body(&out, body);
    assert_int_equal(out.len, strlen(expected));
    assert_string_equal(out.at, expected);
    buf_release(&out);
}

/* RFC 6376 §3.4.5, example 1. */
static void the_example_of_the_rfc(void **state)
{
    (void)state;
    assert_header(STR("A: X\r\n"), "a:X\r\n");
    assert_header(STR("B : Y\t\r\n\tZ  \r\n"), "b:Y Z\r\n");
    assert_body(STR(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
}

static void headers_are_unfolded_and_squeezed(void **state)
{
    (void)state;
    assert_header(STR("Subject:x"), "subject:x\r\n");
    assert_header(STR("Subject:\r\n \t x \r\n\t y:z\r\n "), "subject:x y:z\r\n");
    assert_header(STR("Subject:"), "subject:\r\n");
    assert_header(STR("Subject"), "subject:\r\n");
    assert_header(STR("X: caf\xC3\xA9\r\n"), "x:caf\xC3\xA9\r\n");
}

static void bodies_end_with_one_line_end_or_are_empty(void **state)
{
    (void)state;
    assert_body(STR(""), "");
    assert_body(STR("\r\n"), "");
    assert_body(STR("\r\n \r\n\t\r\n"), "");
    assert_body(STR("x"), "x\r\n");
    assert_body(STR("x \r\n"), "x\r\n");
    assert_body(STR("\r\n\r\nx\r\n\r\n"), "\r\n\r\nx\r\n");
    assert_body(STR("x\r\n \ty"), "x\r\n y\r\n");
}

static void a_lone_cr_or_lf_is_a_byte(void **state)
{
    (void)state;
    assert_body(STR("a\nb\rc\r\n"), "a\nb\rc\r\n");
    assert_body(STR("\n"), "\n\r\n");
    assert_header(STR("A: b\nc\r"), "a:b\nc\r\r\n");
}

static bool is_canonical(struct str body)
{
    return canon_body_is_canonical(&body, 1);
}

/* At every place in a body that is longer than what is looked at together. */
static void a_body_that_is_canonical_is_known(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'a', sizeof(text));
    memcpy(text + 298, "\r\n", 2);
    for (size_t i = 0; i < 297; i++) {
        assert_true(is_canonical(str_from(text, sizeof(text))));
        text[i] = '\t';
        assert_false(is_canonical(str_from(text, sizeof(text))));
        text[i] = text[i + 1] = ' ';
        assert_false(is_canonical(str_from(text, sizeof(text))));
        text[i] = text[i + 1] = 'a';
    }
    text[297] = ' ';
    assert_false(is_canonical(str_from(text, sizeof(text))));
    assert_true(is_canonical(STR("")));
    assert_true(is_canonical(STR("\r\na b\r\n")));
    assert_false(is_canonical(STR("a")));
    assert_false(is_canonical(STR("\r\n")));
    assert_false(is_canonical(STR("a\r\n\r\n")));
}

static void both_append(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    canon_header(&out, STR("A: b\r\n"));
    canon_header(&out, STR("C:  d\r\n"));
    canon_body(&out, STR("e\r\n"));
    canon_body(&out, STR(""));
    assert_string_equal(out.at, "a:b\r\nc:d\r\ne\r\n");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_rfc),
        cmocka_unit_test(headers_are_unfolded_and_squeezed),
        cmocka_unit_test(bodies_end_with_one_line_end_or_are_empty),
        cmocka_unit_test(a_lone_cr_or_lf_is_a_byte),
        cmocka_unit_test(a_body_that_is_canonical_is_known),
        cmocka_unit_test(both_append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
