#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (int i = 0; i < 10000; i++)
        buf_add_byte(&b, (char)('a' + i % 26));
    assert_int_equal(b.len, 10000);
    assert_int_equal(b.at[9999], 'a' + 9999 % 26);
    assert_int_equal(b.at[10000], '\0');
    buf_release(&b);
    assert_null(b.at);
}

static void formats_longer_than_its_room(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    char long_text[500];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    buf_addf(&b, "%d:%s;", 42, long_text);
    assert_int_equal(b.len, 3 + 499 + 1);
    assert_memory_equal(b.at, "42:xxx", 6);
    assert_string_equal(b.at + b.len - 2, "x;");
    buf_release(&b);
}

static void numbers_in_text_and_in_bytes(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_add_u64(&b, 0);
    buf_add_u64(&b, UINT64_MAX);
    assert_string_equal(b.at, "018446744073709551615");
    buf_reset(&b);
    buf_add_u16be(&b, 0x0102);
    buf_add_u32be(&b, 0x03040506);
    assert_int_equal(b.len, 6);
    assert_memory_equal(b.at, "\1\2\3\4\5\6", 6);
    buf_release(&b);
}

static void drop_and_cut_keep_the_middle(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_add_text(&b, "abcdef");
    buf_drop(&b, 2);
    buf_cut(&b, 3);
    assert_string_equal(b.at, "cde");
    buf_release(&b);
}

static void a_descriptor_is_read_to_its_end_or_a_bound(void **state)
{
    struct buf b = BUF_INIT;
    int ends[2];
    (void)state;
    buf_add_text(&b, "so: ");
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "twelve bytes", 12), 12);
    assert_int_equal(buf_read(&b, ends[0], 10), 0); /* more than 10: it does not wait for an end */
    assert_string_equal(b.at, "so: twelve bytes");
    close(ends[1]);
    assert_int_equal(buf_read(&b, ends[0], 100), 0);
    assert_string_equal(b.at, "so: twelve bytes");
    close(ends[0]);
    assert_int_equal(buf_read(&b, -1, 100), -1);
    assert_int_equal(errno, EBADF);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(formats_longer_than_its_room),
        cmocka_unit_test(numbers_in_text_and_in_bytes),
        cmocka_unit_test(drop_and_cut_keep_the_middle),
        cmocka_unit_test(a_descriptor_is_read_to_its_end_or_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
