#include "base/gunzip.h"

#include <limits.h>
#include <zlib.h>

#include "base/alloc.h"

/*
 *   BETWEEN ──first byte──▶ INSIDE ──end of a member──▶ BETWEEN
 *      └────────── anything wrong ─────────┴──▶ BROKEN
 */
enum gunzip_state { GUNZIP_BETWEEN, GUNZIP_INSIDE, GUNZIP_BROKEN };

struct gunzip {
    z_stream z;
    enum gunzip_state state;
    uint64_t members; /* complete ones */
    uint64_t taken;   /* compressed bytes, for the sentences */
    gunzip_sink *sink;
    void *ctx;
    struct err why; /* repeated once the stream is broken */
    unsigned char piece[GUNZIP_PIECE];
};

enum { WINDOW_GZIP_ONLY = 15 + 16, GZIP_MAGIC = 0x1f };

struct gunzip *gunzip_new(gunzip_sink *sink, void *ctx)
{
    struct gunzip *g = NEW(struct gunzip);
    g->sink = sink;
    g->ctx = ctx;
    if (inflateInit2(&g->z, WINDOW_GZIP_ONLY) != Z_OK)
        abort(); /* memory is out, or zlib is not the one we were built with */
    return g;
}

void gunzip_free(struct gunzip *g)
{
    if (!g)
        return;
    inflateEnd(&g->z);
    free(g);
}

static int gunzip_break(struct gunzip *g, struct err *err)
{
    g->state = GUNZIP_BROKEN;
    if (err)
        *err = g->why;
    return -1;
}

static int member_begin(struct gunzip *g, struct err *err)
{
    if (*g->z.next_in != GZIP_MAGIC) {
        if (g->members)
            err_set(&g->why,
                    "The gzip stream is followed by something else at byte %llu: "
                    "compress the file again.",
                    (unsigned long long)g->taken);
        else
            err_set(&g->why, "This is not a gzip stream.");
        return gunzip_break(g, err);
    }
    if (g->members)
        inflateReset(&g->z);
    g->state = GUNZIP_INSIDE;
    return 0;
}

/* Unpacks one piece of what z.next_in has. */
static int piece_inflate(struct gunzip *g, struct err *err)
{
    uInt before = g->z.avail_in;
    g->z.next_out = g->piece;
    g->z.avail_out = sizeof(g->piece);
    int rc = inflate(&g->z, Z_NO_FLUSH);
    g->taken += before - g->z.avail_in;
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
        err_set(&g->why, "The gzip stream is damaged near byte %llu (%s): send the file again.",
                (unsigned long long)g->taken, g->z.msg ? g->z.msg : zError(rc));
        return gunzip_break(g, err);
    }
    struct str plain = {(const char *)g->piece, sizeof(g->piece) - g->z.avail_out};
    if (plain.len && g->sink(g->ctx, plain, &g->why) < 0)
        return gunzip_break(g, err);
    if (rc == Z_STREAM_END) {
        g->state = GUNZIP_BETWEEN;
        g->members++;
    }
    return 0;
}

/* True while zlib may still give plain bytes for what it was fed. */
static bool gunzip_has_work(const struct gunzip *g)
{
    return g->z.avail_in > 0 || (g->state == GUNZIP_INSIDE && g->z.avail_out == 0);
}

static int gunzip_slice(struct gunzip *g, struct str bytes, struct err *err)
{
    g->z.next_in = (z_const Bytef *)(uintptr_t)bytes.at;
    g->z.avail_in = (uInt)bytes.len;
    g->z.avail_out = sizeof(g->piece);
    while (gunzip_has_work(g)) {
        if (g->state == GUNZIP_BETWEEN && member_begin(g, err) < 0)
            return -1;
        if (piece_inflate(g, err) < 0)
            return -1;
    }
    return 0;
}

int gunzip_feed(struct gunzip *g, struct str bytes, struct err *err)
{
    if (g->state == GUNZIP_BROKEN)
        return gunzip_break(g, err);
    while (bytes.len) {
        struct str slice = {bytes.at, bytes.len < INT_MAX ? bytes.len : INT_MAX};
        if (gunzip_slice(g, slice, err) < 0)
            return -1;
        bytes = str_skip(bytes, slice.len);
    }
    return 0;
}

int gunzip_end(struct gunzip *g, struct err *err)
{
    if (g->state == GUNZIP_BETWEEN && g->members)
        return 0;
    if (g->state != GUNZIP_BROKEN)
        err_set(&g->why,
                "The gzip stream ends too early, after %llu bytes: it was cut on its way; "
                "send the file again.",
                (unsigned long long)g->taken);
    return gunzip_break(g, err);
}
