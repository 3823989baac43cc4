/* The help of the program, of a group and of each command, made from the table of commands. */
#ifndef TOCSIN_CLI_HELP_H
#define TOCSIN_CLI_HELP_H

#include "base/buf.h"
#include "cli/args.h"

/* Adds the help for what `args` names: a command, a group, or everything. */
void help_add(struct buf *out, const struct args *args);

#endif
