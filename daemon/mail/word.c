#include "mail/word.h"

#include <utf8proc.h>

#include "base/base64.h"

enum {
    WORD_OVERHEAD = 12, /* =?utf-8?q??= */
    PAYLOAD_MIN = 12,   /* the longest character in Q: four bytes, three columns each */
    CHARACTER_MAX = 4
};

/* What RFC 2047 §5 (3) lets stand for itself in a phrase, and so everywhere. */
static const bool q_plain[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['!'] = true,
    ['*'] = true,         ['+'] = true,         ['-'] = true,         ['/'] = true,
};

/* The end of a line in Unicode's eyes is a control here, as are C0, DEL and C1. */
static bool is_control(utf8proc_int32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029;
}

/* The bytes of the first character of `rest`, cleaned. Takes it off, and returns it or a stand-in.
 */
static struct str next_clean(struct str *rest)
{
    utf8proc_int32_t point;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)rest->at, (utf8proc_ssize_t)rest->len, &point);
    struct str character = {rest->at, n > 0 ? (size_t)n : 1};
    *rest = str_skip(*rest, character.len);
    if (n <= 0)
        return STR("\xEF\xBF\xBD"); /* U+FFFD */
    return is_control(point) ? STR(" ") : character;
}

static bool is_clean_ascii(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < 0x20 || text.at[i] > 0x7E)
            return false;
    return true;
}

struct str word_clean(struct str text, struct buf *scratch)
{
    if (is_clean_ascii(text))
        return text;
    buf_reset(scratch);
    while (text.len)
        buf_add_str(scratch, next_clean(&text));
    return buf_str(scratch);
}

bool word_needed(struct str text)
{
    return !str_is_ascii(text) || (text.len && memmem(text.at, text.len, "=?", 2));
}

size_t word_character_len(struct str text)
{
    size_t n = 1;
    while (n < text.len && ((unsigned char)text.at[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static size_t q_size(struct str text)
{
    size_t size = 0;
    for (size_t i = 0; i < text.len; i++)
        size += q_plain[(unsigned char)text.at[i]] || text.at[i] == ' ' ? 1 : 3;
    return size;
}

static void q_add(struct buf *out, struct str text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (q_plain[c])
            buf_add_byte(out, (char)c);
        else if (c == ' ')
            buf_add_byte(out, '_');
        else
            buf_add(out, (char[]){'=', hex[c >> 4], hex[c & 15]}, 3);
    }
}

static size_t payload_size(struct str text, bool q)
{
    return q ? q_size(text) : (text.len + 2) / 3 * 4;
}

/* The longest run of whole characters whose payload fits in `room`; one at least. */
static struct str take_fitting(struct str *rest, size_t room, bool q)
{
    struct str part = {rest->at, word_character_len(*rest)};
    size_t size = payload_size(part, q);
    while (part.len < rest->len) {
        struct str next = {rest->at + part.len, word_character_len(str_skip(*rest, part.len))};
        size =
            q ? size + q_size(next) : payload_size((struct str){part.at, part.len + next.len}, q);
        if (size > room)
            break;
        part.len += next.len;
    }
    *rest = str_skip(*rest, part.len);
    return part;
}

/*
 * RFC 2047 §2; each word is decoded by itself, so each holds whole characters (§5):
 *
 *     encoded-word = "=?" charset "?" encoding "?" encoded-text "?="
 */
size_t word_add(struct buf *out, size_t column, struct str text)
{
    bool q = q_size(text) <= payload_size(text, false);
    while (text.len) {
        size_t used = column + WORD_OVERHEAD;
        size_t room = used + PAYLOAD_MIN < WORD_LINE_MAX ? WORD_LINE_MAX - used : PAYLOAD_MIN;
        if (room > WORD_MAX - WORD_OVERHEAD)
            room = WORD_MAX - WORD_OVERHEAD;
        struct str part = take_fitting(&text, room, q);
        buf_add_text(out, q ? "=?utf-8?q?" : "=?utf-8?b?");
        if (q)
            q_add(out, part);
        else
            base64_encode(part, out);
        buf_add_text(out, "?=");
        column += WORD_OVERHEAD + payload_size(part, q);
        if (text.len) {
            buf_add_text(out, "\r\n ");
            column = 1;
        }
    }
    return column;
}
