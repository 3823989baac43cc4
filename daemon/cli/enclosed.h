/* The files that a message names in its header, `Attach: report.pdf` and `Inline: logo.png`, which
 * go along with it. */
#ifndef TOCSIN_CLI_ENCLOSED_H
#define TOCSIN_CLI_ENCLOSED_H

#include <jansson.h>

#include "cli/cli.h"

/* Reads them: {"report.pdf": base64}, NULL when it names none. Their paths start from the message's
 * folder. A status, with the sentence in cli->err. */
int enclosed_read(struct cli *cli, const char *message_path, struct str message, json_t **files);

#endif
