/* tocsin check FILE: what the daemon has to say about a message. */
#ifndef TOCSIN_CLI_MESSAGE_CHECK_H
#define TOCSIN_CLI_MESSAGE_CHECK_H

#include "cli/ask.h"

/* Asks, prints, and returns the status: CLI_FAILED if there are errors, without a sentence. */
int message_check_run(struct cli *cli, const char *path, const char *identity);

/* Adds the answer as people read it: each finding with its line, and a summary. */
void message_check_say(struct buf *out, const char *path, struct str text, const json_t *answer);

#endif
