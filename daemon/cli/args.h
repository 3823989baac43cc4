/*
 * The words of a command line, sorted: which command, its arguments, its options. Pure: nothing is
 * opened, printed or exited here. Global options may stand anywhere, a command's own ones anywhere
 * after its words; "--" ends the options, "-" is an argument (standard input).
 *
 * All pointers are into argv or into the table of commands.
 */
#ifndef TOCSIN_CLI_ARGS_H
#define TOCSIN_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/command.h"

enum { ARGS_MAX = 256 };

struct given_flag {
    const struct flag *flag;
    const char *value; /* NULL for a flag without one */
};

struct args {
    const struct command *command; /* NULL only with help or version */
    const char *group;             /* the first word, when it is a group */
    bool help, version, json;
    const char *socket; /* NULL: not said */

    const char *words[ARGS_MAX]; /* the arguments */
    size_t words_len;
    struct given_flag given[ARGS_MAX]; /* the command's own options, in order */
    size_t given_len;
};

/* -1 with a sentence that says what would be right. */
int args_parse(struct args *args, int argc, char *const *argv, struct err *err);

bool args_has(const struct args *args, const char *flag);

/* The value that was given last; NULL if the option was not. */
const char *args_value(const struct args *args, const char *flag);

/* The next value of a repeated option, from *at on (0 at first); NULL when there are no more. */
const char *args_next(const struct args *args, const char *flag, size_t *at);

/* Argument `at` as the number of a job; -1 with a sentence. */
int args_job(const struct args *args, size_t at, uint32_t *job, struct err *err);

#endif
