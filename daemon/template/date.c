#include "template/date.h"

enum { DAY_S = 24 * 60 * 60 };

/* As they are read. */
static const char *const month_names[12] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
static const char *const weekday_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                             "Thursday", "Friday", "Saturday"};

/* Days before the first of March of a year that starts in March, and back: the leap day comes last.
 */
static int64_t days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, in_era = year - era * 400;
    int64_t yearday = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + yearday - 719468;
}

static void set_day(struct date *d, int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097,
            in_era = shifted - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t yearday = in_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * yearday + 2) / 153;
    d->day = (int)(yearday - (153 * month + 2) / 5 + 1);
    d->month = (int)(month < 10 ? month + 3 : month - 9);
    d->year = (int)(year + era * 400 + (d->month <= 2));
    d->weekday = (int)(((days + 4) % 7 + 7) % 7);
    d->yearday = (int)(days - days_from_date(d->year, 1, 1));
}

bool date_from_unix(int64_t unix_s, const struct template_zone *zone, struct date *out)
{
    const char *name = "UTC";
    *out = (struct date){.unix_s = unix_s};
    if (unix_s < -62135596800 || unix_s > 253402300799)
        return false;
    out->offset = zone ? zone->offset(zone->ctx, unix_s, &name) : 0;
    snprintf(out->zone, sizeof(out->zone), "%s", name ? name : "");
    int64_t local = unix_s + out->offset;
    int64_t seconds = (local % DAY_S + DAY_S) % DAY_S;
    set_day(out, (local - seconds) / DAY_S);
    out->hour = (int)(seconds / 3600);
    out->minute = (int)(seconds / 60 % 60);
    out->second = (int)(seconds % 60);
    return out->year >= 1 && out->year <= 9999;
}

/* What is being read; `has_offset` once the text named its own offset. */
struct reader {
    struct str rest;
    struct date date;
    bool has_offset;
};

static bool take(struct reader *r, const char *bytes)
{
    if (r->rest.len == 0 || !strchr(bytes, r->rest.at[0]) || r->rest.at[0] == '\0')
        return false;
    r->rest = str_skip(r->rest, 1);
    return true;
}

static void skip_separators(struct reader *r)
{
    while (take(r, " ,"))
        ;
}

/* Between `least` and `most` digits. */
static bool take_number(struct reader *r, size_t least, size_t most, int *out)
{
    size_t n = 0;
    *out = 0;
    while (n < r->rest.len && n < most && r->rest.at[n] >= '0' && r->rest.at[n] <= '9')
        *out = *out * 10 + (r->rest.at[n++] - '0');
    if (n < least)
        return false;
    r->rest = str_skip(r->rest, n);
    return true;
}

/* The index of the name in front, whole or its first three letters. */
static bool take_name(struct reader *r, const char *const *names, int count, int *out)
{
    size_t n = 0;
    while (n < r->rest.len && ((r->rest.at[n] | 32) >= 'a' && (r->rest.at[n] | 32) <= 'z'))
        n++;
    struct str word = {r->rest.at, n};
    for (*out = 0; *out < count; ++*out) {
        struct str name = str_of(names[*out]), brief = {name.at, 3};
        if (!str_eq_nocase(word, name) && !str_eq_nocase(word, brief))
            continue;
        r->rest = str_skip(r->rest, n);
        return true;
    }
    return false;
}

static bool read_iso(struct reader *r)
{
    struct date *d = &r->date;
    return take_number(r, 4, 4, &d->year) && take(r, "-/") && take_number(r, 1, 2, &d->month) &&
           take(r, "-/") && take_number(r, 1, 2, &d->day);
}

static bool read_day_first(struct reader *r)
{
    struct date *d = &r->date;
    return take_number(r, 1, 2, &d->day) && take(r, "/.-") && take_number(r, 1, 2, &d->month) &&
           take(r, "/.-") && take_number(r, 4, 4, &d->year);
}

static bool read_named(struct reader *r)
{
    struct date *d = &r->date;
    int ignored;
    if (take_name(r, weekday_names, 7, &ignored))
        skip_separators(r);
    bool day_first = take_number(r, 1, 2, &d->day);
    skip_separators(r);
    if (!take_name(r, month_names, 12, &d->month))
        return false;
    d->month++;
    take(r, ".");
    skip_separators(r);
    if (!day_first && !take_number(r, 1, 2, &d->day))
        return false;
    skip_separators(r);
    return take_number(r, 4, 4, &d->year);
}

/* Digits after the point; those after the ninth do not count. */
static bool read_fraction(struct reader *r)
{
    int32_t power = 100000000, digit;
    for (; take_number(r, 1, 1, &digit); power /= 10)
        r->date.nanosecond += digit * power;
    return power < 100000000;
}

static bool read_half(struct reader *r)
{
    skip_separators(r);
    struct str two = {r->rest.at, r->rest.len < 2 ? r->rest.len : 2};
    bool pm = str_eq_nocase(two, STR("pm"));
    if (!pm && !str_eq_nocase(two, STR("am")))
        return true;
    if (r->date.hour < 1 || r->date.hour > 12)
        return false;
    r->date.hour = r->date.hour % 12 + (pm ? 12 : 0);
    r->rest = str_skip(r->rest, 2);
    return true;
}

static bool read_offset(struct reader *r)
{
    int hours, minutes;
    skip_separators(r);
    if (r->rest.len == 0)
        return true;
    r->has_offset = true;
    if (str_eq_nocase(r->rest, STR("Z")) || str_eq_nocase(r->rest, STR("UTC")) ||
        str_eq_nocase(r->rest, STR("GMT"))) {
        r->rest.len = 0;
        return true;
    }
    int sign = r->rest.at[0] == '-' ? -1 : 1;
    if (!take(r, "+-") || !take_number(r, 2, 2, &hours))
        return false;
    take(r, ":");
    if (!take_number(r, 2, 2, &minutes))
        return false;
    r->date.offset = sign * (hours * 3600 + minutes * 60);
    return r->rest.len == 0 && hours < 24 && minutes < 60;
}

static bool read_time(struct reader *r)
{
    if (!take(r, "Tt"))
        skip_separators(r);
    if (r->rest.len == 0)
        return true;
    if (!take_number(r, 1, 2, &r->date.hour) || !take(r, ":") ||
        !take_number(r, 2, 2, &r->date.minute))
        return false;
    if (take(r, ":") && !take_number(r, 2, 2, &r->date.second))
        return false;
    if (take(r, ".") && !read_fraction(r))
        return false;
    return read_half(r) && read_offset(r);
}

static bool is_possible(const struct date *d)
{
    struct date back;
    if (d->year < 1 || d->month < 1 || d->month > 12 || d->day < 1 || d->day > 31)
        return false;
    if (d->hour > 23 || d->minute > 59 || d->second > 60)
        return false;
    set_day(&back, days_from_date(d->year, d->month, d->day));
    return back.month == d->month;
}

/* One of the three forms of a date. */
static bool read_date(struct reader *r)
{
    static bool (*const forms[])(struct reader *) = {read_iso, read_day_first, read_named};
    struct reader start = *r;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        *r = start;
        if (forms[i](r))
            return true;
    }
    return false;
}

/*
 * The offset that a zone's local time is meant in, east of UTC or west: that of the day before or
 * of the day after, whichever holds then. Where clocks are put back and both do, it is the first;
 * and that too where they are put forward over the time, which then lies after the gap.
 */
static int32_t local_offset(const struct template_zone *zone, int64_t local)
{
    const char *ignored;
    int32_t before = zone->offset(zone->ctx, local - DAY_S, &ignored);
    int32_t after = zone->offset(zone->ctx, local + DAY_S, &ignored);
    if (before == after || zone->offset(zone->ctx, local - before, &ignored) == before)
        return before;
    return zone->offset(zone->ctx, local - after, &ignored) == after ? after : before;
}

bool date_parse(struct str s, const struct template_zone *zone, struct date_moment *out)
{
    struct reader r = {.rest = str_trim(s)};
    if (r.rest.len > 64 || !read_date(&r) || !read_time(&r) || !is_possible(&r.date))
        return false;
    const struct date *d = &r.date;
    int64_t local = days_from_date(d->year, d->month, d->day) * DAY_S + d->hour * 3600L +
                    d->minute * 60L + d->second;
    int32_t offset = d->offset;
    if (!r.has_offset && zone)
        offset = local_offset(zone, local);
    *out = (struct date_moment){local - offset, d->nanosecond};
    return true;
}
