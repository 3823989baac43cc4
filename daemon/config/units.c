#include "config/units.h"

#include <arpa/inet.h>

enum { DOMAIN_MAX = 253, LABEL_MAX = 63, REPLY_PATTERN_MAX = 200, DAY_S = 86400 };

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static const struct unit sizes[] = {
    {"B", 1},  {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40},
    {NULL, 0},
};

static const struct unit periods[] = {
    {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"day", 86400000}, {"d", 86400000}, {NULL, 0},
};

/* What people write instead, and the unit that it stands for. */
struct habit {
    const char *wrong;
    const char *unit;
};

static const struct habit duration_habits[] = {
    {"sec", "s"},   {"secs", "s"},          {"second", "s"}, {"seconds", "s"},
    {"min", "m"},   {"mins", "m"},          {"minute", "m"}, {"minutes", "m"},
    {"hour", "h"},  {"hours", "h"},         {"day", "d"},    {"days", "d"},
    {"msec", "ms"}, {"milliseconds", "ms"}, {"", "s"},       {NULL, NULL},
};

static const struct habit size_habits[] = {
    {"K", "KiB"},  {"KB", "KiB"}, {"M", "MiB"},  {"MB", "MiB"}, {"G", "GiB"},
    {"GB", "GiB"}, {"T", "TiB"},  {"TB", "TiB"}, {"", "B"},     {NULL, NULL},
};

static const struct habit period_habits[] = {
    {"sec", "s"},  {"second", "s"}, {"m", "min"}, {"minute", "min"},
    {"hour", "h"}, {"days", "day"}, {NULL, NULL},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Cuts the digits off the front of *rest. */
static struct str cut_digits(struct str *rest)
{
    size_t n = 0;
    while (n < rest->len && is_digit(rest->at[n]))
        n++;
    struct str digits = {rest->at, n};
    *rest = str_skip(*rest, n);
    return digits;
}

static const struct unit *unit_find(const struct unit *units, struct str name)
{
    for (; units->name; units++)
        if (str_eq(str_of(units->name), name))
            return units;
    return NULL;
}

/* The unit somebody meant who wrote `name`, or NULL. */
static const char *unit_guess(const struct unit *units, const struct habit *habits, struct str name)
{
    name = str_trim(name);
    for (; units->name; units++)
        if (str_eq_nocase(str_of(units->name), name))
            return units->name;
    for (; habits->wrong; habits++)
        if (str_eq_nocase(str_of(habits->wrong), name))
            return habits->unit;
    return NULL;
}

/* A kind of quantity: how it is called, written and mistaken. */
struct quantity {
    const char *called;
    const char *examples;
    const struct unit *units;
    const struct habit *habits;
};

static int quantity_wrong(const struct quantity *q, struct str digits, struct str rest,
                          struct err *err)
{
    const char *unit = digits.len ? unit_guess(q->units, q->habits, rest) : NULL;
    if (unit)
        return err_set(err, "is not %s: write %.*s%s", q->called, STR_ARG(digits), unit);
    return err_set(err, "is not %s: write it as %s", q->called, q->examples);
}

static int quantity_parse(const struct quantity *q, struct str text, uint64_t *out, struct err *err)
{
    struct str rest = text;
    struct str digits = cut_digits(&rest);
    const struct unit *unit = unit_find(q->units, rest);
    if (digits.len == 0 || !unit)
        return quantity_wrong(q, digits, rest, err);
    uint64_t count;
    if (!str_to_u64(digits, &count) || count > INT64_MAX / unit->factor)
        return err_set(err, "is too big");
    *out = count * unit->factor;
    return 0;
}

/* duration = 1*DIGIT ("ms" / "s" / "m" / "h" / "d") */
int units_duration(struct str text, int64_t *ms, struct err *err)
{
    static const struct quantity duration = {"a duration", "250ms, 20s, 5m, 4h or 3d", durations,
                                             duration_habits};
    uint64_t value = 0;
    if (quantity_parse(&duration, text, &value, err) != 0)
        return -1;
    *ms = (int64_t)value;
    return 0;
}

/* size = 1*DIGIT ("B" / "KiB" / "MiB" / "GiB" / "TiB") */
int units_size(struct str text, uint64_t *bytes, struct err *err)
{
    static const struct quantity size = {"a size", "512KiB, 4MiB or 2GiB", sizes, size_habits};
    return quantity_parse(&size, text, bytes, err);
}

static int rate_wrong(struct str digits, struct str period, struct err *err)
{
    const char *unit = digits.len ? unit_guess(periods, period_habits, period) : NULL;
    if (unit)
        return err_set(err, "is not a rate: write %.*s/%s", STR_ARG(digits), unit);
    return err_set(err, "is not a rate: write it as 100/s, 200/min, 1000/h or 5000/day");
}

/* rate = 1*DIGIT "/" ("s" / "min" / "h" / "day" / "d"), more than 0 */
int units_rate(struct str text, struct rate *rate, struct err *err)
{
    struct str rest = text;
    struct str digits = cut_digits(&rest);
    struct str period = str_starts(rest, STR("/")) ? str_skip(rest, 1) : (struct str){NULL, 0};
    const struct unit *unit = unit_find(periods, period);
    if (digits.len == 0 || !unit)
        return rate_wrong(digits, period, err);
    uint64_t count;
    if (!str_to_u64(digits, &count) || count > UINT32_MAX)
        return err_set(err, "is too big");
    if (count == 0)
        return err_set(err, "would send nothing: leave the rate out to have no limit");
    *rate = (struct rate){count, (int64_t)unit->factor};
    return 0;
}

/* Whether text is a literal address of the family; `out` gets it with a NUL. */
static bool is_address(struct str text, int family, char out[static 46])
{
    unsigned char binary[sizeof(struct in6_addr)];
    char copy[46] = {0};
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.at, '\0', text.len))
        return false;
    memcpy(copy, text.at, text.len);
    if (inet_pton(family, copy, binary) != 1)
        return false;
    memcpy(out, copy, sizeof(copy));
    return true;
}

/* Splits "host:port" or "[host]:port"; the family says which of the two it was. */
static bool listen_split(struct str text, struct str *host, struct str *port, int *family)
{
    const char *end = text.len ? memrchr(text.at, ':', text.len) : NULL;
    if (!end)
        return false;
    *host = str_from(text.at, (size_t)(end - text.at));
    *port = str_skip(text, host->len + 1);
    bool bracketed = str_starts(*host, STR("[")) && str_ends(*host, STR("]"));
    *family = bracketed ? AF_INET6 : AF_INET;
    if (bracketed)
        *host = str_from(host->at + 1, host->len - 2);
    return true;
}

/* listen = IPv4address ":" port / "[" IPv6address "]" ":" port, port from 1 to 65535 */
int units_listen(struct str text, struct listen_address *at, struct err *err)
{
    struct listen_address result = {{0}, 0};
    struct str host, port;
    int family;
    uint64_t number;
    if (!listen_split(text, &host, &port, &family) || !is_address(host, family, result.host))
        return err_set(err, "is not an address to listen on: write it as 127.0.0.1:9125 or "
                            "[::1]:9125");
    if (!str_to_u64(port, &number) || number < 1 || number > UINT16_MAX)
        return err_set(err, "has no port between 1 and 65535 after its last colon");
    result.port = (uint16_t)number;
    *at = result;
    return 0;
}

/* server = IPv4address / IPv6address / listen */
int units_server(struct str text, uint16_t port, struct listen_address *at, struct err *err)
{
    struct listen_address result = {{0}, port};
    if (is_address(text, AF_INET, result.host) || is_address(text, AF_INET6, result.host)) {
        *at = result;
        return 0;
    }
    if (units_listen(text, at, NULL) == 0)
        return 0;
    return err_set(err, "is not the address of a server: write it as 127.0.0.1, 127.0.0.1:5353 or "
                        "[::1]:5353");
}

/* integer = 1*DIGIT */
int units_integer(struct str text, uint64_t *number, struct err *err)
{
    struct str rest = text;
    struct str digits = cut_digits(&rest);
    if (digits.len == 0 || rest.len)
        return err_set(err, "is not a whole number");
    uint64_t value;
    if (!str_to_u64(digits, &value) || value > INT64_MAX)
        return err_set(err, "is too big");
    *number = value;
    return 0;
}

/* number = 1*9DIGIT ["." 1*9DIGIT]; read here because strtod minds the locale. */
int units_number(struct str text, double *number, struct err *err)
{
    struct str rest = text;
    struct str whole = cut_digits(&rest);
    struct str fraction = STR("0");
    uint64_t above, below;
    if (str_starts(rest, STR("."))) {
        rest = str_skip(rest, 1);
        fraction = cut_digits(&rest);
    }
    if (rest.len || whole.len > 9 || fraction.len > 9 || !str_to_u64(whole, &above) ||
        !str_to_u64(fraction, &below))
        return err_set(err, "is not a number: write it as 2 or 1.5");
    double part = (double)below;
    for (size_t i = 0; i < fraction.len; i++)
        part /= 10;
    *number = (double)above + part;
    return 0;
}

/* bool = "true" / "false" */
int units_bool(struct str text, bool *value, struct err *err)
{
    bool yes = str_eq(text, STR("true"));
    if (!yes && !str_eq(text, STR("false")))
        return err_set(err, "is neither true nor false");
    *value = yes;
    return 0;
}

/* mode = 3*4 octal digits, at most 0777 */
int units_mode(struct str text, unsigned *mode, struct err *err)
{
    unsigned value = 0;
    bool good = text.len == 3 || (text.len == 4 && text.at[0] == '0');
    for (size_t i = 0; good && i < text.len; i++) {
        good = text.at[i] >= '0' && text.at[i] <= '7';
        value = value * 8 + (unsigned)(text.at[i] - '0');
    }
    if (!good)
        return err_set(err, "is not a file mode: write it as \"0660\"");
    *mode = value;
    return 0;
}

int units_address(struct str text, struct err *err)
{
    char unused[46];
    if (is_address(text, AF_INET, unused) || is_address(text, AF_INET6, unused))
        return 0;
    return err_set(err, "is not an IPv4 or IPv6 address");
}

static bool is_label(struct str label)
{
    if (label.len == 0 || label.len > LABEL_MAX)
        return false;
    if (label.at[0] == '-' || label.at[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && c != '-')
            return false;
    }
    return true;
}

/* domain = label *("." label), where the last label is not all digits (RFC 1123 §2.1) */
int units_domain(struct str text, struct err *err)
{
    bool good = text.len > 0 && text.len <= DOMAIN_MAX;
    struct str rest = text, label = {NULL, 0};
    while (good && rest.at) {
        label = str_cut(&rest, '.');
        good = is_label(label);
    }
    struct str tail = label;
    cut_digits(&tail);
    if (!good || tail.len == 0)
        return err_set(err, "is not a host name: write it as mail.example.org, in ASCII");
    return 0;
}

/* pattern = "*" / "*." domain / domain / address */
int units_pattern(struct str text, struct err *err)
{
    struct str domain = str_starts(text, STR("*.")) ? str_skip(text, 2) : text;
    if (str_eq(text, STR("*")) || units_domain(domain, NULL) == 0 || units_address(text, NULL) == 0)
        return 0;
    return err_set(err, "is not a pattern: write a host name, \"*.example.org\" or \"*\"");
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

/* Since 1970-01-01. The leap years before a year are counted, the months of the year added up. */
static int64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    unsigned y = year - 1;
    int64_t days = 365LL * year + y / 4 - y / 100 + y / 400 - 719527;
    for (unsigned m = 1; m < month; m++)
        days += month_days(year, m);
    return days + day - 1;
}

/* date = 4DIGIT "-" 2DIGIT "-" 2DIGIT, of the calendar and not before 1970 */
int units_date(struct str text, int64_t *midnight, struct err *err)
{
    struct str rest = text;
    struct str parts[] = {str_cut(&rest, '-'), str_cut(&rest, '-'), rest};
    uint64_t year = 0, month = 0, day = 0;
    if (parts[0].len != 4 || parts[1].len != 2 || parts[2].len != 2 ||
        !str_to_u64(parts[0], &year) || !str_to_u64(parts[1], &month) ||
        !str_to_u64(parts[2], &day))
        return err_set(err, "is not a date: write it as 2026-12-01");
    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > month_days((unsigned)year, (unsigned)month))
        return err_set(err, "is no day of the calendar: write it as 2026-12-01");
    *midnight = days_since_1970((unsigned)year, (unsigned)month, (unsigned)day) * DAY_S;
    return 0;
}

/* A reply has no control characters and no two spaces in a row, and begins with its code. */
int units_reply(struct str text, struct err *err)
{
    if (text.len == 0 || text.len > REPLY_PATTERN_MAX)
        return err_set(err, "is not a pattern of replies: it may have 1 to %d bytes",
                       REPLY_PATTERN_MAX);
    if (!strchr("45*?", text.at[0]))
        return err_set(err, "can never match, since a reply begins with its code, 4 or 5 and two "
                            "digits: begin it so, or with *");
    for (size_t i = 0; i < text.len; i++) {
        bool spaces = text.at[i] == ' ' && (i + 1 == text.len || text.at[i + 1] == ' ');
        if (spaces || (unsigned char)text.at[i] < ' ')
            return err_set(err,
                           "can never match, since a reply is looked at with single spaces and "
                           "none at its end");
    }
    return 0;
}
