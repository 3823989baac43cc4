#include "cli/text.h"

#include <time.h>
#include <wchar.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* Bytes of the character that s begins with; 0 if it is none (RFC 3629). */
static size_t char_length(struct str s)
{
    for (size_t n = 1; n <= 4 && n <= s.len; n++)
        if (str_is_utf8(str_from(s.at, n)))
            return n;
    return 0;
}

/* C1 controls, line and paragraph separators, and the marks that turn the direction of text. */
static bool is_troublesome(const unsigned char *c, size_t len)
{
    if (len == 2)
        return c[0] == 0xC2 && c[1] <= 0x9F;
    if (len != 3 || c[0] != 0xE2)
        return false;
    return (c[1] == 0x80 && c[2] >= 0xA8 && c[2] <= 0xAE) ||
           (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9);
}

static void add_clean_char(struct buf *out, const char *at, size_t len)
{
    unsigned char c = (unsigned char)at[0];
    if (len == 0 || is_troublesome((const unsigned char *)at, len)) {
        buf_add_text(out, replacement);
    } else if (c < 0x20 || c == 0x7F) {
        char picture[3] = {'\xE2', '\x90', (char)(c == 0x7F ? 0xA1 : 0x80 + c)};
        buf_add(out, picture, sizeof(picture));
    } else {
        buf_add(out, at, len);
    }
}

void text_clean(struct buf *out, struct str s)
{
    while (s.len > 0) {
        size_t len = char_length(s);
        add_clean_char(out, s.at, len);
        s = str_skip(s, len ? len : 1);
    }
}

void text_clean_json(struct buf *out, struct str json)
{
    for (size_t i = 0; i < json.len; i++) {
        unsigned char c = (unsigned char)json.at[i];
        unsigned char next = i + 1 < json.len ? (unsigned char)json.at[i + 1] : 0;
        if (c == 0x7F)
            buf_add_text(out, "\\u007f");
        else if (c == 0xC2 && next >= 0x80 && next <= 0x9F)
            buf_addf(out, "\\u00%02x", (unsigned)(unsigned char)json.at[++i]);
        else
            buf_add_byte(out, json.at[i]);
    }
}

/* -1: the locale does not know the character, or cannot print it. */
static int char_width(const char *at, size_t len)
{
    mbstate_t state = {0};
    wchar_t wide;
    return mbrtowc(&wide, at, len, &state) == len ? wcwidth(wide) : -1;
}

static unsigned char_columns(const char *at, size_t len)
{
    int width = char_width(at, len);
    return width < 0 ? 1 : (unsigned)width;
}

void text_printable(struct buf *out, struct str clean)
{
    while (clean.len > 0) {
        size_t len = char_length(clean);
        len = len ? len : 1;
        if (char_width(clean.at, len) < 0)
            buf_add_byte(out, '?');
        else
            buf_add(out, clean.at, len);
        clean = str_skip(clean, len);
    }
}

unsigned text_width(struct str clean)
{
    unsigned width = 0;
    while (clean.len > 0) {
        size_t len = char_length(clean);
        len = len ? len : 1;
        width += char_columns(clean.at, len);
        clean = str_skip(clean, len);
    }
    return width;
}

void text_cut(struct buf *out, struct str clean, unsigned columns)
{
    while (clean.len > 0) {
        size_t len = char_length(clean);
        len = len ? len : 1;
        unsigned width = char_columns(clean.at, len);
        if (width > columns)
            return;
        columns -= width;
        buf_add(out, clean.at, len);
        clean = str_skip(clean, len);
    }
}

void text_number(struct buf *out, uint64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_add_byte(out, ',');
        buf_add_byte(out, digits[i]);
    }
}

void text_count(struct buf *out, uint64_t number, const char *one, const char *many)
{
    text_number(out, number);
    buf_addf(out, " %s", number == 1 ? one : many);
}

void text_bytes(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1024 && unit < 4) {
        size /= 1024;
        unit++;
    }
    buf_addf(out, "%.*f %s", unit == 0 ? 0 : 1, size, units[unit]);
}

void text_duration(struct buf *out, uint64_t seconds)
{
    unsigned long long days = seconds / 86400, hours = seconds / 3600 % 24,
                       minutes = seconds / 60 % 60, rest = seconds % 60;
    if (days > 0)
        buf_addf(out, "%llu d %llu h", days, hours);
    else if (hours > 0)
        buf_addf(out, "%llu h %llu min", hours, minutes);
    else if (minutes > 0)
        buf_addf(out, "%llu min %llu s", minutes, rest);
    else
        buf_addf(out, "%llu s", rest);
}

void text_rate(struct buf *out, double per_second)
{
    if (per_second >= 10)
        text_number(out, (uint64_t)(per_second + 0.5));
    else
        buf_addf(out, "%.1f", per_second);
    buf_add_text(out, "/s");
}

void text_percent(struct buf *out, uint64_t part, uint64_t whole)
{
    uint64_t tenths = whole ? part * 1000 / whole : 0;
    buf_addf(out, "%u.%u %%", (unsigned)(tenths / 10), (unsigned)(tenths % 10));
}

int64_t text_time_read(const char *iso)
{
    struct tm tm = {0};
    const char *rest = iso ? strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    return rest && (*rest == 'Z' || *rest == '.') ? (int64_t)timegm(&tm) : -1;
}

void text_time(struct buf *out, const char *iso)
{
    time_t at = (time_t)text_time_read(iso);
    struct tm tm;
    char text[32];
    if (at < 0 || !localtime_r(&at, &tm)) {
        text_clean(out, str_of(iso));
        return;
    }
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
    buf_add_text(out, text);
}

void text_clock(struct buf *out, const char *iso, int64_t now)
{
    time_t at = (time_t)text_time_read(iso), today = (time_t)now;
    struct tm tm, day;
    char text[32];
    if (at < 0 || !localtime_r(&at, &tm) || !localtime_r(&today, &day)) {
        text_clean(out, str_of(iso));
        return;
    }
    bool same = tm.tm_year == day.tm_year && tm.tm_yday == day.tm_yday;
    strftime(text, sizeof(text), same ? "%H:%M" : "%Y-%m-%d %H:%M", &tm);
    buf_add_text(out, text);
}

void text_bar(struct buf *out, uint64_t part, uint64_t whole, unsigned cells, bool utf8)
{
    uint64_t full = whole ? part * cells / whole : 0;
    for (unsigned i = 0; i < cells; i++) {
        if (utf8)
            buf_add_text(out, i < full ? "\xE2\x96\x88" : "\xE2\x96\x91");
        else
            buf_add_byte(out, i < full ? '#' : '.');
    }
}
