/*
 * Calendar dates for the `date` filter: reading the forms that people and programs write, and
 * strftime's directives as Ruby has them, with the names of a language (language.h) and without the
 * C library's locale or time zone. Proleptic Gregorian, years 1 to 9999. Pure.
 */
#ifndef TOCSIN_TEMPLATE_DATE_H
#define TOCSIN_TEMPLATE_DATE_H

#include "template/language.h"
#include "template/liquid.h"

struct date {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int32_t nanosecond; /* 0 from date_from_unix */
    int weekday;        /* 0 is Sunday */
    int yearday;        /* 0 is 1 January */
    int64_t unix_s;
    int32_t offset; /* seconds east of UTC */
    char zone[16];
};

/* Of the Gregorian calendar. */
static inline bool date_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

struct date_moment {
    int64_t unix_s;
    int32_t nanosecond; /* 0 to 999,999,999, after unix_s */
};

/* The date of a moment in a zone (NULL is UTC); false if its year is not 1 to 9999. */
bool date_from_unix(int64_t unix_s, const struct template_zone *zone, struct date *out);

/*
 *     moment = date [ ( "T" / [","] " " ) time ]
 *     date   = year ( "-" / "/" ) month ( "-" / "/" ) day
 *            / day mark month mark year                       mark is "/", "." or "-"
 *            / [ weekday [","] ] ( monthname day [","] year / day monthname year )
 *     time   = hour ":" minute [ ":" second [ "." 1*DIGIT ] ] [ "am" / "pm" ] [ offset ]
 *     offset = "Z" / "UTC" / "GMT" / ( "+" / "-" ) 2DIGIT [":"] 2DIGIT
 *
 * Names are English. Without an offset of its own, the time is meant in `zone`; one that a change
 * of the clock leaves out or repeats is one of the two that it could be. False if s is nothing of
 * that.
 */
bool date_parse(struct str s, const struct template_zone *zone, struct date_moment *out);

enum { DATE_TEXT_SIZE = 512, DATE_WIDTH_MAX = 200 };

/*
 * Writes what one directive stands for:
 *
 *     directive = "%" *flag *":" [ width ] *":" [ "E" / "O" ] letter
 *
 * `spec` starts after its "%". Flags: "-" no padding, "0" and "_" padding with zeros and spaces,
 * "^" capitals, "#" the other case. Widths count characters, at most DATE_WIDTH_MAX. Letters are
 * those of Ruby's Time#strftime; "%OB" is the month as it stands without a day, which some
 * languages write differently ("9 marca", "marzec"). Returns the length of the text in `out`, and
 * in *used how much of spec it took; *used is 0 if it is no directive.
 */
size_t date_directive(const struct date *d, const struct template_language *language,
                      struct str spec, char out[DATE_TEXT_SIZE], size_t *used);

#endif
