/*
 * Pools of sources: which sources the names in a pool are, the pool "default" when the file has
 * none, and what the blocks `source`, `pool` and `identity` only say together. Owns nothing.
 */
#ifndef TOCSIN_CONFIG_POOLS_H
#define TOCSIN_CONFIG_POOLS_H

#include <confuse.h>

#include "config/config.h"
#include "config/problems.h"

/* Fills `members` of the pools, which have been built; what it makes is in `memory`. */
void pools_resolve(struct config *config, cfg_t *root, struct arena *memory,
                   struct problems *problems);

#endif
