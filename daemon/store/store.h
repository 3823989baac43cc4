/*
 * The LMDB environment and its transactions. One process holds a data folder (a lock file says so);
 * the map grows by itself. Reading: any thread, a short transaction of its own; nothing read stays
 * valid after `txn_end`. Writing: only the writer thread (store/writer.h), which hands its
 * transaction to operations.
 *
 * A transaction carries a sticky error: after the first failure of LMDB every further call on it
 * does nothing and answers "absent"; whoever began it asks `txn_failed` once, at the end. Damaged
 * records count as failures too: they are never skipped in silence.
 *
 * The store carries a version (table `meta`, key "version"): a newer one is refused.
 */
#ifndef TOCSIN_STORE_STORE_H
#define TOCSIN_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct store;
struct queue_changes;
struct MDB_txn;

struct store_options {
    const char *dir; /* created (0700) when it does not exist; its parent must */
    size_t map_size; /* to start with, bytes; grows by doubling (at most by 16 GiB a step) */
    int64_t commit_interval_ms; /* the writer gathers operations this long before it commits */
    unsigned commit_records; /* … or until so many records are gathered; a group takes up to 4 KiB
                                of memory for each record that stands alone */
    uint64_t min_free; /* with less room on the disk, bytes, nothing new is begun; 0: never mind */
};

/* Opens or creates the store and starts its writer thread. NULL with a sentence: the folder is held
 * by another daemon (with its pid), has a newer version, is damaged, or cannot be made. */
struct store *store_open(const struct store_options *options, struct err *err);

/* Commits what is queued, stops the writer, closes. No transaction may be open. NULL is fine. When
 * commits fail even then (a full disk), what is queued is tried once more, and logged as lost. */
void store_close(struct store *store);

enum { STORE_TABLES = 19, TXN_KEY_SHOWN = 32 };

/* One transaction. Its fields belong to store/: others ask `txn_failed`. */
struct txn {
    struct MDB_txn *mdb;
    struct store *store;
    struct MDB_cursor *cursors[STORE_TABLES]; /* opened when first needed, closed at the end */
    struct queue_changes *queue_changes;      /* the writer's (store/queue_counts.c); NULL: none */
    int rc;                                   /* the sticky error: 0, or LMDB's or errno's code */
    const char *step;                         /* what failed, for the sentence: "reading" */
    const char *table;                        /* where; NULL when it was no record's fault */
    uint8_t key[TXN_KEY_SHOWN];
    size_t key_len;
    unsigned steps; /* records touched, to look at the resident size now and then */
};

/* A read transaction: a snapshot. Keep it short (milliseconds): a long one makes the file grow, and
 * the map cannot grow while it is open. At most one at a time in a thread, and none where a write
 * operation is awaited: the writer may be waiting for it to end. Always pair with txn_end, in the
 * same thread, also after -1. */
int txn_begin(struct store *store, struct txn *txn);
void txn_end(struct txn *txn);

/* Which state of the store it sees, or makes if it writes: grows with every commit. */
uint64_t txn_state(const struct txn *txn);

/* 0, or -1 with the sentence of the first failure. Before or after txn_end. */
int txn_failed(const struct txn *txn, struct err *err);

/* Bytes that the data file takes, and bytes of it in use, as of the last commit. */
void store_size(const struct store *store, uint64_t *file, uint64_t *used);

/* Whether new work may begin: commits work, and the disk has room. store/health.h says why not. */
bool store_healthy(const struct store *store);

/* False while commits fail (a full disk, say); the writer goes on trying once a second. */
bool store_writable(const struct store *store);

#endif
