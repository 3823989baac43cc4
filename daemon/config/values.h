/*
 * What the kinds of options have in common: how the text of one becomes a value, where the value
 * goes, and how the manual names the kind. One row a kind in values.c. Parsing touches the file
 * system only to see whether a named file or folder is there.
 */
#ifndef TOCSIN_CONFIG_VALUES_H
#define TOCSIN_CONFIG_VALUES_H

#include "base/arena.h"
#include "base/err.h"
#include "config/options.h"
#include "config/units.h"

/* One member is set, by the kind of the option; the others are zero. */
struct value {
    struct str text;
    uint64_t
        amount; /* whole numbers, milliseconds, bytes, choices, modes, true, seconds since 1970 */
    double number;
    struct rate rate;
    struct listen_address listen;
};

struct value_context {
    struct str base_dir;  /* what relative paths are joined to; empty: nothing */
    struct arena *memory; /* texts of values live here */
};

/* Checks the bounds too. The error is the second half of a sentence, as in config/units.h. */
int value_parse(const struct option *option, struct str text, const struct value_context *context,
                struct value *value, struct err *err);

/*
 * Whether a value cannot stand in the list where the values `before` stand already: the same name
 * twice, two rates of one period, one too many. -1 with the second half of a sentence.
 */
int value_list_check(const struct option *option, const struct value *value,
                     const struct value *before, size_t count, struct err *err);

/* Writes to the option's place in its block's struct. */
void value_store(const struct option *option, const struct value *value, void *block);

/* The same for a list; an array that does not stand in the struct is made in the context's memory.
 */
void value_store_list(const struct option *option, const struct value *values, size_t count,
                      const struct value_context *context, void *block);

/* Whether two structs of the option's block hold the same value of it. */
bool value_same(const struct option *option, const void *block, const void *other);

/* The kind in a word or two, as the manual says it: "duration". */
const char *value_kind_name(enum option_kind kind);

#endif
