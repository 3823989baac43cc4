#include "store/store.h"

#include <malloc.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "store/health.h"
#include "store/pages.h"
#include "store/private.h"
#include "store/restore.h"

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
    health_init(store);
    store_set_min_free(store, options->min_free);
    growing_init(&store->growing);
    pthread_mutex_init(&store->journals.lock, NULL);
    store->replies = reply_memory_new();
    map_init(store);
    return store;
}

static void store_free(struct store *store)
{
    if (store->env)
        mdb_env_close(store->env);
    map_release(store);
    folder_unlock(store);
    health_release(store);
    pthread_rwlock_destroy(&store->growing);
    pthread_mutex_destroy(&store->journals.lock);
    reply_memory_free(store->replies);
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
    return err_set(err, "The store %s cannot be opened: %s.%s", store->dir, mdb_strerror(rc),
                   room_advice(rc));
}

/* LMDB's own checks are assertions: what it finds there came onto the disk after the start, or is
 * beyond what store/pages.h can see. */
static void env_stop(MDB_env *env, const char *assertion)
{
    const struct store *store = mdb_env_get_userctx(env);
    log_say(
        LOG_ERROR, "store_damaged",
        "The file %s/data.mdb is damaged: LMDB met what cannot be (%s). tocsind stops here. Run "
        "\"tocsin check --data CONFIG\", and restore the data folder from a backup.",
        store->dir, assertion);
    log_flush();
    abort();
}

/* MDB_NOTLS: a reader belongs to its transaction, not to its thread. MDB_NORDAHEAD: keys are found
 * in no order of the disk. Every commit is synced: that is LMDB's default. */
static int env_open(struct store *store, size_t map_size, unsigned flags, struct err *err)
{
    int rc = mdb_env_create(&store->env);
    if (rc)
        return env_failed(store, rc, err);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    mdb_env_set_userctx(store->env, store);
    mdb_env_set_assert(store->env, env_stop);
    mdb_env_set_maxdbs(store->env, STORE_TABLES);
    mdb_env_set_maxreaders(store->env, MAX_READERS);
    mdb_env_set_mapsize(store->env, (map_size + page - 1) / page * page);
    rc = mdb_env_open(store->env, store->dir, MDB_NOTLS | MDB_NORDAHEAD | flags, 0600);
    if (rc)
        return env_failed(store, rc, err);
    MDB_envinfo info;
    mdb_env_info(store->env, &info);
    mdb_env_get_fd(store->env, &store->data_fd);
    store->map.size = info.me_mapsize; /* larger than asked for when the file is */
    return 0;
}

/* What the first transaction of a start finds and changes. */
struct opening {
    uint32_t version; /* of the store, before */
    struct restore restore;
};

static int try_tables(struct store *store, struct opening *opening, int *rc, struct err *err)
{
    struct txn txn;
    txn_start(store, &txn, 0);
    tables_open(&txn, MDB_CREATE);
    int failed = meta_open(&txn, &opening->version, err);
    if (!failed)
        restore_apply(&txn, &opening->restore);
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
static int open_tables(struct store *store, struct opening *opening, struct err *err)
{
    int rc;
    while (try_tables(store, opening, &rc, err)) {
        if (rc != MDB_MAP_FULL)
            return health_is_full(store, rc) ? err_prefix(err, "The disk is full, make room on it")
                                             : -1;
        map_grow(store);
    }
    map_locate(store);
    return 0;
}

static int tables_ready(struct store *store, struct err *err)
{
    struct opening opening = {.version = STORE_VERSION};
    restore_init(&opening.restore, store);
    int result = open_tables(store, &opening, err);
    if (result == 0 && opening.version && opening.version < STORE_VERSION)
        log_say(LOG_INFO, "store_upgraded",
                "The store %s had version %u and has version %d now: an older tocsind refuses it.",
                store->dir, opening.version, (int)STORE_VERSION);
    if (result == 0)
        result = restore_conclude(store, &opening.restore, err);
    restore_release(&opening.restore);
    return result;
}

static int env_again(struct store *store, struct err *err)
{
    struct txn txn;
    mdb_env_close(store->env);
    store->env = NULL;
    if (env_open(store, store->map.size, 0, err))
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
bool env_renew(struct store *store)
{
    struct err err;
    if (!map_take(store, false))
        return false;
    pthread_rwlock_wrlock(&store->growing);
    if (env_again(store, &err)) {
        log_say(LOG_ERROR, "store_lost", "%s tocsind stops here; start it again.", err.text);
        abort();
    }
    pthread_rwlock_unlock(&store->growing);
    map_give(store);
    malloc_trim(0); /* the pages lie between other allocations: glibc alone would keep them */
    return true;
}

/* LMDB is not let near a file that it would crash on. */
static int pages_ready(const struct store *store, struct err *err)
{
    char path[4096];
    struct findings findings = FINDINGS_FIRST;
    snprintf(path, sizeof(path), "%s/data.mdb", store->dir);
    pages_check(path, PAGES_BY_SIZE, NULL, &findings);
    int result = 0;
    if (findings.count)
        result = err_set(err,
                         "%.*s Run \"tocsin check --data CONFIG\" to see all that is wrong, and "
                         "restore the data folder from a backup.",
                         STR_ARG(str_trim(buf_str(&findings.text))));
    findings_release(&findings);
    return result;
}

struct store *store_open(const struct store_options *options, struct err *err)
{
    struct store *store = store_new(options);
    if (folder_lock(store, err) || folder_take_room(store, MAX_READERS, err) ||
        pages_ready(store, err) || env_open(store, options->map_size, 0, err) ||
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

struct store *store_hold(const char *dir, struct err *err)
{
    struct store *store = store_new(&(struct store_options){.dir = dir});
    if (folder_hold(store, err) == 0)
        return store;
    store_free(store);
    return NULL;
}

/* The smallest map: LMDB makes it as large as the file says. */
int store_open_to_read(struct store *store, struct err *err)
{
    return env_open(store, 1, MDB_RDONLY | MDB_NOLOCK, err);
}

void store_let_go(struct store *store)
{
    store_free(store);
}

void store_size(const struct store *store, uint64_t *file, uint64_t *used)
{
    *file = atomic_load(&store->file_size);
    *used = atomic_load(&store->used_size);
}
