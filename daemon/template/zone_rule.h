/*
 * The rule at the end of a zone file, for all years after those that the file lists: in which weeks
 * of a year clocks are set forward and back. The text is that of POSIX's variable TZ, with the
 * wider hours of RFC 8536. Pure; a rule owns nothing.
 */
#ifndef TOCSIN_TEMPLATE_ZONE_RULE_H
#define TOCSIN_TEMPLATE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
    ZONE_ABBREVIATION_SIZE = 16, /* with the NUL; "CEST", "+0545" */
    ZONE_OFFSET_LEAST = -89999,  /* RFC 8536 section 3.2 */
    ZONE_OFFSET_MOST = 93599,
};

/* A time that clocks show: standard time, or daylight saving time. */
struct zone_time {
    int32_t offset; /* seconds east of UTC */
    char name[ZONE_ABBREVIATION_SIZE];
};

enum zone_day {
    ZONE_DAY_LEAPLESS, /* 1 to 365; 29 February is never counted */
    ZONE_DAY_COUNTED,  /* 0 to 365 */
    ZONE_DAY_OF_MONTH, /* a weekday (0 is Sunday) in a week (1 to 5, the last) of a month */
};

/* When, each year, clocks are set. */
struct zone_change {
    enum zone_day form;
    int day, week, month;
    int32_t time; /* seconds after midnight, on the clock as it is before; may be negative */
};

struct zone_rule {
    struct zone_time standard, daylight;
    bool has_daylight; /* false: `standard` is all there is */
    struct zone_change start, end;
};

/* False if s is no rule: see the grammar in zone_rule.c. */
bool zone_rule_parse(struct str s, struct zone_rule *rule);

/* Which time is it then? */
const struct zone_time *zone_rule_time(const struct zone_rule *rule, int64_t unix_s);

#endif
