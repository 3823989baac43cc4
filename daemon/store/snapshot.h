/*
 * The database as one moment has it, written to a file while the writer goes on. LMDB's own copying
 * cannot be interrupted, so it writes into a pipe, and whoever reads the pipe may close it.
 *
 * The copy is a compact one: pages that hold nothing are left out, and with them what was deleted
 * (an erased contact is not in it), and every page is read once, so that a damaged tree is
 * noticed.
 *
 * While it runs, LMDB keeps the snapshot's pages: the file grows by what is written meanwhile. The
 * map must stay too (map_hold); so room is made in it beforehand. If that is not enough, it is the
 * copy that gives way, not the writer: SNAPSHOT_OUTGROWN, and the copy can begin again at once.
 */
#ifndef TOCSIN_STORE_SNAPSHOT_H
#define TOCSIN_STORE_SNAPSHOT_H

#include <stdatomic.h>

#include "store/store.h"

enum snapshot_result { SNAPSHOT_DONE = 0, SNAPSHOT_FAILED = -1, SNAPSHOT_OUTGROWN = 1 };

struct snapshot {
    struct store *store;
    const atomic_bool *cancelled; /* looked at before each piece */

    /* Takes the next piece. -1 with a sentence ends the copy. */
    int (*take)(void *ctx, struct str piece, struct err *err);
    void *ctx;
};

/* For one at a time. Failed: with a sentence; that of `take`, if it was the one. */
enum snapshot_result snapshot_read(struct snapshot *snapshot, struct err *err);

#endif
