#include "mail/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void alternative_has_text_then_html(void **state)
{
    (void)state;
    struct buf headers = BUF_INIT;
    struct buf body = BUF_INIT;
    assert_int_equal(
        mime_alternative(&headers, &body, STR("=_b1"), STR("Hi\n"), STR("<p>un caf\xC3\xA9")), 0);
    assert_string_equal(headers.at,
                        "Content-Type: multipart/alternative;\r\n boundary=\"=_b1\"\r\n");
    assert_string_equal(body.at, "--=_b1\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: 7bit\r\n"
                                 "\r\n"
                                 "Hi\r\n"
                                 "\r\n--=_b1\r\n"
                                 "Content-Type: text/html; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n"
                                 "\r\n"
                                 "<p>un caf=C3=A9"
                                 "\r\n--=_b1--\r\n");
    buf_release(&headers);
    buf_release(&body);
}

static void a_boundary_that_occurs_is_refused(void **state)
{
    (void)state;
    struct buf headers = BUF_INIT;
    struct buf body = BUF_INIT;
    buf_add_text(&headers, "A: b\r\n");
    buf_add_text(&body, "x");
    assert_int_equal(mime_alternative(&headers, &body, STR("b1"), STR("x"), STR("--b1")), -1);
    assert_int_equal(mime_alternative(&headers, &body, STR("b1"), STR("\n--b1--"), STR("x")), -1);
    assert_string_equal(headers.at, "A: b\r\n");
    assert_string_equal(body.at, "x");
    buf_release(&headers);
    buf_release(&body);
}

static void boundaries_have_their_own_characters(void **state)
{
    (void)state;
    char longest[71];
    memset(longest, 'b', sizeof(longest));
    assert_true(mime_boundary_valid(STR("=_Az09'()+,-./:?")));
    assert_true(mime_boundary_valid(str_from(longest, 70)));
    assert_false(mime_boundary_valid(str_from(longest, 71)));
    assert_false(mime_boundary_valid(STR("")));
    assert_false(mime_boundary_valid(STR("a b")));
    assert_false(mime_boundary_valid(STR("a\"b")));
    assert_false(mime_boundary_valid(STR("a\0b")));
}

static void a_single_part_ends_with_a_line_end(void **state)
{
    (void)state;
    struct buf headers = BUF_INIT;
    struct buf body = BUF_INIT;
    mime_single(&headers, &body, "text/plain", STR("Hi"));
    assert_string_equal(headers.at, "Content-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Transfer-Encoding: 7bit\r\n");
    assert_string_equal(body.at, "Hi\r\n");
    buf_reset(&body);
    mime_single(&headers, &body, "text/plain", STR("Hi\n"));
    assert_string_equal(body.at, "Hi\r\n");
    buf_release(&headers);
    buf_release(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alternative_has_text_then_html),
        cmocka_unit_test(a_boundary_that_occurs_is_refused),
        cmocka_unit_test(boundaries_have_their_own_characters),
        cmocka_unit_test(a_single_part_ends_with_a_line_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
