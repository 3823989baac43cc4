#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

/* RFC 4648 §10, and bytes beyond ASCII. */
static const struct {
    const char *plain, *coded;
} cases[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbe", "+/++"},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void the_vectors_of_the_rfc_hold_both_ways(void **state)
{
    struct buf out = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        buf_reset(&out);
        base64_encode(str_of(cases[i].plain), &out);
        assert_true(str_eq(buf_str(&out), str_of(cases[i].coded)));
        buf_reset(&out);
        assert_true(base64_decode(str_of(cases[i].coded), &out));
        assert_true(str_eq(buf_str(&out), str_of(cases[i].plain)));
    }
    buf_release(&out);
}

static void what_is_no_base64_is_refused_and_leaves_nothing(void **state)
{
    static const char *const bad[] = {"Zg",   "Zg=",  "Z===",      "====",     "Zg==Zg==", "Zh==",
                                      "Zm9=", "Zm 9", "Zm9v\nZg=", "Zm9v-_==", "=m9v",     "Z=9v"};
    struct buf out = BUF_INIT;
    (void)state;
    buf_add_text(&out, "before");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(base64_decode(str_of(bad[i]), &out));
        assert_string_equal(out.at, "before");
    }
    buf_release(&out);
}

static void all_bytes_come_back(void **state)
{
    struct buf coded = BUF_INIT, plain = BUF_INIT;
    char bytes[259];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t len = 0; len < sizeof(bytes); len++) {
        struct str given = {bytes, len};
        buf_reset(&coded);
        buf_reset(&plain);
        base64_encode(given, &coded);
        assert_true(base64_decode(buf_str(&coded), &plain));
        assert_true(str_eq(buf_str(&plain), given));
    }
    buf_release(&coded);
    buf_release(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc_hold_both_ways),
        cmocka_unit_test(what_is_no_base64_is_refused_and_leaves_nothing),
        cmocka_unit_test(all_bytes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
