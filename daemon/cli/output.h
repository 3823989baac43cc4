/*
 * A file that a command writes: beside its place under another name, and moved there when it is
 * whole, so that what was there before stays until then. Without a path: standard output. A
 * terminal gets nothing that moves its cursor; everything else gets every byte as it is.
 */
#ifndef TOCSIN_CLI_OUTPUT_H
#define TOCSIN_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/lines.h"

struct output {
    FILE *file;
    char *path; /* NULL: standard output */
    char *part; /* the name while it is written */
    bool terminal;
    struct lines lines; /* for a terminal only, to clean them */
    uint64_t bytes;     /* as they came */
};

/* `path` may be NULL or "-" for standard output. -1 with a sentence. The output stays where it is
 * until it is closed. */
int output_open(struct output *output, const char *path, struct err *err);
int output_write(struct output *output, struct str bytes, struct err *err);

/* Puts the file in its place (`whole`), or removes what there is of it. Always releases. */
int output_close(struct output *output, bool whole, struct err *err);

#endif
