/* Moments as programs write them: 2024-01-01T00:01:58Z (RFC 3339). Pure. */
#ifndef TOCSIN_CLI_MOMENT_H
#define TOCSIN_CLI_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * All of s as seconds since 1970; fractions of a second are cut off, and a leap second counts as
 * the second after it. False if it is none: the offset from UTC may not be left out.
 */
bool moment_parse(struct str s, int64_t *unix_s);

#endif
