/*
 * One run of the program: what was asked for, the connection to the daemon (opened when it is first
 * needed), and the sentence to end with when something goes wrong.
 */
#ifndef TOCSIN_CLI_CLI_H
#define TOCSIN_CLI_CLI_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/args.h"
#include "http/client.h"

struct cli {
    const char *socket;
    bool json;
    bool terminal;              /* standard output is one that understands escapes */
    bool utf8;                  /* the locale shows UTF-8 */
    struct http_client *client; /* NULL until a command asks */
    struct err err;
};

/* main() of the program: returns the exit status. */
int cli_main(int argc, char *const *argv);

/* Sets the sentence and returns CLI_FAILED or CLI_USAGE. */
int cli_fail(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
