#include "template/date.h"

/* How one directive is to be written. */
struct form {
    char pad;   /* '0', ' ', or '-' for none; 0: as the directive likes */
    bool upper; /* ^ */
    bool swap;  /* # */
    int width;  /* 0: as the directive likes */
    int colons; /* of %:z */
};

static size_t put_number(const struct form *f, long long value, char pad, int width, char *out)
{
    pad = f->pad ? f->pad : pad;
    width = f->width ? f->width : width;
    int n;
    if (pad == '0')
        n = snprintf(out, DATE_TEXT_SIZE, "%0*lld", width, value);
    else
        n = snprintf(out, DATE_TEXT_SIZE, "%*lld", pad == '-' ? 0 : width, value);
    return (size_t)n;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* Text, at most `most` bytes of it. */
static size_t put_text(const struct form *f, const char *text, size_t most, char *out)
{
    size_t len = strnlen(text, most), width = (size_t)f->width, start = 0;
    while (f->pad != '-' && start + len < width)
        out[start++] = f->pad == '0' ? '0' : ' ';
    for (size_t i = 0; i < len; i++)
        out[start + i] = f->upper || f->swap ? upper(text[i]) : text[i];
    return start + len;
}

static size_t put_offset(const struct form *f, int32_t offset, char *out)
{
    int32_t minutes = (offset < 0 ? -offset : offset) / 60;
    return (size_t)snprintf(out, DATE_TEXT_SIZE, "%c%02d%s%02d", offset < 0 ? '-' : '+',
                            (int)(minutes / 60), f->colons ? ":" : "", (int)(minutes % 60));
}

/* ISO 8601: the week belongs to the year that has its Thursday. */
static int iso_week(const struct date *d, int *year)
{
    int weekday = (d->weekday + 6) % 7, thursday = d->yearday - weekday + 3;
    *year = d->year;
    bool leap_before = ((d->year - 1) % 4 == 0 && (d->year - 1) % 100) || (d->year - 1) % 400 == 0;
    bool leap = (d->year % 4 == 0 && d->year % 100) || d->year % 400 == 0;
    if (thursday < 0) {
        --*year;
        thursday += 365 + leap_before;
    } else if (thursday >= 365 + leap) {
        ++*year;
        thursday -= 365 + leap;
    }
    return thursday / 7 + 1;
}

static size_t put_clock(const struct date *d, const struct form *f, char c, char *out)
{
    int hour12 = d->hour % 12 ? d->hour % 12 : 12;
    switch (c) {
    case 'H':
        return put_number(f, d->hour, '0', 2, out);
    case 'k':
        return put_number(f, d->hour, ' ', 2, out);
    case 'I':
        return put_number(f, hour12, '0', 2, out);
    case 'l':
        return put_number(f, hour12, ' ', 2, out);
    case 'M':
        return put_number(f, d->minute, '0', 2, out);
    case 'S':
        return put_number(f, d->second, '0', 2, out);
    case 'L':
        return put_number(f, 0, '0', 3, out);
    case 'N':
        return put_number(f, 0, '0', 9, out);
    case 's':
        return put_number(f, d->unix_s, '0', 1, out);
    case 'p':
        return put_text(&(struct form){.width = f->width},
                        f->swap ? (d->hour < 12 ? "am" : "pm") : (d->hour < 12 ? "AM" : "PM"), 2,
                        out);
    case 'P':
        return put_text(f, d->hour < 12 ? "am" : "pm", 2, out);
    case 'z':
        return put_offset(f, d->offset, out);
    case 'Z':
        return put_text(f, d->zone, sizeof(d->zone), out);
    default:
        return 0;
    }
}

static size_t put_year(const struct date *d, const struct form *f, char c, char *out)
{
    int year, week = iso_week(d, &year);
    switch (c) {
    case 'Y':
        return put_number(f, d->year, '0', 4, out);
    case 'C':
        return put_number(f, d->year / 100, '0', 2, out);
    case 'y':
        return put_number(f, d->year % 100, '0', 2, out);
    case 'G':
        return put_number(f, year, '0', 4, out);
    case 'g':
        return put_number(f, year % 100, '0', 2, out);
    case 'V':
        return put_number(f, week, '0', 2, out);
    case 'U':
        return put_number(f, (d->yearday + 7 - d->weekday) / 7, '0', 2, out);
    case 'W':
        return put_number(f, (d->yearday + 7 - (d->weekday + 6) % 7) / 7, '0', 2, out);
    default:
        return 0;
    }
}

static size_t put_day(const struct date *d, const struct form *f, char c, char *out)
{
    switch (c) {
    case 'B':
        return put_text(f, date_months[d->month - 1], 9, out);
    case 'b':
    case 'h':
        return put_text(f, date_months[d->month - 1], 3, out);
    case 'A':
        return put_text(f, date_weekdays[d->weekday], 9, out);
    case 'a':
        return put_text(f, date_weekdays[d->weekday], 3, out);
    case 'm':
        return put_number(f, d->month, '0', 2, out);
    case 'd':
        return put_number(f, d->day, '0', 2, out);
    case 'e':
        return put_number(f, d->day, ' ', 2, out);
    case 'j':
        return put_number(f, d->yearday + 1, '0', 3, out);
    case 'u':
        return put_number(f, d->weekday ? d->weekday : 7, '0', 1, out);
    case 'w':
        return put_number(f, d->weekday, '0', 1, out);
    default:
        return 0;
    }
}

/* Directives that stand for several others. */
static const struct {
    char letter;
    const char *format;
} composed[] = {
    {'c', "%a %b %e %H:%M:%S %Y"},
    {'D', "%m/%d/%y"},
    {'x', "%m/%d/%y"},
    {'F', "%Y-%m-%d"},
    {'T', "%H:%M:%S"},
    {'X', "%H:%M:%S"},
    {'R', "%H:%M"},
    {'r', "%I:%M:%S %p"},
    {'v', "%e-%^b-%Y"},
    {'n', "\n"},
    {'t', "\t"},
    {'%', "%"},
};

static size_t put_composed(const struct date *d, char c, char *out)
{
    struct str rest = {NULL, 0};
    size_t len = 0, used;
    for (size_t i = 0; i < sizeof(composed) / sizeof(composed[0]); i++)
        if (composed[i].letter == c)
            rest = str_of(composed[i].format);
    while (rest.len) {
        char part[DATE_TEXT_SIZE] = {rest.at[0]};
        size_t n = 1;
        used = 0;
        if (rest.at[0] == '%' && rest.len > 1)
            n = date_directive(d, str_skip(rest, 1), part, &used);
        memcpy(out + len, part, n);
        len += n;
        rest = str_skip(rest, used + 1);
    }
    return len;
}

static size_t read_form(struct str spec, struct form *f)
{
    size_t at = 0;
    int digits = 0;
    *f = (struct form){0};
    for (; at < spec.len && strchr("-0_^#", spec.at[at]) && spec.at[at]; at++) {
        char c = spec.at[at];
        if (c == '^')
            f->upper = true;
        else if (c == '#')
            f->swap = true;
        else
            f->pad = c == '_' ? ' ' : c;
    }
    for (; at < spec.len && digits < 2 && spec.at[at] >= '0' && spec.at[at] <= '9'; at++, digits++)
        f->width = f->width * 10 + (spec.at[at] - '0');
    f->width = f->width > 60 ? 60 : f->width;
    for (; at < spec.len && f->colons < 2 && spec.at[at] == ':'; at++)
        f->colons++;
    return at;
}

size_t date_directive(const struct date *d, struct str spec, char out[DATE_TEXT_SIZE], size_t *used)
{
    struct form f;
    size_t at = read_form(spec, &f), len = 0;
    *used = 0;
    if (at >= spec.len || (f.colons && spec.at[at] != 'z'))
        return 0;
    char c = spec.at[at];
    len = put_day(d, &f, c, out);
    len = len ? len : put_clock(d, &f, c, out);
    len = len ? len : put_year(d, &f, c, out);
    len = len ? len : put_composed(d, c, out);
    if (len || c == 'Z')
        *used = at + 1;
    return len;
}
