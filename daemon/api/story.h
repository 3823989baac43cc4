/*
 * What became of one copy, as JSON and as sentences that anybody can read. Pure: the ledger's
 * entry, its source's name and the job's record come in.
 */
#ifndef TOCSIN_API_STORY_H
#define TOCSIN_API_STORY_H

#include "api/json.h"
#include "store/jobs.h"
#include "store/ledger.h"

/* The name of the source that the last attempt went out from; at == NULL when there is none. */
struct str story_source(struct txn *txn, const struct ledger_entry *entry);

/* Members of the object that is open: state, reason, attempts, doubts, first, last, again_at, code,
 * enhanced, reply, source and message_version. */
void story_write_facts(struct json *json, struct str source, const struct ledger_entry *entry);

/* An array of sentences under `key`, in the order in which things happened. `suppressed`: the
 * contact is, now. */
void story_write_sentences(struct json *json, const char *key, const struct job_record *job,
                           struct str source, const struct ledger_entry *entry, bool suppressed);

#endif
