#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audience/charset.h"

static void converts(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    assert_int_equal(charset_add_cp1252(&out, STR("d\xE9j\xE0 \x80 \x9C\xA0")), 0);
    assert_string_equal(out.at, "d\xC3\xA9j\xC3\xA0 \xE2\x82\xAC \xC5\x93\xC2\xA0");
    buf_release(&out);
}

static void every_byte_is_a_character_or_none(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        struct buf out = BUF_INIT;
        char c = (char)byte;
        bool none = byte == 0x81 || byte == 0x8D || byte == 0x8F || byte == 0x90 || byte == 0x9D;
        assert_int_equal(charset_add_cp1252(&out, (struct str){&c, 1}), none ? -1 : 0);
        assert_true(str_is_utf8(buf_str(&out)));
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts),
        cmocka_unit_test(every_byte_is_a_character_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
