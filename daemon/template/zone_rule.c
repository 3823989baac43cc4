#include "template/zone_rule.h"

#include "template/date.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

/* The Gregorian calendar, weekdays too, is the same again after 400 years. */
static const int64_t cycle_s = INT64_C(146097) * DAY_S;

static bool take(struct str *rest, char byte)
{
    if (rest->len == 0 || rest->at[0] != byte)
        return false;
    *rest = str_skip(*rest, 1);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One to three digits. */
static bool take_number(struct str *rest, int least, int most, int *out)
{
    size_t n = 0;
    *out = 0;
    while (n < rest->len && n < 3 && is_digit(rest->at[n]))
        *out = *out * 10 + (rest->at[n++] - '0');
    *rest = str_skip(*rest, n);
    return n > 0 && *out >= least && *out <= most;
}

static bool take_name(struct str *rest, char out[ZONE_ABBREVIATION_SIZE])
{
    bool quoted = take(rest, '<');
    size_t n = 0;
    while (n < rest->len &&
           (is_letter(rest->at[n]) ||
            (quoted && (is_digit(rest->at[n]) || rest->at[n] == '+' || rest->at[n] == '-'))))
        n++;
    if (n < 3 || n >= ZONE_ABBREVIATION_SIZE)
        return false;
    memcpy(out, rest->at, n);
    out[n] = '\0';
    *rest = str_skip(*rest, n);
    return !quoted || take(rest, '>');
}

static bool take_time(struct str *rest, int hours_most, int32_t *out)
{
    int hour, minute = 0, second = 0;
    bool negative = take(rest, '-');
    if (!negative)
        take(rest, '+');
    if (!take_number(rest, 0, hours_most, &hour))
        return false;
    if (take(rest, ':')) {
        if (!take_number(rest, 0, 59, &minute))
            return false;
        if (take(rest, ':') && !take_number(rest, 0, 59, &second))
            return false;
    }
    *out = hour * HOUR_S + minute * 60 + second;
    if (negative)
        *out = -*out;
    return true;
}

/* POSIX counts west of Greenwich, this house east of it. */
static bool take_offset(struct str *rest, int32_t *out)
{
    if (!take_time(rest, 24, out))
        return false;
    *out = -*out;
    return true;
}

static bool take_day(struct str *rest, struct zone_change *c)
{
    if (take(rest, 'J')) {
        c->form = ZONE_DAY_LEAPLESS;
        return take_number(rest, 1, 365, &c->day);
    }
    if (!take(rest, 'M')) {
        c->form = ZONE_DAY_COUNTED;
        return take_number(rest, 0, 365, &c->day);
    }
    c->form = ZONE_DAY_OF_MONTH;
    return take_number(rest, 1, 12, &c->month) && take(rest, '.') &&
           take_number(rest, 1, 5, &c->week) && take(rest, '.') && take_number(rest, 0, 6, &c->day);
}

static bool take_change(struct str *rest, struct zone_change *c)
{
    *c = (struct zone_change){.time = 2 * HOUR_S};
    if (!take(rest, ',') || !take_day(rest, c))
        return false;
    return !take(rest, '/') || take_time(rest, 167, &c->time);
}

/*
 * RFC 8536 section 3.3.1 and POSIX.1-2017 section 8.3:
 *
 *     rule   = name offset [ name [ offset ] "," change "," change ]
 *     name   = 3*ALPHA / "<" 3*( ALPHA / DIGIT / "+" / "-" ) ">"
 *     offset = [ "+" / "-" ] hour [ ":" minute [ ":" second ] ]     west of Greenwich, up to 24
 * hours change = day [ "/" offset ]                                   up to 167 hours; 2 if there
 * is none day    = "J" number / number / "M" month "." week "." weekday
 *
 * A daylight time without changes means in POSIX what the system likes, and is refused.
 */
bool zone_rule_parse(struct str s, struct zone_rule *rule)
{
    *rule = (struct zone_rule){0};
    if (!take_name(&s, rule->standard.name) || !take_offset(&s, &rule->standard.offset))
        return false;
    if (s.len == 0)
        return true;
    rule->has_daylight = true;
    rule->daylight.offset = rule->standard.offset + HOUR_S;
    if (!take_name(&s, rule->daylight.name))
        return false;
    if (s.len && s.at[0] != ',' && !take_offset(&s, &rule->daylight.offset))
        return false;
    return take_change(&s, &rule->start) && take_change(&s, &rule->end) && s.len == 0;
}

static int days_before(int month, bool leap)
{
    static const int days[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    return days[month - 1] + (leap && month > 2);
}

/* The day of the year, from 0, whose first of January is the given day since 1970. */
static int change_day(const struct zone_change *c, int year, int64_t january)
{
    bool leap = date_is_leap(year);
    if (c->form == ZONE_DAY_COUNTED)
        return c->day;
    if (c->form == ZONE_DAY_LEAPLESS)
        return c->day - 1 + (leap && c->day > 59);
    int first = days_before(c->month, leap);
    int next = c->month < 12 ? days_before(c->month + 1, leap) : 365 + leap;
    int weekday = (int)((january + first + 4) % 7); /* 1 January 1970 was a Thursday */
    int day = first + (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
    return day < next ? day : day - 7;
}

struct latest {
    int64_t at;
    bool daylight;
};

/* Takes the two changes of a year into account. At the same moment the start wins: that is how a
 * rule says that daylight saving never ends (RFC 8536 section 3.3.1). */
static void look_at_year(const struct zone_rule *r, int year, int64_t january, int64_t unix_s,
                         struct latest *latest)
{
    int64_t start = (january + change_day(&r->start, year, january)) * DAY_S + r->start.time -
                    r->standard.offset;
    int64_t end =
        (january + change_day(&r->end, year, january)) * DAY_S + r->end.time - r->daylight.offset;
    if (end <= unix_s && end > latest->at)
        *latest = (struct latest){end, false};
    if (start <= unix_s && start >= latest->at)
        *latest = (struct latest){start, true};
}

const struct zone_time *zone_rule_time(const struct zone_rule *rule, int64_t unix_s)
{
    struct date d;
    struct latest latest = {INT64_MIN, false};
    if (!rule->has_daylight)
        return &rule->standard;
    unix_s = (unix_s % cycle_s + cycle_s) % cycle_s + cycle_s;
    date_from_unix(unix_s, NULL, &d);
    int64_t january = unix_s / DAY_S - d.yearday;
    look_at_year(rule, d.year - 1, january - 365 - date_is_leap(d.year - 1), unix_s, &latest);
    look_at_year(rule, d.year, january, unix_s, &latest);
    look_at_year(rule, d.year + 1, january + 365 + date_is_leap(d.year), unix_s, &latest);
    return latest.daylight ? &rule->daylight : &rule->standard;
}
