/* What the commands of counters have in common: a question about one, and its number. */
#ifndef TOCSIN_CLI_COUNTER_H
#define TOCSIN_CLI_COUNTER_H

#include "cli/ask.h"

/* METHOD /v1/counters/NAME; `body` may be empty. The rest as ask_get. */
int counter_ask(struct cli *cli, const char *method, const char *name, struct str body,
                json_t **out);

/* All of the text as a whole number of 64 bits; false if it is none. Pure. */
bool counter_number(const char *text, int64_t *out);

/* The value of a counter for people: "-46,443". Pure. */
void counter_add_value(struct buf *out, const json_t *counter);

#endif
