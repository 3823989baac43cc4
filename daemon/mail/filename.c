#include "mail/filename.h"

#include <utf8proc.h>

enum { EXTENSION_MAX = 12 }; /* octets with the dot: anything longer is not an extension */

/* What ASCII has in place of characters that are not a letter with accents. */
static const struct {
    utf8proc_int32_t point;
    const char *ascii;
} likenesses[] = {
    {0x00DF, "ss"}, {0x00E6, "ae"}, {0x00C6, "AE"}, {0x0153, "oe"}, {0x0152, "OE"}, {0x00F8, "o"},
    {0x00D8, "O"},  {0x0142, "l"},  {0x0141, "L"},  {0x0111, "d"},  {0x0110, "D"},  {0x0131, "i"},
    {0x2018, "'"},  {0x2019, "'"},  {0x2010, "-"},  {0x2011, "-"},  {0x2013, "-"},  {0x2014, "-"},
};

static struct str base_name(struct str given)
{
    for (size_t i = given.len; i > 0; i--)
        if (given.at[i - 1] == '/' || given.at[i - 1] == '\\')
            return str_skip(given, i);
    return given;
}

/* Takes a character off; -1 if it is broken. */
static utf8proc_int32_t next_point(struct str *rest, struct str *character)
{
    utf8proc_int32_t point;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)rest->at, (utf8proc_ssize_t)rest->len, &point);
    *character = str_from(rest->at, n > 0 ? (size_t)n : 1);
    *rest = str_skip(*rest, character->len);
    return n > 0 ? point : -1;
}

/* What stands in a clean name for an ASCII character that can be seen. */
static char safe_ascii(char c)
{
    if (c == '"')
        return '\'';
    return c && strchr("<>:|?*/\\", c) ? '_' : c;
}

/* The joiners stay, since some scripts are written with them. */
static void add_clean(struct buf *out, utf8proc_int32_t point, struct str character)
{
    switch (point < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CF:
        if (point == 0x200C || point == 0x200D)
            buf_add_str(out, character);
        return;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return;
    case UTF8PROC_CATEGORY_ZS:
        buf_add_byte(out, ' ');
        return;
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
        buf_add_byte(out, '_');
        return;
    default:
        if (point < 0x80)
            buf_add_byte(out, safe_ascii((char)point));
        else
            buf_add_str(out, character);
    }
}

/* Appends valid UTF-8 in one of Unicode's normal forms. */
static void add_mapped(struct buf *out, struct str text, unsigned options)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text.at, (utf8proc_ssize_t)text.len,
                                      &mapped, (utf8proc_option_t)options);
    if (n >= 0)
        buf_add(out, mapped, (size_t)n);
    free(mapped);
}

static struct str trim_dots(struct str name)
{
    while (name.len && (name.at[0] == '.' || name.at[0] == ' '))
        name = str_skip(name, 1);
    while (name.len && (name.at[name.len - 1] == '.' || name.at[name.len - 1] == ' '))
        name.len--;
    return name;
}

static struct str extension_of(struct str name)
{
    const char *dot = name.len ? memrchr(name.at, '.', name.len) : NULL;
    size_t len = dot ? (size_t)(name.at + name.len - dot) : 0;
    return len <= EXTENSION_MAX ? str_skip(name, name.len - len) : str_skip(name, name.len);
}

/* Appends the name, of so many octets at most; a cut goes through no character. */
static void add_short(struct buf *out, struct str name, size_t max)
{
    struct str extension = extension_of(name);
    struct str stem = {name.at, name.len - extension.len};
    if (name.len > max) {
        stem.len = max - extension.len;
        while (stem.len && ((unsigned char)stem.at[stem.len] & 0xC0) == 0x80)
            stem.len--;
        stem = trim_dots(stem);
    }
    if (stem.len == 0)
        stem = STR("attachment");
    buf_add_str(out, stem);
    buf_add_str(out, extension);
}

void filename_clean(struct buf *out, struct str given)
{
    struct buf visible = BUF_INIT;
    struct buf name = BUF_INIT;
    struct str rest = base_name(given);
    while (rest.len) {
        struct str character;
        utf8proc_int32_t point = next_point(&rest, &character);
        add_clean(&visible, point, character);
    }
    add_mapped(&name, buf_str(&visible), UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    add_short(out, trim_dots(buf_str(&name)), FILENAME_OCTETS_MAX);
    buf_release(&visible);
    buf_release(&name);
}

static const char *likeness(utf8proc_int32_t point)
{
    for (size_t i = 0; i < sizeof(likenesses) / sizeof(likenesses[0]); i++)
        if (likenesses[i].point == point)
            return likenesses[i].ascii;
    return "_";
}

static void add_likeness(struct buf *out, utf8proc_int32_t point)
{
    if (point >= 0x20 && point < 0x7F) {
        buf_add_byte(out, safe_ascii((char)point));
        return;
    }
    const char *ascii = likeness(point);
    bool again = ascii[0] == '_' && out->len && out->at[out->len - 1] == '_';
    buf_add_text(out, again ? "" : ascii);
}

void filename_ascii(struct buf *out, struct str clean)
{
    struct buf plain = BUF_INIT;
    struct buf name = BUF_INIT;
    add_mapped(&plain, clean,
               UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK);
    struct str rest = buf_str(&plain);
    while (rest.len) {
        struct str character;
        add_likeness(&name, next_point(&rest, &character));
    }
    add_short(out, trim_dots(buf_str(&name)), FILENAME_ASCII_MAX);
    buf_release(&plain);
    buf_release(&name);
}
