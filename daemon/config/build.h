/*
 * From libconfuse's tree to `struct config`: fills in the defaults, goes through the table once for
 * each block, and checks what several options only say together. The tree has passed parse.h, so
 * that no value can fail here.
 */
#ifndef TOCSIN_CONFIG_BUILD_H
#define TOCSIN_CONFIG_BUILD_H

#include <confuse.h>

#include "config/config.h"
#include "config/problems.h"
#include "config/values.h"

/* The options and inner blocks that stand in `cfg` (NULL: none), and the defaults of the others. */
void build_block(enum block_id id, cfg_t *cfg, const struct value_context *context, void *into);

/* Fills a zeroed `config`; what it points to lives in `context->memory`. Providers and rules
 * are not in it: shaping.h. */
void build_config(cfg_t *root, const struct value_context *context, struct config *config,
                  struct problems *problems);

#endif
