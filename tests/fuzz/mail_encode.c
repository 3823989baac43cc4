/*
 * Any text in any transfer encoding: the lines are legal, and decoding gives the text back with its
 * line ends as CRLF.
 */
#include <stdbool.h>
#include <stdint.h>

#include "mail/encode.h"

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void normalise(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool cr = text.at[i] == '\r';
        if (cr && i + 1 < text.len && text.at[i + 1] == '\n')
            i++;
        if (cr || text.at[i] == '\n')
            buf_add_text(out, "\r\n");
        else
            buf_add_byte(out, text.at[i]);
    }
}

/* Lines of at most `max`, ended by CRLF only; the last may lack its end. */
static void check_lines(struct str text, size_t max)
{
    while (text.len) {
        struct str line = str_cut(&text, '\n');
        if (text.at) {
            CHECK(str_ends(line, STR("\r")));
            line.len--;
        }
        CHECK(line.len <= max && !str_find(line, '\r'));
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void decode_qp(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '=') {
            buf_add_byte(out, text.at[i]);
            continue;
        }
        CHECK(i + 2 < text.len);
        if (text.at[i + 1] != '\r') {
            CHECK(hex(text.at[i + 1]) >= 0 && hex(text.at[i + 2]) >= 0);
            buf_add_byte(out, (char)(hex(text.at[i + 1]) * 16 + hex(text.at[i + 2])));
        }
        i += 2;
    }
}

static void decode_base64(struct buf *out, struct str text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("\r\n=", text.at[i]))
            continue;
        const char *digit = strchr(digits, text.at[i]);
        CHECK(digit);
        bits = bits << 6 | (unsigned)(digit - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            buf_add_byte(out, (char)(bits >> have));
        }
    }
}

/* Nothing that servers or mbox writers would change. */
static void check_qp_lines(struct str text)
{
    while (text.len) {
        struct str line = str_cut(&text, '\n');
        if (str_ends(line, STR("\r")))
            line.len--;
        CHECK(!str_ends(line, STR(" ")) && !str_ends(line, STR("\t")));
        CHECK(!str_starts(line, STR(".")) && !str_starts(line, STR("From ")));
        CHECK(str_is_ascii(line));
    }
}

static void check_chosen(struct str text, struct str canonical)
{
    struct buf out = BUF_INIT;
    encode_text(&out, text, encode_choose(text));
    if (encode_choose(text) == ENCODING_7BIT) {
        CHECK(str_eq(buf_str(&out), canonical) && str_is_ascii(canonical));
        check_lines(buf_str(&out), ENCODE_LINE_MAX);
    }
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf canonical = BUF_INIT;
    struct buf encoded = BUF_INIT;
    struct buf decoded = BUF_INIT;
    struct str text = str_from(data, size);
    normalise(&canonical, text);
    encode_text(&encoded, text, ENCODING_QP);
    check_lines(buf_str(&encoded), 76);
    check_qp_lines(buf_str(&encoded));
    decode_qp(&decoded, buf_str(&encoded));
    CHECK(str_eq(buf_str(&decoded), buf_str(&canonical)));
    buf_reset(&encoded);
    buf_reset(&decoded);
    encode_text(&encoded, text, ENCODING_BASE64);
    check_lines(buf_str(&encoded), 76);
    decode_base64(&decoded, buf_str(&encoded));
    CHECK(str_eq(buf_str(&decoded), buf_str(&canonical)));
    check_chosen(text, buf_str(&canonical));
    buf_release(&canonical);
    buf_release(&encoded);
    buf_release(&decoded);
    return 0;
}
