#include "base/base64.h"
#include "mail/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode.h"

static void assert_base64(struct str bytes, const char *expected)
{
    struct buf out = BUF_INIT;
    base64_encode(bytes, &out);
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

static void base64_lines_have_76_columns(void **state)
{
    (void)state;
    char bytes[200];
    memset(bytes, 'x', sizeof(bytes));
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        struct buf out = BUF_INIT, back = BUF_INIT;
        buf_add_text(&out, "");
        encode_base64_lines(&out, str_from(bytes, n));
        const char *fault = decode_base64_fault(buf_str(&out));
        if (fault)
            fail_msg("%zu bytes: %s", n, fault);
        assert_true(decode_base64(&back, buf_str(&out)));
        assert_true(str_eq(buf_str(&back), str_from(bytes, n)));
        buf_release(&out);
        buf_release(&back);
    }
}

static void base64_text_is_canonical(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct buf same = BUF_INIT;
    struct str lf = STR("0123456789012345678901234567890123456789012345678901234\n\n\rx\n");
    struct str crlf =
        STR("0123456789012345678901234567890123456789012345678901234\r\n\r\n\r\nx\r\n");
    encode_base64_text(&out, lf);
    encode_base64_lines(&same, crlf);
    assert_string_equal(out.at, same.at);
    assert_memory_equal(out.at + 76, "\r\n", 2);
    buf_release(&out);
    buf_release(&same);
}

/* Wherever a line end falls within the 57 bytes of a line of base64, it goes to the next with it.
 */
static void a_line_end_may_fall_between_two_lines_of_base64(void **state)
{
    (void)state;
    for (size_t n = 50; n < 65; n++) {
        char text[80];
        struct buf out = BUF_INIT, back = BUF_INIT, expected = BUF_INIT;
        memset(text, 'x', sizeof(text));
        text[n] = '\n';
        encode_base64_text(&out, str_from(text, sizeof(text)));
        decode_canonical(&expected, str_from(text, sizeof(text)));
        assert_null(decode_base64_fault(buf_str(&out)));
        assert_true(decode_base64(&back, buf_str(&out)));
        assert_string_equal(back.at, expected.at);
        buf_release(&out);
        buf_release(&back);
        buf_release(&expected);
    }
}

static void texts_are_appended(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    buf_add_text(&out, "A: b\r\n\r\n");
    encode_base64_text(&out, STR("f\n"));
    assert_string_equal(out.at, "A: b\r\n\r\nZg0K\r\n");
    encode_base64_text(&out, STR(""));
    assert_string_equal(out.at, "A: b\r\n\r\nZg0K\r\n");
    buf_release(&out);
}

static void the_smaller_encoding_is_chosen(void **state)
{
    (void)state;
    assert_int_equal(encode_choose(STR("")), ENCODING_QUOTED);
    assert_int_equal(encode_choose(STR("Hello,\r\n\tyou\n")), ENCODING_QUOTED);
    assert_int_equal(encode_choose(STR("un caf\xC3\xA9 noir, s'il vous pla\xC3\xAEt")),
                     ENCODING_QUOTED);
    assert_int_equal(encode_choose(STR("\xD0\x9F\xD0\xB0\xD0\xB2\xD0\xB5\xD0\xBB")),
                     ENCODING_BASE64);
    /* Ten octets in both, for base64 ends its line; then twelve against ten. */
    assert_int_equal(encode_choose(STR("abcd==")), ENCODING_QUOTED);
    assert_int_equal(encode_choose(STR("abc===")), ENCODING_BASE64);
}

static void what_stands_for_itself_is_the_smallest(void **state)
{
    (void)state;
    assert_int_equal(encode_choose_for(STR("Hello = you\n"), false), ENCODING_7BIT);
    assert_int_equal(encode_choose_for(STR("Hello = you\n"), true), ENCODING_7BIT);
    assert_int_equal(encode_choose_for(STR("caf\xC3\xA9 noir, s'il"), true), ENCODING_8BIT);
    assert_int_equal(encode_choose_for(STR("caf\xC3\xA9 noir, s'il"), false), ENCODING_QUOTED);
    assert_int_equal(encode_choose_for(STR("\xD0\x9F\xD0\xB0\xD0\xB2\xD0\xB5"), false),
                     ENCODING_BASE64);
    assert_int_equal(encode_choose_for(STR("Hello\nFrom you\n"), true), ENCODING_QUOTED);
}

static void the_size_of_base64_is_known_beforehand(void **state)
{
    (void)state;
    char bytes[300] = {0};
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        struct buf out = BUF_INIT;
        encode_base64_lines(&out, str_from(bytes, n));
        assert_int_equal(encode_base64_lines_size(n), out.len);
        buf_release(&out);
    }
}

static void line_ends_do_not_ask_for_base64(void **state)
{
    (void)state;
    assert_int_equal(encode_choose(STR("\n\n\n\n\n\n\n\n\n")), ENCODING_QUOTED);
    assert_int_equal(encode_choose(STR("a\r\nb\rc\r\n\r\n")), ENCODING_QUOTED);
}

static void encodings_have_the_names_of_the_rfc(void **state)
{
    (void)state;
    assert_string_equal(encode_name(ENCODING_QUOTED), "quoted-printable");
    assert_string_equal(encode_name(ENCODING_BASE64), "base64");
    assert_string_equal(encode_name(ENCODING_7BIT), "7bit");
    assert_string_equal(encode_name(ENCODING_8BIT), "8bit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_that_of_the_rfc),
        cmocka_unit_test(base64_lines_have_76_columns),
        cmocka_unit_test(base64_text_is_canonical),
        cmocka_unit_test(a_line_end_may_fall_between_two_lines_of_base64),
        cmocka_unit_test(texts_are_appended),
        cmocka_unit_test(the_smaller_encoding_is_chosen),
        cmocka_unit_test(what_stands_for_itself_is_the_smallest),
        cmocka_unit_test(the_size_of_base64_is_known_beforehand),
        cmocka_unit_test(line_ends_do_not_ask_for_base64),
        cmocka_unit_test(encodings_have_the_names_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
