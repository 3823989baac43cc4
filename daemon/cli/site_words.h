/*
 * What the daemon says of sites and of what restrains them, in words for people. Everything is read
 * from the JSON that docs/api.md describes, and added to `out` as it came: tables clean it, and
 * what is printed otherwise has to be.
 */
#ifndef TOCSIN_CLI_SITE_WORDS_H
#define TOCSIN_CLI_SITE_WORDS_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"

/* "until 14:05, in 12 min 3 s"; "until resumed" for a restraint without an end; what is over comes
 * "back since 14:05". `now` is in seconds since 1970. */
void restraint_say_time(struct buf *out, const json_t *restraint, int64_t now);

/* "suspended", "slowed to 5/s and 1 connection", "job 12 held back". */
void restraint_say_what(struct buf *out, const json_t *restraint);

/* "mx1.example.net", "provider orange", "everywhere" for a source at all receivers. */
void restraint_say_place(struct buf *out, const json_t *restraint);

/* "by rule slow-down", "by hand". */
void restraint_say_cause(struct buf *out, const json_t *restraint);

/* All of it: "orange: suspended until resumed, by hand: Too many complaints". */
void restraint_say(struct buf *out, const json_t *restraint, int64_t now);

/* The connections that are open and may be: "3 of 10"; "3" where they have no limit here. */
void site_say_connections(struct buf *out, const json_t *site);

/* The rate that a source may use, "80/s"; "differs" when the sources have several, nothing when
 * none has any here. */
void site_say_rate(struct buf *out, const json_t *site);

/* Why it does not send, or else the last reply that refused something, with its age. */
void site_say_why_or_reply(struct buf *out, const json_t *site, int64_t now);

/* "3 min 2 s ago: 450 4.7.1 …"; nothing if it never refused anything. */
void site_say_reply(struct buf *out, const json_t *site, int64_t now);

#endif
