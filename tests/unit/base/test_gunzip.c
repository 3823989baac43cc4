/* Streams of gzip: whole, in pieces, several members, damaged, cut, and a bomb. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/gunzip.h"

static int sink_add(void *ctx, struct str plain, struct err *err)
{
    (void)err;
    buf_add_str(ctx, plain);
    return 0;
}

static void gzip_add(struct buf *out, struct str plain)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    uLong bound = deflateBound(&z, plain.len);
    z.next_in = (z_const Bytef *)(uintptr_t)plain.at;
    z.avail_in = (uInt)plain.len;
    z.next_out = (Bytef *)buf_reserve(out, bound);
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    deflateEnd(&z);
}

static int unpack(struct str input, size_t piece, struct buf *out, struct err *err)
{
    struct gunzip *g = gunzip_new(sink_add, out);
    int rc = 0;
    for (size_t at = 0; at < input.len && rc == 0; at += piece) {
        struct str slice = str_skip(input, at);
        slice.len = slice.len < piece ? slice.len : piece;
        rc = gunzip_feed(g, slice, err);
    }
    if (rc == 0)
        rc = gunzip_end(g, err);
    gunzip_free(g);
    return rc;
}

static void assert_unpacks(struct str input, const char *expect)
{
    for (size_t piece = 1; piece < 40; piece += 3) {
        struct buf out = BUF_INIT;
        struct err err = {""};
        assert_int_equal(unpack(input, piece, &out, &err), 0);
        assert_string_equal(out.at ? out.at : "", expect);
        buf_release(&out);
    }
}

static void unpacks_in_pieces_of_any_size(void **state)
{
    (void)state;
    struct buf input = BUF_INIT;
    gzip_add(&input, STR("email,name\nanna@example.org,Anna\n"));
    assert_unpacks(buf_str(&input), "email,name\nanna@example.org,Anna\n");
    buf_release(&input);
}

static void reads_members_as_one_stream(void **state)
{
    (void)state;
    struct buf input = BUF_INIT;
    gzip_add(&input, STR("one "));
    gzip_add(&input, STR(""));
    gzip_add(&input, STR("two"));
    assert_unpacks(buf_str(&input), "one two");
    buf_release(&input);
}

static void assert_fails(struct str input, const char *part)
{
    struct buf out = BUF_INIT;
    struct err err = {""};
    assert_int_equal(unpack(input, 10, &out, &err), -1);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    buf_release(&out);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    struct buf good = BUF_INIT, bad = BUF_INIT;
    gzip_add(&good, STR("some text that is long enough to be cut in two, is it not"));

    assert_fails((struct str){good.at, good.len - 1}, "ends too early");
    assert_fails((struct str){good.at, 15}, "ends too early");
    assert_fails(STR(""), "ends too early");
    assert_fails(STR("email,name\n"), "not a gzip stream");

    buf_add_str(&bad, buf_str(&good));
    buf_add_text(&bad, "trailing");
    assert_fails(buf_str(&bad), "followed by something else");
    buf_cut(&bad, good.len);
    bad.at[good.len - 6] ^= 1; /* the checksum */
    assert_fails(buf_str(&bad), "damaged near byte");
    bad.at[good.len - 6] ^= 1;
    bad.at[1] ^= 1; /* the magic */
    assert_fails(buf_str(&bad), "damaged near byte");
    buf_release(&good);
    buf_release(&bad);
}

static int sink_count(void *ctx, struct str plain, struct err *err)
{
    size_t *total = ctx;
    assert_true(plain.len <= GUNZIP_PIECE);
    *total += plain.len;
    return *total > 8 * GUNZIP_PIECE ? err_set(err, "Too much.") : 0;
}

static void gives_a_bomb_in_pieces_and_can_be_stopped(void **state)
{
    (void)state;
    size_t size = (size_t)16 << 20, total = 0;
    struct buf input = BUF_INIT;
    struct err err = {""};
    char *zeros = calloc(1, size);
    gzip_add(&input, (struct str){zeros, size});
    struct gunzip *g = gunzip_new(sink_count, &total);
    assert_int_equal(gunzip_feed(g, buf_str(&input), &err), -1);
    assert_string_equal(err.text, "Too much.");
    assert_int_equal(total, 9 * GUNZIP_PIECE);
    assert_int_equal(gunzip_feed(g, STR("more"), &err), -1);
    assert_int_equal(gunzip_end(g, &err), -1);
    assert_string_equal(err.text, "Too much.");
    gunzip_free(g);
    buf_release(&input);
    free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacks_in_pieces_of_any_size),
        cmocka_unit_test(reads_members_as_one_stream),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(gives_a_bomb_in_pieces_and_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
