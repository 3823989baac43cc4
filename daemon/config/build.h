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

/* Fills a zeroed `config`; what it points to lives in `context->memory`. */
void build_config(cfg_t *root, const struct value_context *context, struct config *config,
                  struct problems *problems);

#endif
