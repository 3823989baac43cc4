/*
 * How names of hosts and domains are looked up: "mx.example.org", "*.example.org" or "*", as
 * units_pattern takes them. Pure.
 */
#ifndef TOCSIN_CONFIG_PATTERN_H
#define TOCSIN_CONFIG_PATTERN_H

#include "base/str.h"

/*
 * How well a pattern fits a name: -1 not at all, 0 for "*", more for a longer suffix, most for the
 * name itself. ASCII letters compare without case; "*.example" covers every name below example, not
 * example itself.
 */
int pattern_fit(struct str pattern, struct str name);

#endif
