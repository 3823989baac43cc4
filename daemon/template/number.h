/*
 * Numbers as text and back, without the C library's locale: a decimal point is a point in every
 * language. Only plain decimal notation is read.
 */
#ifndef TOCSIN_TEMPLATE_NUMBER_H
#define TOCSIN_TEMPLATE_NUMBER_H

#include <stdint.h>

#include "base/str.h"

struct number {
    bool real; /* has a decimal point; `approx` holds it, else `whole` */
    int64_t whole;
    double approx;
};

/*
 *     number = [ "-" ] 1*DIGIT [ "." 1*DIGIT ]
 *
 * Reads one from the start of s and returns its length, 0 if there is none. A whole number beyond
 * 64 bits becomes a real one.
 */
size_t number_scan(struct str s, struct number *out);

/* The shortest text that reads back as the same: "4.5", "2.0", "1.0e+30". At most 39 bytes. */
size_t number_print(double real, char out[40]);

/*
 * With exactly so many decimal places, rounded half away from zero: "4.50". The length; 0 if it is
 * infinite or not a number.
 */
enum { NUMBER_MOST_PLACES = 15, NUMBER_FIXED_SIZE = 352 };
size_t number_print_fixed(const struct number *n, unsigned places, char out[NUMBER_FIXED_SIZE]);

/* Cuts off what binary arithmetic adds after 15 digits, so that 10.1 - 2.2 is 7.9. */
double number_tidy(double real);

#endif
