/*
 * Questions to the daemon and its answers. Each function returns CLI_OK or the exit status to end
 * with, and then cli->err has the sentence: the daemon's own one for what it refused.
 */
#ifndef TOCSIN_CLI_ASK_H
#define TOCSIN_CLI_ASK_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "cli/cli.h"

/*
 * Sends the exchange. CLI_OK means a status below 300; the caller releases the exchange then, and
 * only then. CLI_NO_DAEMON also when the connection broke; a `read` or `write` of the exchange that
 * gave up looks the same, and its owner knows better.
 */
int ask(struct cli *cli, struct http_exchange *exchange);

/* Asks and parses; *out (an object) is the caller's to json_decref. */
int ask_get(struct cli *cli, const char *target, json_t **out);
int ask_post(struct cli *cli, const char *target, struct str json, json_t **out);

/*
 * The same for a request that is safe to repeat: when the connection breaks before the answer, it
 * is made again for some seconds, in which a daemon that was restarted is back. CLI_NO_DAEMON with
 * *sent true then means that nobody knows whether the daemon did it; false, that it never heard it.
 */
int ask_post_again(struct cli *cli, const char *target, struct str json, json_t **out, bool *sent);

/* Parses what the daemon said as a JSON object; *out is the caller's. */
int answer_parse(struct cli *cli, struct str bytes, json_t **out);

/* The sentence of a refusal: its "error", or one made from the status. */
void answer_refusal(struct http_exchange *exchange, struct err *err);

/* "PREFIX" + the encoded value, a target to ask for: release it. */
void target_add(struct buf *target, const char *prefix, const char *value);

/* Members of an object, with what stands in for those that are missing or of another kind. */
const char *json_text(const json_t *object, const char *key); /* "" */
uint64_t json_count(const json_t *object, const char *key);   /* 0; never negative */
bool json_flag(const json_t *object, const char *key);        /* false */

/* Any scalar as text, a list as its items with ", " between them. */
void json_add_value(struct buf *out, const json_t *value);

/* Prints an object as one line of JSON. */
void json_print(const json_t *object);

/* Prints what was answered, as JSON where that is asked for and else with `print`, and lets it go.
 * Returns CLI_OK, for the caller to return. */
int json_show(struct cli *cli, json_t *object, void (*print)(const json_t *object));

#endif
