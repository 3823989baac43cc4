/*
 * Calendar dates for the `date` filter: reading the forms that people and programs write, and
 * strftime's directives in English, without the C library's locale or time zone. Proleptic
 * Gregorian, years 1 to 9999. Pure.
 */
#ifndef TOCSIN_TEMPLATE_DATE_H
#define TOCSIN_TEMPLATE_DATE_H

#include "template/liquid.h"

struct date {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int weekday; /* 0 is Sunday */
    int yearday; /* 0 is 1 January */
    int64_t unix_s;
    int32_t offset; /* seconds east of UTC */
    char zone[16];
};

/* The date of a moment in a zone (NULL is UTC); false if its year is not 1 to 9999. */
bool date_from_unix(int64_t unix_s, const struct template_zone *zone, struct date *out);

/*
 *     date  = year "-" month "-" day / monthname day [","] year / day monthname year
 *     time  = hour ":" minute [ ":" second [ "." 1*DIGIT ] ] [ "Z" / "UTC" / ("+"/"-") hour [":"]
 * minute ] moment = [ weekday [","] ] date [ ( "T" / " " ) time ]
 *
 * Without an offset of its own, the time is meant in `zone`. False if s is nothing of that.
 */
bool date_parse(struct str s, const struct template_zone *zone, int64_t *unix_s);

extern const char *const date_months[12];
extern const char *const date_weekdays[7];

enum { DATE_TEXT_SIZE = 80 };

/*
 * Writes what one directive stands for: `spec` starts after its "%" and may have flags (- 0 _ ^ #)
 * and a width of up to two digits. Returns the length of the text in `out`, and in *used how much
 * of spec it took; *used is 0 if it is no directive.
 */
size_t date_directive(const struct date *d, struct str spec, char out[DATE_TEXT_SIZE],
                      size_t *used);

#endif
