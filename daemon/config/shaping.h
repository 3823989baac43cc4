/*
 * Providers and rules: those that ship, as the administrator's file changes them. A `provider` of
 * the file changes the options that it has in one of the same name; a `rule` of the file replaces
 * one of the same name as a whole, or takes it away (`action = none`). What the file has stands
 * before what ships, so that it is found first. Owns nothing.
 */
#ifndef TOCSIN_CONFIG_SHAPING_H
#define TOCSIN_CONFIG_SHAPING_H

#include <confuse.h>

#include "config/config.h"
#include "config/problems.h"
#include "config/values.h"

/* A file that has been parsed, and where to say what is wrong in it. */
struct shaping_file {
    cfg_t *root;
    struct problems *problems;
};

/* Fills the providers and the rules of `config`; what they point to lives in `context->memory`. */
void shaping_build(const struct shaping_file *own, const struct shaping_file *shipped,
                   const struct value_context *context, struct config *config);

#endif
