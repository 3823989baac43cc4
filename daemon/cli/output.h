/*
 * A file that a command writes: beside its place under another name, and moved there when it is
 * whole, so that what was there before stays until then. Without a path: standard output.
 */
#ifndef TOCSIN_CLI_OUTPUT_H
#define TOCSIN_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

struct output {
    FILE *file;
    char *path; /* NULL: standard output */
    char *part; /* the name while it is written */
    uint64_t bytes;
};

/* `path` may be NULL or "-" for standard output. -1 with a sentence. */
int output_open(struct output *output, const char *path, struct err *err);
int output_write(struct output *output, struct str bytes, struct err *err);

/* Puts the file in its place (`whole`), or removes what there is of it. Always releases. */
int output_close(struct output *output, bool whole, struct err *err);

#endif
