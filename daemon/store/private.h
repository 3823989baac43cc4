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

#include "store/replies.h"
#include "store/store.h"
#include "store/writer.h"

struct map {
    size_t size;              /* bytes of address space given to LMDB */
    void *at;                 /* where it lies, or NULL when that is not known */
    int statm;                /* /proc/self/statm, or -1 */
    _Atomic unsigned readers; /* read transactions that ended */

    pthread_mutex_t replacing; /* held while it is being replaced, and for what follows */
    pthread_cond_t let_go;
    bool held;          /* a copy is being made (store/snapshot.h): it must stay */
    atomic_bool wanted; /* … and the writer waits for the end of that */
};

struct write_queue {
    pthread_mutex_t lock;
    pthread_cond_t wake;                /* something was queued, or the store closes */
    struct write_op *first, **last;     /* those that go ahead, then the others */
    struct write_op **last_ahead;       /* where the next one that goes ahead is put */
    struct write_op *held, **held_last; /* patient ones, while there is little room */
    size_t records;                     /* of all that is queued */
    size_t urgent, ahead;               /* how many queued operations are */
    bool stopping;
};

struct journals {
    pthread_mutex_t lock;
    struct journal *first;
};

struct health {
    atomic_bool writable, roomy;
    _Atomic unsigned recoveries;
    _Atomic uint64_t min_free, free; /* bytes */
    pthread_mutex_t lock;
    char failure[sizeof(struct err) + 32]; /* of the last commit that failed; under the lock */
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
    struct journals journals;
    struct reply_memory *replies; /* the writer's */
    pthread_t writer;
    int64_t commit_interval_ms;
    size_t commit_records;
    int64_t heavy_since; /* the writer's: when a large group was committed, milliseconds; 0: none */
    struct health health;
    _Atomic uint64_t file_size, used_size;
};

/* lock.c: the folder, made when it is missing, and held. */
int folder_lock(struct store *store, struct err *err);
void folder_unlock(struct store *store);

/* lock.c: takes the disk's room for LMDB's table of readers. LMDB writes there through a shared
 * map, where a full disk is no error to return, but the end of the process (SIGBUS). */
int folder_take_room(const struct store *store, unsigned readers, struct err *err);

/* What a sentence about an errno goes on with: " Make room on the disk.", or nothing. */
const char *room_advice(int code);

/* The same for who only looks: shared with others who do, nothing is made or written. */
int folder_hold(struct store *store, struct err *err);

/* map.c: where the map is, how it grows, and how it leaves the process's resident memory. */
void map_init(struct store *store);
void map_release(struct store *store);
void map_locate(struct store *store);
void map_grow(struct store *store);
void map_trim(struct store *store);
void map_reader_left(struct store *store);

/* Keeps map and environment where they are, for longer than a read transaction may; readers and
 * the writer go on. False when somebody does so already. Let go of it soon when it is wanted. */
bool map_hold(struct store *store);
void map_let_go(struct store *store);
bool map_is_wanted(const struct store *store);

/* For the writer, around what replaces the map: false (and nothing is taken) if it is held and
 * `wait` is not set. */
bool map_take(struct store *store, bool wait);
void map_give(struct store *store);
void map_touched(struct txn *txn);

/* txn.c: a transaction without the lock on the map: for the writer, who alone replaces that.
 * `flags` is MDB_RDONLY or 0. Commit ends it either way: 0, or the sticky error. */
void txn_start(struct store *store, struct txn *txn, unsigned flags);
int txn_commit(struct txn *txn);
void txn_abort(struct txn *txn);

/* store.c: a store that is only looked at, in two steps: its folder is held (NULL with a sentence),
 * then LMDB opens it to read. It has no writer, and no tables: see tables_open. */
struct store *store_hold(const char *dir, struct err *err);
int store_open_to_read(struct store *store, struct err *err);
void store_let_go(struct store *store);

/* store.c: closes the environment and opens it again, for the memory that it keeps. Writer only.
 * False when the map is held: not now. */
bool env_renew(struct store *store);

/* table.c: opens all tables, for the first transaction of an environment. `flags` is MDB_CREATE or
 * 0. */
void tables_open(struct txn *txn, unsigned flags);

/* queue_counts.c: what the transaction changed in the queue is noted with it (`by` records more),
 * written when somebody reads a count, many gathered, or it is committed, and dropped with it. */
void queue_counts_change(struct txn *txn, uint32_t job, uint32_t domain, int by);
void queue_counts_settle(struct txn *txn);
void queue_counts_drop(struct txn *txn);

/* All of them, from the queue, into an empty table: one walk. */
void queue_counts_make(struct txn *txn);

/* Bytes in the pages of all tables, as the transaction sees them. */
uint64_t tables_size(struct txn *txn);

/* meta.c: the version and the secret, made or checked, and an older store brought to this version.
 * `before` is the version that was found; 0: a new store. */
enum { STORE_VERSION = 3 };
int meta_open(struct txn *txn, uint32_t *before, struct err *err);

/* journal.c: brings all journals to the disk; 0 or errno. Writer only. */
int journals_sync(struct store *store);

/* writer.c */
int writer_start(struct store *store, struct err *err);
void writer_stop(struct store *store);
void writer_measure(struct store *store, uint64_t used);
void writer_release_held(struct store *store); /* there is room again: patient operations go on */

/* health.c: the writer's, after health_init. A look asks the file system for its free space. */
void health_init(struct store *store);
void health_release(struct store *store);
void health_look(struct store *store);
void health_failed(struct store *store, int rc, const char *sentence);
void health_worked(struct store *store);

/* Whether a commit that failed with `rc` did so for want of room. */
bool health_is_full(const struct store *store, int rc);

#endif
