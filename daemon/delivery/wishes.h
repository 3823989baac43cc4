/* Pairs of a job and a domain that wait until there is room for the domain: a ring for each lane.
 */
#ifndef TOCSIN_DELIVERY_WISHES_H
#define TOCSIN_DELIVERY_WISHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compose/mailing.h"

enum { WISHES_MAX = 65536 }; /* of a lane */

struct wish {
    struct mailing *mailing; /* a reference */
    uint32_t number;         /* the domain's */
};

struct wishes {
    struct wish *at[LANES];
    size_t first[LANES], count[LANES], size[LANES];
};

/* False when there are as many as may be. */
bool wishes_add(struct wishes *wishes, struct mailing *mailing, uint32_t number);

/* The one that has waited longest in the lane, whose reference is the caller's; there must be one.
 */
struct wish wishes_take(struct wishes *wishes, enum job_lane lane);

bool wishes_full(const struct wishes *wishes, enum job_lane lane);

void wishes_release(struct wishes *wishes);

#endif
