/*
 * Decoders of the transfer encodings (RFC 2045 §6.7 and §6.8) for tests and fuzz targets, written
 * apart from the encoders and strict: what no encoder of ours may write is refused, not mended.
 */
#ifndef TOCSIN_TESTS_DECODE_H
#define TOCSIN_TESTS_DECODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends a text with its line ends (LF, CRLF, a lone CR) as CRLF: what decoding must give. */
static inline void decode_canonical(struct buf *out, struct str text)
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

/* Cuts the line at the front off with its CRLF. NULL, or what is wrong with it. */
static inline const char *decode_line(struct str *rest, struct str *line)
{
    *line = str_cut(rest, '\n');
    if (rest->at && !str_ends(*line, STR("\r")))
        return "LF without CR";
    line->len -= rest->at != NULL;
    if (str_find(*line, '\r'))
        return "CR without LF";
    return line->len > 76 ? "a line of more than 76 columns" : NULL;
}

/* What servers or mbox writers would change, or a boundary could be taken for; NULL if none. */
static inline const char *decode_quoted_line_fault(struct str line)
{
    if (str_ends(line, STR(" ")) || str_ends(line, STR("\t")))
        return "a blank at the end of a line";
    if (str_starts(line, STR(".")))
        return "a dot at the start of a line";
    if (str_starts(line, STR("From ")))
        return "\"From \" at the start of a line";
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] != '\t' && (line.at[i] < ' ' || line.at[i] > '~'))
            return "a byte that is not printable ASCII";
        if (line.at[i] == '=' && i + 1 < line.len && line.at[i + 1] == '_')
            return "\"=_\", which begins boundaries";
    }
    return NULL;
}

/* NULL if quoted-printable looks as mail/quoted.h promises, else what is wrong. */
static inline const char *decode_quoted_fault(struct str text)
{
    while (text.len) {
        struct str line;
        const char *fault = decode_line(&text, &line);
        if (!fault)
            fault = decode_quoted_line_fault(line);
        if (fault)
            return fault;
    }
    return NULL;
}

/* The value of an upper-case hexadecimal digit, or -1. */
static inline int decode_hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Appends what the quoted-printable says; false where it says nothing. */
static inline bool decode_quoted(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '=') {
            buf_add_byte(out, text.at[i]);
            continue;
        }
        /* A soft break at the very end would join whatever follows the part. */
        if (text.len - i < 3)
            return false;
        int high = decode_hex(text.at[i + 1]), low = decode_hex(text.at[i + 2]);
        if (high >= 0 && low >= 0)
            buf_add_byte(out, (char)(high * 16 + low));
        else if (text.at[i + 1] != '\r' || text.at[i + 2] != '\n' || i + 3 == text.len)
            return false;
        i += 2;
    }
    return true;
}

/* NULL if every line but the last has 76 columns and all end with CRLF, else what is wrong. */
static inline const char *decode_base64_fault(struct str text)
{
    while (text.len) {
        struct str line;
        const char *fault = decode_line(&text, &line);
        if (fault)
            return fault;
        if (!text.at)
            return "a line without its end";
        if (line.len == 0 || (text.len && line.len != 76))
            return "a line that is not full";
    }
    return NULL;
}

/* Appends the 1 to 3 bytes of four digits; false if they are none. */
static inline bool decode_base64_group(struct buf *out, const char *digits)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, pads = digits[3] != '=' ? 0 : digits[2] != '=' ? 1 : 2;
    for (unsigned i = 0; i < 4; i++) {
        const char *found = i < 4 - pads ? memchr(all, digits[i], sizeof(all) - 1) : all;
        if (!found)
            return false;
        bits = bits << 6 | (unsigned)(found - all);
    }
    for (unsigned i = 0; i < 3 - pads; i++)
        buf_add_byte(out, (char)(bits >> (16 - 8 * i)));
    return (bits & ((1u << 8 * pads) - 1)) == 0;
}

/* Appends what the base64 says, over its line ends; false where it says nothing. */
static inline bool decode_base64(struct buf *out, struct str text)
{
    char group[4] = {0};
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\r' || text.at[i] == '\n')
            continue;
        if (count && count % 4 == 0 && group[3] == '=')
            return false;
        group[count++ % 4] = text.at[i];
        if (count % 4 == 0 && !decode_base64_group(out, group))
            return false;
    }
    return count % 4 == 0;
}

#endif
