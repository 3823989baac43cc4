/* A message file on its way to the daemon: read, with the files that it names. */
#ifndef TOCSIN_CLI_MESSAGE_FILE_H
#define TOCSIN_CLI_MESSAGE_FILE_H

#include <jansson.h>

#include "base/buf.h"
#include "cli/cli.h"

/* Reads the text ("-": standard input), which is UTF-8 without NUL. A status, with the sentence. */
int message_file_read(struct cli *cli, const char *path, struct buf *text);

/* What the message is called: the name of its file. */
const char *message_file_name(const char *path);

/* {"message", "message_name", "files"}: the text, and the files that it names beside it. A status;
 * CLI_OK: *body is the caller's to complete and json_decref. */
int message_file_body(struct cli *cli, const char *path, struct str text, json_t **body);

/* Sets a member to a text of the command line; NULL sets nothing. What is not UTF-8 is spelt with
 * U+FFFD: the daemon will say that it does not know that. */
void body_set_text(json_t *body, const char *key, const char *value);

#endif
