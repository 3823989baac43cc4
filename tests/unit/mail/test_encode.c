#include "mail/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void assert_qp(struct str text, const char *expected)
{
    struct buf out = BUF_INIT;
    buf_add_text(&out, "");
    encode_qp(&out, text);
    assert_string_equal(out.at, expected);
    assert_int_equal(out.len, strlen(expected));
    buf_release(&out);
}

static void qp_keeps_plain_text(void **state)
{
    (void)state;
    assert_qp(STR(""), "");
    assert_qp(STR("Hello, world!\r\n"), "Hello, world!\r\n");
    assert_qp(STR("a=b \xC3\xA9"), "a=3Db =C3=A9");
}

static void qp_makes_every_line_end_crlf(void **state)
{
    (void)state;
    assert_qp(STR("a\nb\r\nc\rd\r\r\n\n"), "a\r\nb\r\nc\r\nd\r\n\r\n\r\n");
}

static void qp_escapes_blanks_at_the_end_of_lines(void **state)
{
    (void)state;
    assert_qp(STR("a \nb\t\r\nc "), "a=20\r\nb=09\r\nc=20");
    assert_qp(STR("  \n"), " =20\r\n");
}

static void qp_guards_the_start_of_lines(void **state)
{
    (void)state;
    assert_qp(STR(".\n..a\nFrom x\nFrom\n"), "=2E\r\n=2E.a\r\n=46rom x\r\nFrom\r\n");
}

static void qp_escapes_controls(void **state)
{
    (void)state;
    assert_qp(STR("\0\x1B\x7F"), "=00=1B=7F");
}

/* RFC 2045 §6.7, its own example of a soft line break, within our limit of 76 columns. */
static void qp_breaks_long_lines_softly(void **state)
{
    (void)state;
    char text[200];
    struct buf out = BUF_INIT;
    memset(text, 'x', sizeof(text));
    encode_qp(&out, str_from(text, 75));
    assert_int_equal(out.len, 75);
    buf_reset(&out);
    encode_qp(&out, str_from(text, 76));
    assert_int_equal(out.len, 79);
    assert_memory_equal(out.at + 75, "=\r\nx", 4);
    /* An escape is never divided. */
    for (size_t i = 70; i < 80; i++) {
        memset(text, 'x', sizeof(text));
        text[i] = '=';
        buf_reset(&out);
        encode_qp(&out, str_from(text, sizeof(text)));
        assert_non_null(strstr(out.at, "=3D"));
        assert_true(strcspn(out.at, "\r") <= 76);
    }
    /* The guard holds after a soft break too. */
    memset(text, 'x', sizeof(text));
    text[75] = '.';
    buf_reset(&out);
    encode_qp(&out, str_from(text, 100));
    assert_memory_equal(out.at + 75, "=\r\n=2E", 6);
    buf_release(&out);
}

static void assert_base64(struct str bytes, const char *expected)
{
    struct buf out = BUF_INIT;
    encode_base64(&out, bytes);
    assert_string_equal(out.at, expected);
    buf_release(&out);
}

/* RFC 4648 §10. */
static void base64_is_that_of_the_rfc(void **state)
{
    (void)state;
    assert_base64(STR(""), "");
    assert_base64(STR("f"), "Zg==");
    assert_base64(STR("fo"), "Zm8=");
    assert_base64(STR("foo"), "Zm9v");
    assert_base64(STR("foob"), "Zm9vYg==");
    assert_base64(STR("fooba"), "Zm9vYmE=");
    assert_base64(STR("foobar"), "Zm9vYmFy");
    assert_base64(STR("\xFB\xFF\xFE"), "+//+");
}

static void base64_text_is_canonical_and_in_lines_of_76(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct buf same = BUF_INIT;
    struct str lf = STR("0123456789012345678901234567890123456789012345678901234\n\n\rx\n");
    struct str crlf =
        STR("0123456789012345678901234567890123456789012345678901234\r\n\r\n\r\nx\r\n");
    encode_text(&out, lf, ENCODING_BASE64);
    encode_base64_lines(&same, crlf);
    assert_string_equal(out.at, same.at);
    assert_memory_equal(out.at + 76, "\r\n", 2);
    buf_release(&out);
    buf_release(&same);
}

static void seven_bit_only_mends_line_ends(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    encode_text(&out, STR("a \nb\r\n\n.c"), ENCODING_7BIT);
    assert_string_equal(out.at, "a \r\nb\r\n\r\n.c");
    buf_release(&out);
}

static void chooses_what_is_needed_and_small(void **state)
{
    (void)state;
    char text[79];
    memset(text, 'x', sizeof(text));
    assert_int_equal(encode_choose(STR("")), ENCODING_7BIT);
    assert_int_equal(encode_choose(STR("Hello = you,\r\n\tbye\n")), ENCODING_7BIT);
    assert_int_equal(encode_choose(str_from(text, 78)), ENCODING_7BIT);
    assert_int_equal(encode_choose(str_from(text, 79)), ENCODING_QP);
    assert_int_equal(encode_choose(STR("a\nFrom here\n")), ENCODING_QP);
    assert_int_equal(encode_choose(STR("a\rb")), ENCODING_QP);
    assert_int_equal(encode_choose(STR("a\r")), ENCODING_QP);
    assert_int_equal(encode_choose(STR("a long line with one zero\0")), ENCODING_QP);
    assert_int_equal(encode_choose(STR("un caf\xC3\xA9 noir, s'il vous pla\xC3\xAEt")),
                     ENCODING_QP);
    assert_int_equal(encode_choose(STR("\xD0\x9F\xD0\xB0\xD0\xB2\xD0\xB5\xD0\xBB")),
                     ENCODING_BASE64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qp_keeps_plain_text),
        cmocka_unit_test(qp_makes_every_line_end_crlf),
        cmocka_unit_test(qp_escapes_blanks_at_the_end_of_lines),
        cmocka_unit_test(qp_guards_the_start_of_lines),
        cmocka_unit_test(qp_escapes_controls),
        cmocka_unit_test(qp_breaks_long_lines_softly),
        cmocka_unit_test(base64_is_that_of_the_rfc),
        cmocka_unit_test(base64_text_is_canonical_and_in_lines_of_76),
        cmocka_unit_test(seven_bit_only_mends_line_ends),
        cmocka_unit_test(chooses_what_is_needed_and_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
