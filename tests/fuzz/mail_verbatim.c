/*
 * Any text written as it stands, in any pieces: it is the text with its line ends as CRLF (taken in
 * each piece for itself), and what is said of it is true. The first two bytes of the input are the
 * signs at which the rest is cut: after the one a piece is added, after the other it is prepared
 * and put.
 */
#include <stdbool.h>
#include <stdint.h>

#include "../decode.h"
#include "mail/verbatim.h"

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

/* What the text is by the rules, line by line. */
static enum mail_encoding judge(struct str text)
{
    bool ascii = str_is_ascii(text);
    while (text.len) {
        struct str line = str_cut(&text, '\n');
        if (text.at)
            line.len--;
        if (line.len > 998 || str_find(line, '\0') || str_starts(line, STR("From ")) ||
            str_starts(line, STR("--=_")))
            return ENCODING_QUOTED;
    }
    return ascii ? ENCODING_7BIT : ENCODING_8BIT;
}

static void prepare_and_put(struct verbatim *v, struct str text)
{
    struct arena memory = ARENA_INIT;
    struct verbatim_piece piece;
    verbatim_prepare(&piece, text, &memory);
    verbatim_put(v, &piece);
    if (verbatim_piece_encoding(&piece) == ENCODING_QUOTED)
        CHECK(verbatim_encoding(v) == ENCODING_QUOTED);
    arena_release(&memory);
}

static void check_whole(struct str text)
{
    struct buf meant = BUF_INIT;
    decode_canonical(&meant, text);
    enum mail_encoding truth = judge(buf_str(&meant));
    CHECK(verbatim_choose(text) == truth);
    CHECK((encode_choose_for(text, true) == truth) ==
          (truth == ENCODING_7BIT || truth == ENCODING_8BIT ||
           encode_choose(text) == ENCODING_QUOTED));
    CHECK(encode_choose_for(text, false) != ENCODING_8BIT);
    buf_release(&meant);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char signs[2] = {(char)data[0], (char)data[1]};
    char sign = signs[0];
    struct str rest = str_from(data + 2, size - 2);
    struct buf out = BUF_INIT, meant = BUF_INIT;
    struct verbatim v;
    check_whole(rest);
    verbatim_begin(&v, &out);
    while (rest.len) {
        bool put = sign == signs[1];
        struct str piece = take_piece(&rest, signs, &sign);
        decode_canonical(&meant, piece);
        if (put)
            prepare_and_put(&v, piece);
        else
            verbatim_add(&v, piece);
        CHECK(str_eq(buf_str(&out), buf_str(&meant)));
        CHECK(verbatim_encoding(&v) == judge(buf_str(&out)));
    }
    buf_release(&out);
    buf_release(&meant);
    return 0;
}
