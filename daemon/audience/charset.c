#include "audience/charset.h"

/* The bytes 80 to 9F; the rest of Windows-1252 is ISO 8859-1. 0: no meaning. */
static const uint16_t cp1252_upper[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* RFC 3629 §3, for characters of two and three bytes. */
static size_t utf8_write(char *at, unsigned character)
{
    if (character < 0x800) {
        at[0] = (char)(0xC0 | character >> 6);
        at[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    at[0] = (char)(0xE0 | character >> 12);
    at[1] = (char)(0x80 | (character >> 6 & 0x3F));
    at[2] = (char)(0x80 | (character & 0x3F));
    return 3;
}

int charset_add_cp1252(struct buf *out, struct str text)
{
    char *at = buf_reserve(out, text.len * 3);
    for (size_t i = 0; i < text.len; i++) {
        unsigned character = (unsigned char)text.at[i];
        if (character >= 0x80 && character < 0xA0)
            character = cp1252_upper[character - 0x80];
        if (character == 0 && text.at[i] != 0)
            return -1;
        if (character < 0x80)
            *at++ = (char)character;
        else
            at += utf8_write(at, character);
    }
    out->len = (size_t)(at - out->at);
    *at = '\0';
    return 0;
}
