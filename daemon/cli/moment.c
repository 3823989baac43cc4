#include "cli/moment.h"

#include <time.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes what looks like the pattern, in which 0 is a digit and a letter has either case. */
static bool take_shape(struct str *rest, struct str pattern)
{
    if (rest->len < pattern.len)
        return false;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = rest->at[i], p = pattern.at[i];
        bool fits = p == '0' ? is_digit(c) : p == 'T' || p == 'Z' ? (c & ~32) == p : c == p;
        if (!fits)
            return false;
    }
    *rest = str_skip(*rest, pattern.len);
    return true;
}

static int number(const char *at, size_t digits)
{
    int out = 0;
    for (size_t i = 0; i < digits; i++)
        out = out * 10 + (at[i] - '0');
    return out;
}

/* time-offset of RFC 3339, as seconds east of UTC. */
static bool take_offset(struct str *rest, int *offset)
{
    const char *at = rest->at;
    *offset = 0;
    if (take_shape(rest, STR("Z")))
        return true;
    if (!take_shape(rest, STR("+00:00")) && !take_shape(rest, STR("-00:00")))
        return false;
    int hour = number(at + 1, 2), minute = number(at + 4, 2);
    *offset = (hour * 60 + minute) * (*at == '-' ? -60 : 60);
    return hour <= 23 && minute <= 59;
}

static bool day_exists(struct tm asked)
{
    struct tm day = {.tm_year = asked.tm_year, .tm_mon = asked.tm_mon, .tm_mday = asked.tm_mday};
    timegm(&day);
    return day.tm_mon == asked.tm_mon && day.tm_mday == asked.tm_mday;
}

/*
 * RFC 3339 section 5.6:
 *
 *     date-time   = 4DIGIT "-" 2DIGIT "-" 2DIGIT "T" time
 *     time        = 2DIGIT ":" 2DIGIT ":" 2DIGIT [ "." 1*DIGIT ] time-offset
 *     time-offset = "Z" / ( "+" / "-" ) 2DIGIT ":" 2DIGIT
 */
bool moment_parse(struct str s, int64_t *unix_s)
{
    const char *at = s.at;
    int offset;
    if (!take_shape(&s, STR("0000-00-00T00:00:00")))
        return false;
    if (take_shape(&s, STR(".0")))
        while (take_shape(&s, STR("0")))
            ;
    if (!take_offset(&s, &offset) || s.len > 0)
        return false;
    struct tm tm = {.tm_year = number(at, 4) - 1900,
                    .tm_mon = number(at + 5, 2) - 1,
                    .tm_mday = number(at + 8, 2),
                    .tm_hour = number(at + 11, 2),
                    .tm_min = number(at + 14, 2),
                    .tm_sec = number(at + 17, 2)};
    if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60 || !day_exists(tm))
        return false;
    *unix_s = timegm(&tm) - offset;
    return true;
}
