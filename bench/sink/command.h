/*
 * The commands of a session: one table of verbs, one small function for each. They answer through
 * session_reply and change the session's state; session.c calls them with whole lines.
 */
#ifndef SINK_COMMAND_H
#define SINK_COMMAND_H

#include "sink/session.h"

/* `line` is without its CRLF. */
void command_run(struct session *s, struct str line);

/* The answer to a BDAT that had to be read but cannot be used. */
void command_refuse_chunk(struct session *s);

#endif
