#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/bundle.h"

static struct bundle_file files[] = {
    {STR("files/a"), STR("x")},
    {STR("layouts/letter.html"), STR("{{ content }}")},
    {STR("files/empty"), STR("")},
};

static void write_example(struct buf *out)
{
    struct bundle bundle = {STR("Hi"), files, 3};
    buf_reset(out);
    bundle_write(&bundle, out);
}

static void what_is_written_is_read(void **state)
{
    struct buf bytes = BUF_INIT;
    struct arena memory = ARENA_INIT;
    struct bundle bundle;
    struct err err;
    (void)state;
    write_example(&bytes);
    assert_int_equal(bundle_read(buf_str(&bytes), &memory, &bundle, &err), 0);
    assert_true(str_eq(bundle.text, STR("Hi")));
    assert_int_equal(bundle.count, 3);
    assert_true(str_eq(bundle_find(&bundle, "files/", STR("a"))->data, STR("x")));
    assert_int_equal(bundle_find(&bundle, "files/", STR("empty"))->data.len, 0);
    assert_null(bundle_find(&bundle, "files/", STR("letter.html")));
    arena_release(&memory);
    buf_release(&bytes);
}

static void the_bytes_are_those_of_the_header(void **state)
{
    struct buf bytes = BUF_INIT;
    struct bundle bundle = {STR("Hi"), files, 1};
    (void)state;
    bundle_write(&bundle, &bytes);
    assert_true(str_eq(buf_str(&bytes), STR("\x01\x00\x00\x00\x00\x00\x02"
                                            "Hi\x00\x07\x00\x00\x00\x01"
                                            "files/ax")));
    buf_release(&bytes);
}

static void a_text_alone_is_a_bundle_too(void **state)
{
    struct arena memory = ARENA_INIT;
    struct bundle bundle;
    struct err err;
    (void)state;
    assert_int_equal(bundle_read(STR("Subject: x\n\nHi\n"), &memory, &bundle, &err), 0);
    assert_true(str_eq(bundle.text, STR("Subject: x\n\nHi\n")));
    assert_int_equal(bundle.count, 0);
    assert_true(bundle_add(&bundle, files[0]));
    assert_false(bundle_add(&bundle, files[0]));
    arena_release(&memory);
}

/* Wherever it is cut but between two files, and with a file twice. */
static void damaged_bytes_are_refused(void **state)
{
    struct buf bytes = BUF_INIT;
    struct arena memory = ARENA_INIT;
    struct bundle bundle;
    struct err err;
    (void)state;
    write_example(&bytes);
    const size_t whole[] = {9, 23, 61, bytes.len};
    for (size_t len = 1, next = 0; len <= bytes.len; len++) {
        bool good = len == whole[next];
        next += good;
        int result = bundle_read(str_from(bytes.at, len), &memory, &bundle, &err);
        assert_int_equal(result, good ? 0 : -1);
    }
    size_t one = 23 - 9;
    buf_cut(&bytes, 23);
    buf_reserve(&bytes, one);
    buf_add(&bytes, bytes.at + 9, one);
    assert_int_equal(bundle_read(buf_str(&bytes), &memory, &bundle, &err), -1);
    arena_release(&memory);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_bytes_are_those_of_the_header),
        cmocka_unit_test(a_text_alone_is_a_bundle_too),
        cmocka_unit_test(damaged_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
