/* Limits, and what lessens them. Pure. */
#ifndef TOCSIN_DELIVERY_LIMITS_H
#define TOCSIN_DELIVERY_LIMITS_H

#include "delivery/restraint.h"

/* The stricter of the two holds, in connections and in the rate. */
void limits_lessen(struct throttle_limits *limits, const struct effect *effect);

#endif
