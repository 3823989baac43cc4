#include "mail/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void alternative_has_text_then_html(void **state)
{
    (void)state;
    struct buf headers = BUF_INIT;
    struct buf body = BUF_INIT;
    buf_add_text(&headers, "A: b\r\n");
    mime_field(&headers, STR("=_b1"));
    mime_part(&body, STR("=_b1"), true, "text/plain", ENCODING_QUOTED);
    buf_add_text(&body, "Hi\r\n");
    mime_part(&body, STR("=_b1"), false, "text/html", ENCODING_BASE64);
    buf_add_text(&body, "PHA+\r\n");
    mime_end(&body, STR("=_b1"));
    assert_string_equal(headers.at,
                        "A: b\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_b1\"\r\n");
    assert_string_equal(body.at, "--=_b1\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n"
                                 "\r\n"
                                 "Hi\r\n"
                                 "\r\n--=_b1\r\n"
                                 "Content-Type: text/html; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: base64\r\n"
                                 "\r\n"
                                 "PHA+\r\n"
                                 "\r\n--=_b1--\r\n");
    buf_release(&headers);
    buf_release(&body);
}

static void boundaries_have_their_own_characters(void **state)
{
    (void)state;
    char longest[71] = "=_";
    memset(longest + 2, 'b', sizeof(longest) - 2);
    assert_true(mime_boundary_valid(STR("=_Az09'()+,-./:?")));
    assert_true(mime_boundary_valid(str_from(longest, 70)));
    assert_false(mime_boundary_valid(str_from(longest, 71)));
    assert_false(mime_boundary_valid(STR("")));
    assert_false(mime_boundary_valid(STR("=_a b")));
    assert_false(mime_boundary_valid(STR("=_a\"b")));
    assert_false(mime_boundary_valid(STR("=_a\0b")));
    assert_false(mime_boundary_valid(STR("=_a\r\nb")));
    assert_false(mime_boundary_valid(STR("=_\xC3\xA9")));
}

/* Nothing else keeps a boundary out of the text between two of them. */
static void boundaries_begin_with_what_no_encoding_writes(void **state)
{
    (void)state;
    assert_false(mime_boundary_valid(STR("b1")));
    assert_false(mime_boundary_valid(STR("=3D")));
    assert_false(mime_boundary_valid(STR("_=b")));
    assert_false(mime_boundary_valid(STR("=")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alternative_has_text_then_html),
        cmocka_unit_test(boundaries_have_their_own_characters),
        cmocka_unit_test(boundaries_begin_with_what_no_encoding_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
