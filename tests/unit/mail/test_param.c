#include "mail/param.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEN "ten-bytes-"

static void assert_param(struct str value, const char *expected)
{
    struct buf out = BUF_INIT;
    param_add(&out, "filename", value);
    assert_string_equal(out.at, expected);
    buf_release(&out);
}

static void ascii_is_quoted(void **state)
{
    (void)state;
    assert_param(STR("plan.pdf"), ";\r\n filename=\"plan.pdf\"");
    assert_param(STR("a \"b\" \\c; d=e"), ";\r\n filename=\"a \\\"b\\\" \\\\c; d=e\"");
    assert_param(STR(""), ";\r\n filename=\"\"");
}

static void all_else_is_extended(void **state)
{
    (void)state;
    assert_param(STR("\xC3\xA9t\xC3\xA9 'a'*%.pdf"),
                 ";\r\n filename*=utf-8''%C3%A9t%C3%A9%20%27a%27%2A%25.pdf");
    assert_param(STR("=?utf-8?q?x?="), ";\r\n filename*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D");
}

static void nothing_breaks_out(void **state)
{
    (void)state;
    assert_param(STR("a\"\r\nBcc: b"), ";\r\n filename=\"a\\\"  Bcc: b\"");
    assert_param(STR("a\0\xFF"), ";\r\n filename*=utf-8''a%20%EF%BF%BD");
}

static void long_values_are_continued(void **state)
{
    (void)state;
    assert_param(STR(TEN TEN TEN TEN TEN TEN "12345"),
                 ";\r\n filename=\"" TEN TEN TEN TEN TEN TEN "12345\"");
    assert_param(STR(TEN TEN TEN TEN TEN TEN "123456"),
                 ";\r\n filename*0=\"" TEN TEN TEN TEN TEN TEN "123\";\r\n filename*1=\"456\"");
    assert_param(STR(TEN TEN TEN TEN TEN TEN "\xC3\xA9.pdf"),
                 ";\r\n filename*0*=utf-8''" TEN TEN TEN TEN TEN
                 "ten-byt;\r\n filename*1*=es-%C3%A9.pdf");
}

/* No character is divided, so that each section can be decoded by itself. */
static void characters_are_kept_whole(void **state)
{
    (void)state;
    for (size_t letters = 0; letters < 30; letters++) {
        struct buf value = BUF_INIT, out = BUF_INIT;
        for (size_t i = 0; i < letters; i++)
            buf_add_byte(&value, 'x');
        for (size_t i = 0; i < 30; i++)
            buf_add_text(&value, "\xF0\x9F\x93\xA3");
        param_add(&out, "filename", buf_str(&value));
        for (struct str rest = buf_str(&out); rest.at;) {
            struct str line = str_cut(&rest, '\n');
            assert_true(line.len - (rest.at ? 1 : 0) <= 78);
            const char *escape = line.len ? memchr(line.at, '%', line.len) : NULL;
            size_t escapes = escape ? (size_t)(line.at + line.len - escape) / 3 : 0;
            assert_int_equal(escapes % 4, 0);
        }
        buf_release(&value);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_is_quoted),           cmocka_unit_test(all_else_is_extended),
        cmocka_unit_test(nothing_breaks_out),        cmocka_unit_test(long_values_are_continued),
        cmocka_unit_test(characters_are_kept_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
