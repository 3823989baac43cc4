/*
 * Any text in base64: the lines are full, and decoding gives the text back with its line ends as
 * CRLF. The choice of an encoding is right wherever there is no doubt.
 */
#include <stdbool.h>
#include <stdint.h>

#include "../decode.h"
#include "base/base64.h"
#include "mail/encode.h"
#include "mail/quoted.h"

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decoded(struct str encoded, struct str meant)
{
    struct buf back = BUF_INIT;
    CHECK(decode_base64(&back, encoded));
    CHECK(str_eq(buf_str(&back), meant));
    buf_release(&back);
}

static void check_text(struct str text)
{
    struct buf canonical = BUF_INIT, encoded = BUF_INIT;
    decode_canonical(&canonical, text);
    encode_base64_text(&encoded, text);
    CHECK(!decode_base64_fault(buf_str(&encoded)));
    check_decoded(buf_str(&encoded), buf_str(&canonical));
    buf_release(&canonical);
    buf_release(&encoded);
}

static void check_bytes(struct str bytes)
{
    struct buf encoded = BUF_INIT;
    base64_encode(bytes, &encoded);
    CHECK(!str_find(buf_str(&encoded), '\r') && !str_find(buf_str(&encoded), '\n'));
    check_decoded(buf_str(&encoded), bytes);
    buf_reset(&encoded);
    encode_base64_lines(&encoded, bytes);
    CHECK(!decode_base64_fault(buf_str(&encoded)));
    check_decoded(buf_str(&encoded), bytes);
    buf_release(&encoded);
}

static void check_choice(struct str text)
{
    bool letters = true, high = text.len >= 3;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        letters = letters && c >= 'A' && c <= 'z';
        high = high && c >= 0x80;
    }
    CHECK(!letters || encode_choose(text) == ENCODING_QUOTED);
    CHECK(!high || encode_choose(text) == ENCODING_BASE64);
}

/* Base64 is not taken where quoted-printable is smaller. */
static void check_smaller(struct str text)
{
    struct buf as_quoted = BUF_INIT, as_base64 = BUF_INIT;
    struct quoted q;
    quoted_begin(&q, &as_quoted);
    quoted_add(&q, text);
    encode_base64_text(&as_base64, text);
    if (encode_choose(text) == ENCODING_BASE64)
        CHECK(as_base64.len < as_quoted.len);
    buf_release(&as_quoted);
    buf_release(&as_base64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from(data, size);
    check_text(text);
    check_bytes(text);
    check_choice(text);
    check_smaller(text);
    return 0;
}
