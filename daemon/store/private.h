/*
 * What the files of this room know of the store and nobody else may: the environment, its map and
 * the writer's queue. `env`, `tables` and `map` change under the write side of `growing`
 * only; the writer's own fields belong to its thread.
 */
#ifndef TOCSIN_STORE_PRIVATE_H
#define TOCSIN_STORE_PRIVATE_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"
#include "store/writer.h"

struct map {
    size_t size;              /* bytes of address space given to LMDB */
    void *at;                 /* where it lies, or NULL when that is not known */
    int statm;                /* /proc/self/statm, or -1 */
    _Atomic unsigned readers; /* read transactions that ended */
};

struct write_queue {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* something was queued, or the store closes */
    struct write_op *first, **last;
    size_t records; /* of all that is queued */
    size_t urgent;  /* how many queued operations are */
    bool stopping;
};

struct store {
    char *dir;
    int lock_fd; /* the folder's lock */
    int data_fd; /* LMDB's data file, for its size: LMDB's own descriptor */
    MDB_env *env;
    MDB_dbi tables[STORE_TABLES];
    uint64_t secret; /* the seed of the address index */
    pthread_rwlock_t
        growing; /* read: a read transaction is open; write: the map is being replaced */
    struct map map;
    struct write_queue queue;
    pthread_t writer;
    int64_t commit_interval_ms;
    size_t commit_records;
    int64_t heavy_since; /* the writer's: when a large group was committed, milliseconds; 0: none */
    atomic_bool healthy;
    _Atomic uint64_t file_size, used_size;
};

/* lock.c: the folder, made when it is missing, and held. */
int folder_lock(struct store *store, struct err *err);
void folder_unlock(struct store *store);

/* map.c: where the map is, how it grows, and how it leaves the process's resident memory. */
void map_init(struct store *store);
void map_release(struct store *store);
void map_locate(struct store *store);
void map_grow(struct store *store);
void map_trim(struct store *store);
void map_reader_left(struct store *store);
void map_touched(struct txn *txn);

/* txn.c: a transaction without the lock on the map: for the writer, who alone replaces that.
 * `flags` is MDB_RDONLY or 0. Commit ends it either way: 0, or the sticky error. */
void txn_start(struct store *store, struct txn *txn, unsigned flags);
int txn_commit(struct txn *txn);
void txn_abort(struct txn *txn);

/* store.c: closes the environment and opens it again, for the memory that it keeps. Writer only. */
void env_renew(struct store *store);

/* table.c: opens all tables, for the first transaction of an environment. `flags` is MDB_CREATE or
 * 0. */
void tables_open(struct txn *txn, unsigned flags);

/* Bytes in the pages of all tables, as the transaction sees them. */
uint64_t tables_size(struct txn *txn);

/* meta.c: the version and the secret, made or checked. */
int meta_open(struct txn *txn, struct err *err);

/* writer.c */
int writer_start(struct store *store, struct err *err);
void writer_stop(struct store *store);
void writer_measure(struct store *store, uint64_t used);

#endif
