/*
 * The audience expression: whom a message is for. Parsing is pure; resolving is set algebra over
 * the store's sets and gives a set of contact ids. Suppressed contacts are not taken out here: the
 * gate at rendering does that, when the truth is the latest. `job:12` is everybody whom that job is
 * for, whatever became of it; with a state, those for whom the ledger says that at this moment.
 *
 *     segment  = and-term *( "or" and-term )
 *     and-term = not-term *( "and" not-term )
 *     not-term = "not" not-term / primary
 *     primary  = "(" segment ")" / "all" / "list:" text / "email:" text / "job:" job
 *     job      = number [ ":" state ]                  ; quoted or not, as text
 *     state    = "queued" / "deferred" / "in_doubt" / "delivered" / "bounced" / "skipped" /
 *                "expired" / "cancelled"
 *     text     = 1*( any character but space, parentheses and quote ) / DQUOTE *( any but DQUOTE )
 * DQUOTE
 *
 * `not` binds closest, `or` loosest. Keywords are known in any case.
 */
#ifndef TOCSIN_AUDIENCE_SEGMENT_H
#define TOCSIN_AUDIENCE_SEGMENT_H

#include <roaring/roaring.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/jobs.h"

enum {
    SEGMENT_MAX_LENGTH = 4096,
    SEGMENT_MAX_DEPTH = 64,
    SEGMENT_MAX_WALKS = 8, /* job:NUMBER:STATE: each goes through the ledger of a job */
};

enum segment_kind {
    SEGMENT_ALL,
    SEGMENT_LIST,
    SEGMENT_EMAIL,
    SEGMENT_JOB,
    SEGMENT_NOT, /* of left */
    SEGMENT_AND,
    SEGMENT_OR,
};

struct segment_node {
    enum segment_kind kind;
    unsigned column; /* where it begins, in characters from 1 */
    struct str text; /* SEGMENT_LIST, SEGMENT_EMAIL, SEGMENT_JOB */
    uint32_t job;    /* SEGMENT_JOB: its number */
    bool by_state;   /* … and only those who are in `state` there */
    enum recipient_state state;
    struct segment_node *left, *right;
};

struct segment {
    struct arena memory;
    struct segment_node *root;
};

/* -1 with a sentence that names the column. Release it in any case; it keeps no view of `text`. */
int segment_parse(struct str text, struct segment *out, struct err *err);
void segment_release(struct segment *segment);

/* The contacts, to be freed with roaring_bitmap_free. -1 with a sentence when a list, contact
 * or job that it names does not exist (nor anything in `out`), or the store fails. */
int segment_resolve(struct txn *txn, const struct segment *segment, roaring_bitmap_t **out,
                    struct err *err);

/* How many contacts an expression has now: both of the above. */
int segment_count(struct txn *txn, struct str text, uint64_t *count, struct err *err);

#endif
