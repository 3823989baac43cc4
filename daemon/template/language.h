/*
 * What a language writes differently in dates and numbers: names of months and days, the marks of
 * large and of broken numbers. A table of constants (language_table.c), nothing else.
 *
 * Source: the Unicode CLDR, release 48, Gregorian calendar and Latin digits. Months are the format
 * form, as they stand in a full date ("9 marca"; in Catalan "d’abril", with its preposition), short
 * forms are the abbreviated format form with their dots, where there is one ("janv.", "mars").
 * Regions have an entry of their own only where their names or marks differ (de-AT, de-CH, es-MX,
 * it-CH, pt-PT); other regions are as their language.
 */
#ifndef TOCSIN_TEMPLATE_LANGUAGE_H
#define TOCSIN_TEMPLATE_LANGUAGE_H

#include "base/str.h"

struct template_language {
    const char *tag;     /* "fr" */
    const char *group;   /* between thousands: U+202F in French */
    const char *decimal; /* before the fraction */
    unsigned group_from; /* digits of the whole part from which thousands are set apart (es: 5) */
    const char *months[12], *months_short[12];
    const char *months_alone[12];        /* without a day beside them; NULL: as in `months` */
    const char *days[7], *days_short[7]; /* from Sunday */
};

/* By a tag as messages and contacts have it ("fr", "fr-BE", "FR_be"); NULL: no such language here,
 * or "". */
const struct template_language *template_language_find(struct str tag);

/* What NULL means where a language is asked for. */
const struct template_language *template_language_english(void);

/* All of them, English first; private to the room. */
extern const struct template_language language_table[];
extern const size_t language_count;

#endif
