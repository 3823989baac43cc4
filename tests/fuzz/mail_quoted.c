/*
 * Any text in quoted-printable, in any pieces: decoding gives it back with its line ends as CRLF
 * (taken in each piece for itself), and nothing in it is what servers, mbox writers or boundaries
 * would trip over. The first two bytes of the input are the signs at which the rest is cut: after
 * the one a piece is added, after the other it is prepared and put.
 */
#include <stdbool.h>
#include <stdint.h>

#include "../decode.h"
#include "mail/quoted.h"

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts the piece at the front off; *sign is the byte that ends it. */
static struct str take_piece(struct str *rest, const char signs[2], char *sign)
{
    struct str piece = {rest->at, 0};
    while (piece.len < rest->len && rest->at[piece.len] != signs[0] &&
           rest->at[piece.len] != signs[1])
        piece.len++;
    if (piece.len < rest->len)
        *sign = rest->at[piece.len];
    *rest = str_skip(*rest, piece.len + 1);
    return piece;
}

static void check_meaning(struct str encoded, struct str meant)
{
    struct buf back = BUF_INIT;
    CHECK(!decode_quoted_fault(encoded));
    CHECK(decode_quoted(&back, encoded));
    CHECK(str_eq(buf_str(&back), meant));
    buf_release(&back);
}

static void prepare_and_put(struct quoted *q, struct str text)
{
    struct arena memory = ARENA_INIT;
    struct buf meant = BUF_INIT;
    struct quoted_piece piece;
    quoted_prepare(&piece, text, &memory);
    decode_canonical(&meant, text);
    check_meaning(piece.bytes, buf_str(&meant));
    quoted_put(q, &piece);
    buf_release(&meant);
    arena_release(&memory);
}

static size_t last_column(struct str out)
{
    const char *end = out.len ? memrchr(out.at, '\n', out.len) : NULL;
    return end ? (size_t)(out.at + out.len - end) - 1 : out.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char signs[2] = {(char)data[0], (char)data[1]};
    char sign = signs[0];
    struct str rest = str_from(data + 2, size - 2);
    struct buf out = BUF_INIT, meant = BUF_INIT;
    struct quoted q;
    quoted_begin(&q, &out);
    while (rest.len) {
        bool put = sign == signs[1];
        struct str piece = take_piece(&rest, signs, &sign);
        decode_canonical(&meant, piece);
        if (put)
            prepare_and_put(&q, piece);
        else
            quoted_add(&q, piece);
        CHECK(q.column == last_column(buf_str(&out)));
    }
    check_meaning(buf_str(&out), buf_str(&meant));
    buf_release(&out);
    buf_release(&meant);
    return 0;
}
