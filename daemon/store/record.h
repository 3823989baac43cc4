/*
 * The parsers of stored records: pure, bytes in, struct out; false for bytes that this program
 * never wrote. They set every field that the value holds; ids stand in the key and are the
 * caller's. The layouts are documented in the tables' headers. The disk is not hostile, but it is
 * not ours.
 */
#ifndef TOCSIN_STORE_RECORD_H
#define TOCSIN_STORE_RECORD_H

#include "store/contacts.h"
#include "store/counter_keys.h"
#include "store/job_keys.h"
#include "store/jobs.h"
#include "store/ledger.h"
#include "store/queue_counts.h"
#include "store/restraints.h"
#include "store/sets.h"
#include "store/site_lessons.h"
#include "store/warm_up.h"

bool contact_parse(struct str value, struct contact *out);
bool job_parse(struct str value, struct job_record *out);
bool job_key_parse(struct str value, struct job_key *out);
bool message_parse(struct str value, struct str *source); /* at != NULL, also of an empty text */
bool ledger_parse(struct str value, struct ledger_entry *out);
bool site_lesson_parse(struct str value, struct site_lesson *out);

/* The key says which one it is: it is read too. */
bool counter_parse(struct str key, struct str value, struct counter *out);
bool counter_key_parse(struct str key, struct str value, struct counter_key *out);
bool queue_count_parse(struct str key, struct str value, struct queue_count *out);
bool restraint_parse(struct str key, struct str value, struct restraint_record *out);
bool warm_up_parse(struct str key, struct str value, struct warm_up_record *out);

/* NULL when damaged, or when an id is not of this chunk; else to be freed by the caller. */
roaring_bitmap_t *set_chunk_parse(struct str value, uint16_t chunk);

#endif
