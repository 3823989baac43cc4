/*
 * The one thread that writes. Anybody submits operations; the writer gathers them into a group,
 * runs each one's `apply` in one LMDB transaction, commits (with a sync to disk), and then calls
 * each one's `done`. An operation's result is therefore durable when `done` runs.
 *
 *   submit → [queue] → apply … apply → commit → done … done
 *                 ↑                       │ map full: grow, apply the group again
 *                 └── (disk full: wait 1 s, apply the group again, until it fits)
 *
 * `apply` may run more than once for that reason: it works from the store and its own input alone,
 * checks before it writes (a refused operation writes nothing and notes its refusal in itself), and
 * changes no memory that others see; `done` does that. `done` may free the operation. Both run on
 * the writer's thread, in the order of submission, and must not block; `done` may read and submit.
 * Operations that go ahead come before those that do not, and among themselves keep that order too.
 *
 * A long operation asks now and then whether one that goes ahead is waiting (store_is_hurried),
 * ends early if so, and is submitted again for the rest.
 *
 * Patient operations that are submitted while the disk has less room than `min_free` wait until it
 * has more, or the store closes; the order of submission does not hold for them then.
 *
 * A group that cannot be committed is never dropped while the store is open, whatever the reason: a
 * damaged record that an operation meets stops all writing until somebody repairs the folder.
 */
#ifndef TOCSIN_STORE_WRITER_H
#define TOCSIN_STORE_WRITER_H

#include "store/store.h"

struct write_op {
    void (*apply)(struct txn *txn, struct write_op *op);
    void (*done)(struct write_op *op);
    unsigned records; /* about how many records it writes, for the size of a group */
    bool urgent;      /* somebody waits: commit now rather than after the interval */
    bool ahead;       /* … and before what was submitted earlier; for short operations */
    bool patient;     /* it brings new work: held back while the disk has little room */
    struct write_op *next;
};

/* Queues an operation; the embedding object must live until `done`. */
void store_submit(struct store *store, struct write_op *op);

/* For `apply`: whether an operation waits that goes ahead. It takes a lock: ask every some hundred
 * records. */
bool store_is_hurried(struct store *store);

/* Submits an operation that has only `apply`, and returns when it is durable, however long that
 * takes. For the start, where nothing else is to be done. */
void store_run(struct store *store, struct write_op *op);

#endif
