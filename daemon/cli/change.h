/*
 * What the commands that change one contact have in common: POST /v1/contacts/ADDRESS/VERB, and
 * then the answer as JSON, or a line that begins with the address.
 */
#ifndef TOCSIN_CLI_CHANGE_H
#define TOCSIN_CLI_CHANGE_H

#include "base/str.h"
#include "cli/cli.h"

/*
 * `param` is the name of a parameter with this value, or NULL. `what` follows the address in the
 * line, and `named` follows that, cleaned and in quotes, unless it is NULL. Returns the exit
 * status.
 */
struct contact_change {
    const char *address, *verb;
    const char *param, *value;
    const char *what, *named;
};

int contact_change_run(struct cli *cli, const struct contact_change *change);

#endif
