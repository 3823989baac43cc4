/*
 * Any text in a header: one field comes out, in lines of legal length with legal line ends, and it
 * decodes (RFC 2047, RFC 5322) to the cleaned text.
 */
#include <stdint.h>

#include "mail/header.h"
#include "mail/word.h"

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(struct str field)
{
    CHECK(str_ends(field, STR("\r\n")));
    for (size_t n = 0; field.len; n++) {
        struct str line = str_cut(&field, '\n');
        CHECK(str_ends(line, STR("\r")));
        line.len--;
        CHECK(line.len <= HEADER_LINE_MAX && str_trim(line).len > 0);
        CHECK(!str_find(line, '\r') && !str_find(line, '\0') && str_is_ascii(line));
        CHECK(n == 0 || line.at[0] == ' ');
        if (memmem(line.at, line.len, "=?utf-8?", 8))
            CHECK(line.len <= WORD_LINE_MAX);
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void decode_q(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '=') {
            CHECK(i + 2 < text.len && hex(text.at[i + 1]) >= 0 && hex(text.at[i + 2]) >= 0);
            buf_add_byte(out, (char)(hex(text.at[i + 1]) * 16 + hex(text.at[i + 2])));
            i += 2;
        } else {
            CHECK(text.at[i] != ' ' && text.at[i] != '?');
            buf_add_byte(out, text.at[i] == '_' ? ' ' : text.at[i]);
        }
    }
}

static void decode_b(struct buf *out, struct str text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    unsigned have = 0;
    CHECK(text.len % 4 == 0);
    for (size_t i = 0; i < text.len && text.at[i] != '='; i++) {
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

/* One encoded word at the front of *rest; each must be whole characters of UTF-8 by itself. */
static void decode_word(struct buf *out, struct str *rest)
{
    size_t start = out->len;
    struct str whole = *rest;
    *rest = str_skip(*rest, strlen("=?utf-8?"));
    struct str kind = str_cut(rest, '?');
    struct str text = str_cut(rest, '?');
    CHECK(kind.len == 1 && text.len > 0 && rest->len > 0 && rest->at[0] == '=');
    *rest = str_skip(*rest, 1);
    CHECK(whole.len - rest->len <= WORD_MAX);
    if (kind.at[0] == 'q')
        decode_q(out, text);
    else
        decode_b(out, text);
    CHECK(str_is_utf8(str_skip(buf_str(out), start)));
}

/* Unfolds, decodes encoded words, and drops the blanks between two of them. */
static void decode(struct buf *out, struct str value)
{
    bool after_word = false;
    while (value.len) {
        struct str ahead = value;
        while (ahead.len && (ahead.at[0] == ' ' || ahead.at[0] == '\r' || ahead.at[0] == '\n'))
            ahead = str_skip(ahead, 1);
        if (str_starts(ahead, STR("=?utf-8?")) && (after_word || ahead.at == value.at)) {
            decode_word(out, &ahead);
            value = ahead;
            after_word = true;
            continue;
        }
        if (value.at[0] != '\r' && value.at[0] != '\n')
            buf_add_byte(out, value.at[0]);
        after_word = false;
        value = str_skip(value, 1);
    }
}

static void check_text(struct str text)
{
    struct buf field = BUF_INIT;
    struct buf scratch = BUF_INIT;
    struct buf decoded = BUF_INIT;
    header_add_text(&field, "Subject", text, &scratch);
    check_lines(buf_str(&field));
    struct str value = str_skip(buf_str(&field), strlen("Subject: "));
    value.len -= 2;
    decode(&decoded, value);
    CHECK(str_eq(buf_str(&decoded), str_trim(word_clean(text, &scratch))));
    buf_release(&field);
    buf_release(&scratch);
    buf_release(&decoded);
}

static void check_mailbox(struct str name)
{
    struct buf field = BUF_INIT;
    struct mailbox m = {.name = name};
    CHECK(address_parse(STR("a.rather.long.local.part@mail.example.org"), &m.address, NULL) == 0);
    header_add_mailbox(&field, "From", &m);
    check_lines(buf_str(&field));
    CHECK(memmem(field.at, field.len, "a.rather.long.local.part@mail.example.org", 41));
    buf_release(&field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from(data, size);
    check_text(text);
    check_mailbox(text);
    return 0;
}
