#include "store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/private.h"
#include "store/table.h"

enum {
    PIECE = 1024 * 1024,
    ROOM_LEAST = 256 * 1024 * 1024, /* free in the map before a copy begins … */
    ROOM_SHARE = 4,                 /* … or this part of what is used, if that is more */
    LOOK_MS = 50
};

/* -- Room in the map. The writer alone can grow it, and does when an operation meets a full one. */

/* Owned by the one who waits and by the writer: the last of them frees it. */
struct room {
    struct write_op op;
    sem_t made;
    atomic_uint owners;
};

static void room_unref(struct room *room)
{
    if (atomic_fetch_sub(&room->owners, 1) > 1)
        return;
    sem_destroy(&room->made);
    free(room);
}

static void room_apply(struct txn *txn, struct write_op *op)
{
    struct store *store = txn->store;
    MDB_envinfo info;
    MDB_stat stat;
    (void)op;
    mdb_env_info(store->env, &info);
    mdb_env_stat(store->env, &stat);
    size_t used = (info.me_last_pgno + 1) * stat.ms_psize;
    size_t wanted = used / ROOM_SHARE > ROOM_LEAST ? used / ROOM_SHARE : ROOM_LEAST;
    if (info.me_mapsize < used + wanted)
        txn_fail(txn, MDB_MAP_FULL, "making room for a copy in", TABLE_META, STR(""));
}

static void room_done(struct write_op *op)
{
    struct room *room = (struct room *)(void *)op;
    sem_post(&room->made);
    room_unref(room);
}

static bool wait_a_little(sem_t *sem)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    return sem_clockwait(sem, CLOCK_MONOTONIC, &until) == 0;
}

static int give_up(struct err *err)
{
    return err_set(err, "The backup was given up, because tocsind stops.");
}

/* While nothing can be committed this waits: cancelling ends it, the writer keeps the operation. */
static int make_room(const struct snapshot *snapshot, struct err *err)
{
    struct room *room = NEW(struct room);
    room->op = (struct write_op){.apply = room_apply, .done = room_done, .urgent = true};
    sem_init(&room->made, 0, 0);
    atomic_store(&room->owners, 2);
    store_submit(snapshot->store, &room->op);
    bool made = false;
    while (!made && !atomic_load(snapshot->cancelled))
        made = wait_a_little(&room->made);
    room_unref(room);
    return made ? 0 : give_up(err);
}

/* -- The copy. */

/* LMDB reads its pages in the order of keys: the disk is faster in its own order. */
static void warm(const struct snapshot *snapshot)
{
    uint64_t size, used;
    store_size(snapshot->store, &size, &used);
    for (uint64_t at = 0; at < size && !atomic_load(snapshot->cancelled); at += PIECE)
        posix_fadvise(snapshot->store->data_fd, (off_t)at, PIECE, POSIX_FADV_WILLNEED);
}

/* The thread that LMDB copies on. It holds no lock of ours: map_hold keeps the environment. */
struct source {
    struct store *store;
    int out; /* the pipe's end to write to */
    int rc;
    pthread_t thread;
};

static void *source_run(void *arg)
{
    struct source *source = arg;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE); /* a pipe that is closed is how we end it */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    source->rc = mdb_env_copyfd2(source->store->env, source->out, MDB_CP_COMPACT);
    close(source->out);
    return NULL;
}

/* Reads the pipe to its end, unless there is a reason not to. */
static enum snapshot_result pump(struct snapshot *snapshot, int in, char *piece, struct err *err)
{
    for (;;) {
        if (atomic_load(snapshot->cancelled))
            return give_up(err);
        if (map_is_wanted(snapshot->store))
            return SNAPSHOT_OUTGROWN;
        ssize_t n = read(in, piece, PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, "The copy of the store cannot be read: %s.", strerror(errno));
        if (n == 0)
            return SNAPSHOT_DONE;
        if (snapshot->take(snapshot->ctx, str_from(piece, (size_t)n), err) != 0)
            return SNAPSHOT_FAILED;
        map_trim(snapshot->store);
    }
}

static int source_failed(const struct source *source, struct err *err)
{
    if (source->rc == MDB_INCOMPATIBLE || source->rc == MDB_CORRUPTED ||
        source->rc == MDB_PAGE_NOTFOUND)
        return err_set(err,
                       "The store %s cannot be copied, because pages of it are lost (%s): it may "
                       "be damaged. Stop tocsind and look at it with \"tocsin check\".",
                       source->store->dir, mdb_strerror(source->rc));
    return err_set(err, "The store %s cannot be copied: %s.", source->store->dir,
                   mdb_strerror(source->rc));
}

static enum snapshot_result copy(struct snapshot *snapshot, int in, struct source *source,
                                 struct err *err)
{
    int rc = pthread_create(&source->thread, NULL, source_run, source);
    if (rc) {
        close(source->out);
        close(in);
        return err_set(err, "No thread can be started for the copy: %s.", strerror(rc));
    }
    char *piece = alloc(PIECE);
    enum snapshot_result result = pump(snapshot, in, piece, err);
    free(piece);
    close(in);
    pthread_join(source->thread, NULL);
    return result == SNAPSHOT_DONE && source->rc ? source_failed(source, err) : result;
}

static enum snapshot_result copy_held(struct snapshot *snapshot, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, "No pipe can be made for the copy: %s.", strerror(errno));
    fcntl(ends[0], F_SETPIPE_SZ, PIECE);
    struct source source = {.store = snapshot->store, .out = ends[1]};
    return copy(snapshot, ends[0], &source, err);
}

enum snapshot_result snapshot_read(struct snapshot *snapshot, struct err *err)
{
    if (make_room(snapshot, err) != 0)
        return SNAPSHOT_FAILED;
    warm(snapshot);
    if (!map_hold(snapshot->store))
        return err_set(err, "A backup is being taken already: wait until it is over.");
    enum snapshot_result result = copy_held(snapshot, err);
    map_let_go(snapshot->store);
    return result;
}
