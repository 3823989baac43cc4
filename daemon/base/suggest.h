/* "Did you mean …?": how far two names are from each other. Pure. */
#ifndef TOCSIN_BASE_SUGGEST_H
#define TOCSIN_BASE_SUGGEST_H

#include "base/str.h"

/*
 * Bytes to insert, remove, change, or swap with their neighbour, to make one of the other (optimal
 * string alignment), ASCII case apart. Names are compared up to 255 bytes.
 */
unsigned suggest_distance(struct str a, struct str b);

/* True when `b` is near enough to be what a person meant who wrote `a`. */
bool suggest_is_near(struct str a, struct str b);

#endif
