/*
 * LMDB reads through one shared, read-only map of the data file. Two things about it need care.
 *
 * It has a size, which LMDB changes only while no transaction of this process is open. So readers
 * hold the read side of `growing`, and the writer takes the write side to give LMDB a larger map;
 * the lock prefers the writer, else a steady stream of readers would keep it out for ever. A copy
 * of the database reads for seconds or minutes: it holds the map instead, so that a writer who
 * wants another map waits before that lock, where it keeps no reader out, and the copy gives way.
 *
 * Its pages count as resident memory of the process once they were read, although they are the page
 * cache's: a walk over a million contacts would look like a leak of 200 MB, and a memory limit of
 * systemd would count it so. When the file-backed part of the resident size is above a bound, the
 * map is dropped with MADV_DONTNEED. For a shared file map that discards page table entries and
 * nothing else: the data stays in the page cache, and a reader that is in the middle of a page
 * takes a minor fault and goes on with the same bytes (madvise(2)). Dirty pages are never in the
 * map: LMDB without MDB_WRITEMAP keeps them in its heap and writes them with pwrite.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "store/private.h"
#include "store/table.h"

enum {
    RESIDENT_BOUND = 32 * 1024 * 1024,
    READERS_BETWEEN_LOOKS = 64, /* transactions */
    STEPS_BETWEEN_LOOKS = 512,  /* records in one; the kernel maps up to 64 KiB around each */
};
static const size_t LARGEST_STEP = (size_t)16 * 1024 * 1024 * 1024;

void map_init(struct store *store)
{
    store->map.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    pthread_mutex_init(&store->map.replacing, NULL);
    pthread_cond_init(&store->map.let_go, NULL);
}

void map_release(struct store *store)
{
    if (store->map.statm >= 0)
        close(store->map.statm);
    store->map.statm = -1;
    pthread_cond_destroy(&store->map.let_go);
    pthread_mutex_destroy(&store->map.replacing);
}

/* LMDB tells its map's address for fixed maps only. But a stored value lies in the map, and the
 * kernel's list says where the map around it begins. NULL when it does not. */
static void *map_around(const void *inside)
{
    FILE *list = fopen("/proc/self/maps", "re");
    char line[512];
    void *found = NULL;
    while (list && !found && fgets(line, sizeof(line), list)) {
        char *dash;
        uintptr_t from = (uintptr_t)strtoull(line, &dash, 16);
        uintptr_t until = *dash == '-' ? (uintptr_t)strtoull(dash + 1, NULL, 16) : 0;
        if (from <= (uintptr_t)inside && (uintptr_t)inside < until)
            found = (void *)from;
    }
    if (list)
        fclose(list);
    return found;
}

void map_locate(struct store *store)
{
    struct txn txn;
    struct str found, value;
    MDB_envinfo info;
    mdb_env_info(store->env, &info);
    store->map.size = info.me_mapsize;
    txn_start(store, &txn, MDB_RDONLY);
    store->map.at = table_last(&txn, TABLE_META, &found, &value) ? map_around(value.at) : NULL;
    txn_abort(&txn);
}

/* When LMDB cannot place the new map it has already given up the old one: there is nothing to go on
 * with. What was committed is safe, and a start takes it from there. */
static void map_lost(const struct store *store, size_t size, int rc)
{
    log_say(LOG_ERROR, "store_map_lost",
            "The store %s cannot map %zu bytes: %s. Allow tocsind more address space (RLIMIT_AS, "
            "LimitAS=). It stops here.",
            store->dir, size, mdb_strerror(rc));
    abort();
}

bool map_hold(struct store *store)
{
    struct map *map = &store->map;
    pthread_mutex_lock(&map->replacing);
    bool held = map->held;
    map->held = true;
    pthread_mutex_unlock(&map->replacing);
    return !held;
}

void map_let_go(struct store *store)
{
    struct map *map = &store->map;
    pthread_mutex_lock(&map->replacing);
    map->held = false;
    pthread_cond_signal(&map->let_go);
    pthread_mutex_unlock(&map->replacing);
}

bool map_is_wanted(const struct store *store)
{
    return atomic_load(&store->map.wanted);
}

bool map_take(struct store *store, bool wait)
{
    struct map *map = &store->map;
    pthread_mutex_lock(&map->replacing);
    atomic_store(&map->wanted, wait);
    while (map->held && wait)
        pthread_cond_wait(&map->let_go, &map->replacing);
    atomic_store(&map->wanted, false);
    if (!map->held)
        return true;
    pthread_mutex_unlock(&map->replacing);
    return false;
}

void map_give(struct store *store)
{
    pthread_mutex_unlock(&store->map.replacing);
}

void map_grow(struct store *store)
{
    map_take(store, true);
    pthread_rwlock_wrlock(&store->growing);
    size_t step = store->map.size < LARGEST_STEP ? store->map.size : LARGEST_STEP;
    size_t size = store->map.size + step;
    int rc = mdb_env_set_mapsize(store->env, size);
    if (rc)
        map_lost(store, size, rc);
    map_locate(store);
    pthread_rwlock_unlock(&store->growing);
    map_give(store);
    log_say(LOG_INFO, "store_map_grown", "The store %s may now hold %zu MiB.", store->dir,
            size >> 20);
}

/* The file-backed part of the resident size (proc(5): the third field of statm), in bytes. */
static size_t resident(const struct store *store)
{
    char text[128];
    ssize_t len = store->map.statm < 0 ? 0 : pread(store->map.statm, text, sizeof(text), 0);
    struct str rest = str_from(text, len > 0 ? (size_t)len : 0);
    uint64_t pages = 0;
    str_cut(&rest, ' ');
    str_cut(&rest, ' ');
    if (!str_to_u64(str_cut(&rest, ' '), &pages))
        return 0;
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

void map_trim(struct store *store)
{
    if (store->map.at && resident(store) > RESIDENT_BOUND)
        madvise(store->map.at, store->map.size, MADV_DONTNEED);
}

void map_touched(struct txn *txn)
{
    if (++txn->steps % STEPS_BETWEEN_LOOKS == 0)
        map_trim(txn->store);
}

void map_reader_left(struct store *store)
{
    unsigned before = atomic_fetch_add_explicit(&store->map.readers, 1, memory_order_relaxed);
    if (before % READERS_BETWEEN_LOOKS == 0)
        map_trim(store);
}
