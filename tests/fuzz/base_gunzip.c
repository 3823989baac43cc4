/* Anything as gzip: never more than a piece at a time, and the same answer whole or byte by byte.
 */
#include <assert.h>

#include "base/buf.h"
#include "base/gunzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENOUGH = 1 << 20 };

static int sink(void *ctx, struct str plain, struct err *err)
{
    struct buf *out = ctx;
    assert(plain.len > 0 && plain.len <= GUNZIP_PIECE);
    if (out->len + plain.len > ENOUGH)
        return err_set(err, "Enough.");
    buf_add_str(out, plain);
    return 0;
}

static int unpack(struct str input, size_t piece, struct buf *out)
{
    struct err err = {""};
    struct gunzip *g = gunzip_new(sink, out);
    int rc = 0;
    for (size_t at = 0; at < input.len && rc == 0; at += piece) {
        struct str slice = str_skip(input, at);
        slice.len = slice.len < piece ? slice.len : piece;
        rc = gunzip_feed(g, slice, &err);
    }
    if (rc == 0)
        rc = gunzip_end(g, &err);
    assert(rc == 0 || err.text[0]);
    gunzip_free(g);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = BUF_INIT, bytes = BUF_INIT;
    struct str input = {(const char *)data, size};
    int a = unpack(input, size + 1, &whole);
    int b = unpack(input, 1, &bytes);
    assert(a == b);
    assert(a < 0 || str_eq(buf_str(&whole), buf_str(&bytes)));
    buf_release(&whole);
    buf_release(&bytes);
    return 0;
}
