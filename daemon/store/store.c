#include "store/store.h"

#include <malloc.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "store/private.h"

enum { MAX_READERS = 512 }; /* read transactions at one time, for the whole machine */

/* A lock that prefers its writer: glibc's default lets readers in while a writer waits. */
static void growing_init(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attr);
    pthread_rwlockattr_destroy(&attr);
}

static struct store *store_new(const struct store_options *options)
{
    struct store *store = NEW(struct store);
    store->dir = str_dup(str_of(options->dir));
    store->lock_fd = -1;
    store->commit_interval_ms = options->commit_interval_ms;
    store->commit_records = options->commit_records ? options->commit_records : 1;
    atomic_store(&store->healthy, true);
    growing_init(&store->growing);
    map_init(store);
    return store;
}

static void store_free(struct store *store)
{
    if (store->env)
        mdb_env_close(store->env);
    map_release(store);
    folder_unlock(store);
    pthread_rwlock_destroy(&store->growing);
    free(store->dir);
    free(store);
}

static int env_failed(const struct store *store, int rc, struct err *err)
{
    if (rc == MDB_INVALID || rc == MDB_CORRUPTED || rc == MDB_VERSION_MISMATCH)
        return err_set(err,
                       "The file %s/data.mdb is damaged or no store of tocsin (%s): restore the "
                       "data folder from a copy, or choose another data_dir.",
                       store->dir, mdb_strerror(rc));
    return err_set(err, "The store %s cannot be opened: %s.", store->dir, mdb_strerror(rc));
}

/* MDB_NOTLS: a reader belongs to its transaction, not to its thread. MDB_NORDAHEAD: keys are found
 * in no order of the disk. Every commit is synced: that is LMDB's default. */
static int env_open(struct store *store, size_t map_size, struct err *err)
{
    int rc = mdb_env_create(&store->env);
    if (rc)
        return env_failed(store, rc, err);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    mdb_env_set_maxdbs(store->env, STORE_TABLES);
    mdb_env_set_maxreaders(store->env, MAX_READERS);
    mdb_env_set_mapsize(store->env, (map_size + page - 1) / page * page);
    rc = mdb_env_open(store->env, store->dir, MDB_NOTLS | MDB_NORDAHEAD, 0600);
    if (rc)
        return env_failed(store, rc, err);
    MDB_envinfo info;
    mdb_env_info(store->env, &info);
    mdb_env_get_fd(store->env, &store->data_fd);
    store->map.size = info.me_mapsize; /* larger than asked for when the file is */
    return 0;
}

static int try_tables(struct store *store, int *rc, struct err *err)
{
    struct txn txn;
    txn_start(store, &txn, 0);
    tables_open(&txn, MDB_CREATE);
    int failed = meta_open(&txn, err);
    uint64_t used = tables_size(&txn);
    *rc = txn.rc;
    if (failed) {
        txn_abort(&txn);
        return -1;
    }
    *rc = txn_commit(&txn);
    writer_measure(store, used);
    return txn_failed(&txn, err);
}

/* The smallest map cannot even hold the tables' roots, and a full one from before not this commit.
 */
static int tables_ready(struct store *store, struct err *err)
{
    int rc;
    while (try_tables(store, &rc, err)) {
        if (rc != MDB_MAP_FULL)
            return -1;
        map_grow(store);
    }
    map_locate(store);
    return 0;
}

static int env_again(struct store *store, struct err *err)
{
    struct txn txn;
    mdb_env_close(store->env);
    store->env = NULL;
    if (env_open(store, store->map.size, err))
        return -1;
    txn_start(store, &txn, MDB_RDONLY);
    tables_open(&txn, 0);
    txn_commit(&txn);
    map_locate(store);
    return txn_failed(&txn, err);
}

/*
 * LMDB keeps every page that it ever held dirty at one time, for the next transaction: after an
 * import of a million contacts that is 40 MB which a quiet day never needs. It gives them back when
 * the environment is closed, which takes a millisecond.
 */
void env_renew(struct store *store)
{
    struct err err;
    pthread_rwlock_wrlock(&store->growing);
    if (env_again(store, &err)) {
        log_say(LOG_ERROR, "store_lost", "%s tocsind stops here; start it again.", err.text);
        abort();
    }
    pthread_rwlock_unlock(&store->growing);
    malloc_trim(0); /* the pages lie between other allocations: glibc alone would keep them */
}

struct store *store_open(const struct store_options *options, struct err *err)
{
    struct store *store = store_new(options);
    if (folder_lock(store, err) || env_open(store, options->map_size, err) ||
        tables_ready(store, err) || writer_start(store, err)) {
        store_free(store);
        return NULL;
    }
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    writer_stop(store);
    store_free(store);
}

void store_size(const struct store *store, uint64_t *file, uint64_t *used)
{
    *file = atomic_load(&store->file_size);
    *used = atomic_load(&store->used_size);
}

bool store_healthy(const struct store *store)
{
    return atomic_load(&store->healthy);
}
