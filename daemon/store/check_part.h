/*
 * What the parts of the check of a data folder share. For this room only. The parts run in the
 * order of this header, and what one gathers those after it use: `names`, `contacts` and `jobs`
 * hold the ids that there are.
 *
 * Within a walk of a table (check_each), others may be asked with table_get; a second walk of the
 * same table would lose the place of the first.
 */
#ifndef TOCSIN_STORE_CHECK_PART_H
#define TOCSIN_STORE_CHECK_PART_H

#include <roaring/roaring.h>

#include "store/findings.h"
#include "store/record.h"
#include "store/table.h"

enum { CHECK_NAME_KINDS = 256 };

struct check {
    struct store *store;
    struct txn txn;
    struct findings findings;
    roaring_bitmap_t *names[CHECK_NAME_KINDS]; /* by kind; NULL: there are none */
    roaring_bitmap_t *contacts;
    roaring_bitmap_t *jobs;
    uint64_t addresses; /* ids in the index of addresses */
};

typedef void check_record(struct check *check, struct str key, struct str value);

/* Calls `each` for every record of a table whose key begins with `prefix`; NULL: for all. */
void check_each(struct check *check, enum table table, const struct key *prefix,
                check_record *each);

/* Adds a finding about one record; what follows is the end of a sentence. */
void check_say(struct check *check, enum table table, struct str key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* True if there is a name of this number. */
bool check_has_name(const struct check *check, unsigned kind, uint32_t id);

/* The set of one owner; chunks that are damaged are left out (and reported by check_sets). To be
 * freed by the caller. */
roaring_bitmap_t *check_set(struct check *check, enum set_kind kind, uint32_t owner);

void check_meta(struct check *check);
void check_names(struct check *check);
void check_contacts(struct check *check);
void check_messages(struct check *check);
void check_jobs(struct check *check);     /* each record of the tables that belong to jobs */
void check_sets(struct check *check);     /* after contacts and jobs */
void check_job_sums(struct check *check); /* what must agree between those tables */
void check_queue_counts(struct check *check);
void check_others(struct check *check);

#endif
