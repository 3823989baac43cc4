#include "store/writer.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/private.h"

enum {
    RETRY_MS = 1000,
    IDLE_MS = 1000,       /* a quiet writer looks at the disk so often */
    HEAVY_RECORDS = 4000, /* a group of so many may leave LMDB with 16 MB or more */
    SPARE_DESCRIPTORS = 8,
    HEAVY_MOST_MS = 10000 /* … which are given back in the first quiet second, or soon after so
                             long, when writing goes on in small groups */
};

static struct metric commits = {
    .name = "tocsin_store_commits_total",
    .help = "Groups of write operations that were committed.",
    .kind = METRIC_COUNTER,
};
static struct metric operations = {
    .name = "tocsin_store_operations_total",
    .help = "Write operations that were committed.",
    .kind = METRIC_COUNTER,
};
static struct metric commit_time = {
    .name = "tocsin_store_commit_microseconds_total",
    .help = "Time spent applying and committing groups, retries included.",
    .kind = METRIC_COUNTER,
};
static struct metric retries = {
    .name = "tocsin_store_retries_total",
    .help = "Groups that failed to commit and were applied again, a grown map not counted.",
    .kind = METRIC_COUNTER,
};
static struct metric map_size = {
    .name = "tocsin_store_map_bytes",
    .help = "How large the data file may grow before the map grows.",
    .kind = METRIC_GAUGE,
};
static struct metric file_size = {
    .name = "tocsin_store_file_bytes",
    .help = "Size of the data file.",
    .kind = METRIC_GAUGE,
};
static struct metric used_size = {
    .name = "tocsin_store_used_bytes",
    .help = "Bytes of the data file that hold records.",
    .kind = METRIC_GAUGE,
};

void writer_measure(struct store *store, uint64_t used)
{
    struct stat stat;
    uint64_t file = fstat(store->data_fd, &stat) ? 0 : (uint64_t)stat.st_size;
    atomic_store(&store->file_size, file);
    atomic_store(&store->used_size, used);
    metric_set(&map_size, (int64_t)store->map.size);
    metric_set(&file_size, (int64_t)file);
    metric_set(&used_size, (int64_t)used);
}

static size_t op_records(const struct write_op *op)
{
    return op->records ? op->records : 1;
}

/* With the lock held. */
static void enqueue(struct write_queue *q, struct write_op *op)
{
    struct write_op **place = op->ahead ? q->last_ahead : q->last;
    op->next = *place;
    *place = op;
    if (q->last == place)
        q->last = &op->next;
    if (op->ahead)
        q->last_ahead = &op->next;
    q->records += op_records(op);
    q->urgent += op->urgent;
    q->ahead += op->ahead;
    pthread_cond_signal(&q->wake);
}

bool store_is_hurried(struct store *store)
{
    pthread_mutex_lock(&store->queue.lock);
    bool hurried = store->queue.ahead > 0;
    pthread_mutex_unlock(&store->queue.lock);
    return hurried;
}

static void hold(struct write_queue *q, struct write_op *op)
{
    op->next = NULL;
    *q->held_last = op;
    q->held_last = &op->next;
}

/* Whether there is room is asked under the lock: who is held back is found when that changes. */
void store_submit(struct store *store, struct write_op *op)
{
    struct write_queue *q = &store->queue;
    pthread_mutex_lock(&q->lock);
    if (op->patient && !q->stopping && !atomic_load(&store->health.roomy))
        hold(q, op);
    else
        enqueue(q, op);
    pthread_mutex_unlock(&q->lock);
}

static void release_held(struct write_queue *q)
{
    struct write_op *op = q->held;
    q->held = NULL;
    q->held_last = &q->held;
    for (struct write_op *next; op; op = next) {
        next = op->next;
        enqueue(q, op);
    }
}

void writer_release_held(struct store *store)
{
    pthread_mutex_lock(&store->queue.lock);
    release_held(&store->queue);
    pthread_mutex_unlock(&store->queue.lock);
}

struct awaited {
    struct write_op op, *inner;
    sem_t done;
};

static void awaited_apply(struct txn *txn, struct write_op *op)
{
    struct awaited *a = (struct awaited *)(void *)op;
    a->inner->apply(txn, a->inner);
}

static void awaited_done(struct write_op *op)
{
    sem_post(&((struct awaited *)(void *)op)->done);
}

void store_run(struct store *store, struct write_op *op)
{
    struct awaited a = {.op = *op, .inner = op};
    a.op.apply = awaited_apply;
    a.op.done = awaited_done;
    sem_init(&a.done, 0, 0);
    store_submit(store, &a.op);
    while (sem_wait(&a.done) != 0)
        ; /* a signal */
    sem_destroy(&a.done);
}

/* The kernel's own clock, not base/clock.h: that one may be held by a test, and this thread would
 * then wait for ever. */
static struct timespec in_ms(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + ms % 1000 * 1000000;
    t.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}

/* Opening the environment again takes descriptors, and without them there is no store: when they
 * are scarce, the memory is kept. */
static void give_back(struct store *store)
{
    if (descriptors_left(SPARE_DESCRIPTORS) && env_renew(store))
        store->heavy_since = 0;
}

/* What began while nothing was committed is known after a power cut, too. */
static void sync_quietly(struct store *store)
{
    int code = journals_sync(store);
    if (code)
        log_say(LOG_ERROR, "journal_unsynced", "The journals in %s cannot be synced: %s.",
                store->dir, strerror(code));
}

/* Uses the quiet to give memory back. */
static void idle(struct store *store)
{
    sync_quietly(store);
    if (store->heavy_since)
        give_back(store);
    health_look(store);
}

/* Waits, with the lock held, until something is queued. */
static void wait_for_first(struct store *store)
{
    struct write_queue *q = &store->queue;
    struct timespec due = in_ms(IDLE_MS);
    while (!q->first && !q->stopping) {
        if (pthread_cond_timedwait(&q->wake, &q->lock, &due) != ETIMEDOUT)
            continue;
        pthread_mutex_unlock(&q->lock);
        idle(store);
        pthread_mutex_lock(&q->lock);
        due = in_ms(IDLE_MS);
    }
}

/* Waits, with the lock held, until a group is due: somebody is in a hurry, it is large enough, or
 * its first operation has waited for the interval. */
static void wait_for_group(struct store *store)
{
    struct write_queue *q = &store->queue;
    wait_for_first(store);
    struct timespec due = in_ms(store->commit_interval_ms);
    while (!q->stopping && !q->urgent && q->records < store->commit_records)
        if (pthread_cond_timedwait(&q->wake, &q->lock, &due) == ETIMEDOUT)
            return;
}

/* Cuts the group off the front of the queue, with the lock held. */
static struct write_op *cut_group(struct store *store)
{
    struct write_queue *q = &store->queue;
    struct write_op *group = q->first, **end = &q->first;
    for (size_t records = 0; *end && records < store->commit_records; end = &(*end)->next) {
        records += op_records(*end);
        q->urgent -= (*end)->urgent;
        q->ahead -= (*end)->ahead;
        q->records -= op_records(*end);
    }
    struct write_op *rest = *end;
    *end = NULL;
    q->first = rest;
    if (!rest)
        q->last = &q->first;
    if (!q->ahead)
        q->last_ahead = &q->first;
    return group;
}

/* The next group, in the order of submission; NULL when the store closes and all is written. */
static struct write_op *take_group(struct store *store)
{
    pthread_mutex_lock(&store->queue.lock);
    wait_for_group(store);
    struct write_op *group = store->queue.first ? cut_group(store) : NULL;
    pthread_mutex_unlock(&store->queue.lock);
    return group;
}

/* Before the commit: then what the journals know beyond it is on disk with it. */
static void sync_journals(struct txn *txn)
{
    txn->rc = journals_sync(txn->store);
    txn->step = "syncing the journals of";
    txn->table = NULL;
}

static int try_group(struct store *store, struct write_op *group, struct txn *txn)
{
    txn_start(store, txn, 0);
    for (struct write_op *op = group; op && !txn->rc; op = op->next)
        op->apply(txn, op);
    queue_counts_settle(txn);
    uint64_t used = tables_size(txn);
    if (!txn->rc)
        sync_journals(txn);
    if (txn_commit(txn)) {
        reply_memory_forget(store->replies);
        return txn->rc;
    }
    writer_measure(store, used);
    return 0;
}

static void note_failure(struct store *store, const struct txn *txn)
{
    struct err err;
    metric_add(&retries, 1);
    txn_failed(txn, &err);
    health_failed(store, txn->rc, err.text);
}

/* False when the store is closing: then a failure was the last. */
static bool wait_to_retry(struct store *store)
{
    struct write_queue *q = &store->queue;
    struct timespec due = in_ms(RETRY_MS);
    pthread_mutex_lock(&q->lock);
    bool again = !q->stopping;
    while (!q->stopping && pthread_cond_timedwait(&q->wake, &q->lock, &due) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&q->lock);
    return again;
}

/* 0 when the group is on disk. */
static int commit_group(struct store *store, struct write_op *group)
{
    struct txn txn;
    int64_t began = clock_mono_us();
    while (try_group(store, group, &txn)) {
        if (txn.rc == MDB_MAP_FULL) {
            map_grow(store);
            continue;
        }
        note_failure(store, &txn);
        if (!wait_to_retry(store))
            return -1;
    }
    health_worked(store);
    health_look(store);
    metric_add(&commits, 1);
    metric_add(&commit_time, clock_mono_us() - began);
    map_trim(store);
    return 0;
}

static void note_weight(struct store *store, size_t records)
{
    int64_t now = clock_mono_ms();
    if (records >= HEAVY_RECORDS && !store->heavy_since)
        store->heavy_since = now;
    if (records < HEAVY_RECORDS && store->heavy_since && now - store->heavy_since > HEAVY_MOST_MS)
        give_back(store);
}

static void finish_group(struct store *store, struct write_op *group)
{
    int64_t count = 0;
    size_t records = 0;
    for (struct write_op *op = group, *next; op; op = next, count++) {
        next = op->next; /* `done` may free it */
        records += op_records(op);
        op->done(op);
    }
    metric_add(&operations, count);
    note_weight(store, records);
}

static void give_up(struct store *store, const struct write_op *group)
{
    unsigned lost = 0;
    for (const struct write_op *op = group; op; op = op->next)
        lost++;
    for (const struct write_op *op = store->queue.first; op; op = op->next)
        lost++;
    log_say(LOG_ERROR, "store_closed_unwritten",
            "The store %s closes while it cannot be written: %u changes are not made, and nobody "
            "was told that they were. What receivers answered is in the journal.",
            store->dir, lost);
}

static void *writer_run(void *arg)
{
    struct store *store = arg;
    for (struct write_op *group; (group = take_group(store));) {
        if (commit_group(store, group)) {
            give_up(store, group);
            break;
        }
        finish_group(store, group);
    }
    return NULL;
}

static void register_metrics(void)
{
    struct metric *all[] = {&commits,  &operations, &commit_time, &retries,
                            &map_size, &file_size,  &used_size};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        metric_register(all[i]);
}

static void queue_init(struct write_queue *q)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->wake, &attr);
    pthread_condattr_destroy(&attr);
    q->last = q->last_ahead = &q->first;
    q->held_last = &q->held;
}

static void queue_release(struct write_queue *q)
{
    pthread_cond_destroy(&q->wake);
    pthread_mutex_destroy(&q->lock);
}

int writer_start(struct store *store, struct err *err)
{
    register_metrics();
    queue_init(&store->queue);
    health_look(store);
    int rc = pthread_create(&store->writer, NULL, writer_run, store);
    if (rc == 0)
        return 0;
    queue_release(&store->queue);
    return err_set(err, "The store's writer thread cannot be started: %s.", strerror(rc));
}

void writer_stop(struct store *store)
{
    pthread_mutex_lock(&store->queue.lock);
    store->queue.stopping = true;
    release_held(&store->queue);
    pthread_cond_signal(&store->queue.wake);
    pthread_mutex_unlock(&store->queue.lock);
    pthread_join(store->writer, NULL);
    queue_release(&store->queue);
}
