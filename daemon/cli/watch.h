/*
 * Watching a job until it is over: on a terminal a live view, and then the report; with --json a
 * line for each change, the last of which is the final job; otherwise only the report.
 */
#ifndef TOCSIN_CLI_WATCH_H
#define TOCSIN_CLI_WATCH_H

#include <stdint.h>

#include "cli/cli.h"

enum { WATCH_INTERRUPTED = 130 }; /* 128 + SIGINT, as shells say it */

/* CLI_OK when it finished, CLI_FAILED when it was cancelled or is unknown, or as above. */
int watch_job(struct cli *cli, uint32_t job);

#endif
