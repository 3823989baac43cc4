#include "template/date.h"
#include "template/utf8.h"

enum letter_case { CASE_KEEP, CASE_UPPER, CASE_LOWER };

/* How one directive is to be written. */
struct form {
    char pad;   /* '0', ' ', or '-' for none; 0: as the directive likes */
    bool upper; /* ^ */
    bool swap;  /* # */
    bool alone; /* O: without a day beside it */
    int width;  /* 0: as the directive likes */
    int colons; /* of %:z */
};

static size_t put_number(const struct form *f, int64_t value, char pad, int width, char *out)
{
    char digits[STR_U64_SIZE];
    bool negative = value < 0;
    size_t len = str_u64(negative ? 0 - (uint64_t)value : (uint64_t)value, digits), at = 0;
    pad = f->pad ? f->pad : pad;
    width = f->pad == '-' ? 0 : f->width ? f->width : width;
    size_t fill = (size_t)width > len + negative ? (size_t)width - len - negative : 0;
    if (negative && pad == '0')
        out[at++] = '-';
    memset(out + at, pad == '0' ? '0' : ' ', fill);
    at += fill;
    if (negative && pad != '0')
        out[at++] = '-';
    memcpy(out + at, digits, len);
    return at + len;
}

/* The characters of s in the other case; at most `size` bytes. */
static size_t put_case(struct str s, enum letter_case wanted, char *out, size_t size)
{
    size_t len = 0, at = 0;
    while (at < s.len && len + 4 <= size) {
        int32_t point;
        at += utf8_next(s, at, &point);
        if (point < 0)
            continue;
        if (wanted != CASE_KEEP)
            point = wanted == CASE_UPPER ? utf8_upper(point) : utf8_lower(point);
        len += utf8_encode(point, out + len);
    }
    return len;
}

static size_t put_text(const struct form *f, struct str text, enum letter_case wanted, char *out)
{
    size_t chars = utf8_count(text), width = f->pad == '-' ? 0 : (size_t)f->width, start = 0;
    while (start + chars < width)
        out[start++] = f->pad == '0' ? '0' : ' ';
    return start + put_case(text, wanted, out + start, DATE_TEXT_SIZE - start);
}

/* ISO 8601: the week belongs to the year that has its Thursday. */
static int iso_week(const struct date *d, int *year)
{
    int weekday = (d->weekday + 6) % 7, thursday = d->yearday - weekday + 3;
    *year = d->year;
    if (thursday < 0) {
        --*year;
        thursday += 365 + date_is_leap(*year);
    } else if (thursday >= 365 + date_is_leap(d->year)) {
        thursday -= 365 + date_is_leap(d->year);
        ++*year;
    }
    return thursday / 7 + 1;
}

/* The directives that are numbers. */
static bool number_of(const struct date *d, char letter, int64_t *out)
{
    int iso_year, week = iso_week(d, &iso_year);
    const struct {
        char letter;
        int64_t value;
    } numbers[] = {
        {'Y', d->year},
        {'C', d->year / 100},
        {'y', d->year % 100},
        {'G', iso_year},
        {'g', iso_year % 100},
        {'V', week},
        {'U', (d->yearday + 7 - d->weekday) / 7},
        {'W', (d->yearday + 7 - (d->weekday + 6) % 7) / 7},
        {'m', d->month},
        {'d', d->day},
        {'e', d->day},
        {'j', d->yearday + 1},
        {'u', d->weekday ? d->weekday : 7},
        {'w', d->weekday},
        {'H', d->hour},
        {'k', d->hour},
        {'I', d->hour % 12 ? d->hour % 12 : 12},
        {'l', d->hour % 12 ? d->hour % 12 : 12},
        {'M', d->minute},
        {'S', d->second},
        {'s', d->unix_s},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        *out = numbers[i].value;
        if (numbers[i].letter == letter)
            return true;
    }
    return false;
}

static int number_width(char letter)
{
    if (strchr("uws", letter))
        return 1;
    return strchr("YG", letter) ? 4 : letter == 'j' ? 3 : 2;
}

/* The directives that are words. */
static const char *word_of(const struct date *d, const struct template_language *l,
                           const struct form *f, char letter)
{
    int month = d->month - 1;
    switch (letter) {
    case 'B':
        return f->alone && l->months_alone[month] ? l->months_alone[month] : l->months[month];
    case 'b':
    case 'h':
        return l->months_short[month];
    case 'A':
        return l->days[d->weekday];
    case 'a':
        return l->days_short[d->weekday];
    case 'p':
    case 'P':
        return d->hour < 12 ? "AM" : "PM";
    case 'Z':
        return d->zone;
    case 'n':
        return "\n";
    case 't':
        return "\t";
    case '%':
        return "%";
    default:
        return NULL;
    }
}

/* "#" makes capitals, but small letters of what is in capitals already. */
static enum letter_case case_of(const struct form *f, char letter)
{
    if (f->swap && (letter == 'p' || letter == 'Z'))
        return CASE_LOWER;
    if (letter == 'P' && !f->swap && !f->upper)
        return CASE_LOWER;
    return f->swap || f->upper ? CASE_UPPER : CASE_KEEP;
}

/* %L and %N: as many digits as the width says, cut off and not rounded. */
static size_t put_fraction(const struct date *d, const struct form *f, char letter, char *out)
{
    char digits[16];
    size_t width = f->width ? (size_t)f->width : letter == 'L' ? 3 : 9;
    snprintf(digits, sizeof(digits), "%09d", (int)d->nanosecond);
    for (size_t i = 0; i < width; i++)
        out[i] = i < 9 ? digits[i] : '0';
    return width;
}

/* What follows the hours of an offset: nothing, ":30", ":30:00" … */
static void offset_rest(int colons, int seconds, char out[16])
{
    int minutes = seconds / 60 % 60;
    seconds %= 60;
    if (colons == 3 && !minutes && !seconds)
        *out = '\0';
    else if (colons == 2 || (colons == 3 && seconds))
        snprintf(out, 16, ":%02d:%02d", minutes, seconds);
    else
        snprintf(out, 16, "%s%02d", colons ? ":" : "", minutes);
}

/* The width counts the whole; zeros follow the sign, spaces stand before it. */
static size_t put_offset(const struct date *d, const struct form *f, char *out)
{
    char rest[16], hours[16];
    int size = d->offset < 0 ? -d->offset : d->offset, width = f->pad == '-' ? 0 : f->width;
    char sign = d->offset < 0 ? '-' : '+';
    offset_rest(f->colons, size, rest);
    int digits = width - 1 - (int)strlen(rest);
    if (f->pad == '-' || f->pad == ' ')
        snprintf(hours, sizeof(hours), "%c%d", sign, size / 3600);
    if (f->pad == '-')
        return (size_t)snprintf(out, DATE_TEXT_SIZE, "%s%s", hours, rest);
    if (f->pad == ' ')
        return (size_t)snprintf(out, DATE_TEXT_SIZE, "%*s%s", digits < 2 ? 3 : digits + 1, hours,
                                rest);
    return (size_t)snprintf(out, DATE_TEXT_SIZE, "%c%0*d%s", sign, digits < 2 ? 2 : digits,
                            size / 3600, rest);
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
    {'+', "%a %b %e %H:%M:%S %Z %Y"},
};

static size_t put_composed(const struct date *d, const struct template_language *language,
                           const struct form *f, char letter, char *out)
{
    char whole[DATE_TEXT_SIZE], part[DATE_TEXT_SIZE];
    struct str rest = {NULL, 0};
    size_t len = 0;
    for (size_t i = 0; i < sizeof(composed) / sizeof(composed[0]); i++)
        if (composed[i].letter == letter)
            rest = str_of(composed[i].format);
    while (rest.len) {
        size_t n = 1, used = 0;
        part[0] = rest.at[0];
        if (rest.at[0] == '%')
            n = date_directive(d, language, str_skip(rest, 1), part, &used);
        if (len + n <= sizeof(whole))
            memcpy(whole + len, part, n);
        len += len + n <= sizeof(whole) ? n : 0;
        rest = str_skip(rest, used + 1);
    }
    return put_text(f, (struct str){whole, len}, f->upper ? CASE_UPPER : CASE_KEEP, out);
}

static size_t read_flags(struct str spec, struct form *f)
{
    size_t at = 0;
    for (; at < spec.len && spec.at[at] && strchr("-0_^#", spec.at[at]); at++) {
        char c = spec.at[at];
        if (c == '^')
            f->upper = true;
        else if (c == '#')
            f->swap = true;
        else
            f->pad = c == '_' ? ' ' : c;
    }
    return at;
}

static size_t read_colons(struct str spec, size_t at, struct form *f)
{
    for (; at < spec.len && f->colons < 3 && spec.at[at] == ':'; at++)
        f->colons++;
    return at;
}

/* Flags, width and colons. */
static size_t read_form(struct str spec, struct form *f)
{
    *f = (struct form){0};
    size_t at = read_colons(spec, read_flags(spec, f), f);
    for (; at < spec.len && spec.at[at] >= '0' && spec.at[at] <= '9'; at++) {
        f->width = f->width * 10 + (spec.at[at] - '0');
        f->width = f->width > DATE_WIDTH_MAX ? DATE_WIDTH_MAX : f->width;
    }
    return read_colons(spec, at, f);
}

/* E and O ask for other calendars and digits, of which there are none: they change nothing, but for
 * %OB. False if they cannot stand there. */
static bool read_modifier(struct str spec, size_t *at, struct form *f)
{
    if (*at + 1 >= spec.len || (spec.at[*at] != 'E' && spec.at[*at] != 'O'))
        return *at < spec.len;
    f->alone = spec.at[(*at)++] == 'O';
    char letter = spec.at[*at];
    return letter && strchr(f->alone ? "BdeHkIlmMSuUVwWy" : "cCxXyY", letter);
}

static size_t put(const struct date *d, const struct template_language *language,
                  const struct form *f, char letter, char *out)
{
    int64_t number;
    const char *word = word_of(d, language, f, letter);
    if (word)
        return put_text(f, str_of(word), case_of(f, letter), out);
    if (number_of(d, letter, &number))
        return put_number(f, number, strchr("ekl", letter) ? ' ' : '0', number_width(letter), out);
    if (letter == 'L' || letter == 'N')
        return put_fraction(d, f, letter, out);
    if (letter == 'z')
        return put_offset(d, f, out);
    return put_composed(d, language, f, letter, out);
}

size_t date_directive(const struct date *d, const struct template_language *language,
                      struct str spec, char out[DATE_TEXT_SIZE], size_t *used)
{
    static const char letters[] = "YCyGgVUWmdejuwHkIlMSsBbhAapPZnt%LNzcDxFTXRrv+";
    struct form f;
    size_t at = read_form(spec, &f);
    *used = 0;
    if (!read_modifier(spec, &at, &f) || !spec.at[at] || !strchr(letters, spec.at[at]))
        return 0;
    if (f.colons && spec.at[at] != 'z')
        return 0;
    *used = at + 1;
    return put(d, language, &f, spec.at[at], out);
}
