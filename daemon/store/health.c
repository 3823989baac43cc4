#include "store/health.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "base/metrics.h"
#include "store/private.h"

static struct metric free_size = {
    .name = "tocsin_store_free_bytes",
    .help = "Bytes that the data folder's file system has left.",
    .kind = METRIC_GAUGE,
};

void health_init(struct store *store)
{
    metric_register(&free_size);
    pthread_mutex_init(&store->health.lock, NULL);
    atomic_init(&store->health.writable, true);
    atomic_init(&store->health.roomy, true);
}

void health_release(struct store *store)
{
    pthread_mutex_destroy(&store->health.lock);
}

bool store_healthy(const struct store *store)
{
    return atomic_load(&store->health.writable) && atomic_load(&store->health.roomy);
}

bool store_writable(const struct store *store)
{
    return atomic_load(&store->health.writable);
}

unsigned store_recoveries(const struct store *store)
{
    return atomic_load(&store->health.recoveries);
}

void store_set_min_free(struct store *store, uint64_t bytes)
{
    atomic_store(&store->health.min_free, bytes);
}

/* "12.3 MiB" */
static void add_size(struct buf *out, uint64_t bytes)
{
    if (bytes >= (uint64_t)10 << 30)
        buf_addf(out, "%.1f GiB", (double)bytes / (double)(1 << 30));
    else
        buf_addf(out, "%.1f MiB", (double)bytes / (double)(1 << 20));
}

static void say_failing(struct buf *out, const char *failure, uint64_t left)
{
    buf_addf(out, "%s ", failure);
    add_size(out, left);
    buf_add_text(out, " of the disk are free. Nothing is lost: it is tried again every second "
                      "until it works.");
}

static void say_low(struct buf *out, const struct store *store, const struct store_health *h)
{
    buf_add_text(out, "The disk is nearly full: ");
    add_size(out, h->free_bytes);
    buf_addf(out, " are free where %s is, and store.min_free asks for ", store->dir);
    add_size(out, h->min_free);
    buf_add_text(out, ". Nothing new is begun until there is room.");
}

void store_health(struct store *store, struct store_health *out)
{
    struct health *health = &store->health;
    struct buf why = BUF_INIT;
    out->writable = atomic_load(&health->writable);
    out->roomy = atomic_load(&health->roomy);
    out->free_bytes = atomic_load(&health->free);
    out->min_free = atomic_load(&health->min_free);
    pthread_mutex_lock(&health->lock);
    if (!out->writable)
        say_failing(&why, health->failure, out->free_bytes);
    else if (!out->roomy)
        say_low(&why, store, out);
    pthread_mutex_unlock(&health->lock);
    snprintf(out->why, sizeof(out->why), "%s", why.at ? why.at : "");
    buf_release(&why);
}

static void say_why(struct store *store, enum log_level level, const char *event)
{
    struct store_health now;
    store_health(store, &now);
    log_say(level, event, "%s", now.why);
}

/* LMDB says EIO for a write that was cut short, and that is how a full disk begins. */
static bool means_full(int rc, uint64_t left)
{
    enum { NOTHING_MUCH = 8 << 20 };
    return rc == ENOSPC || rc == EDQUOT || rc == EFBIG || (rc == EIO && left < NOTHING_MUCH);
}

bool health_is_full(const struct store *store, int rc)
{
    struct statvfs disk;
    return fstatvfs(store->data_fd, &disk) == 0 &&
           means_full(rc, (uint64_t)disk.f_bavail * disk.f_frsize);
}

void health_failed(struct store *store, int rc, const char *sentence)
{
    struct health *health = &store->health;
    health_look(store);
    pthread_mutex_lock(&health->lock);
    snprintf(health->failure, sizeof(health->failure), "%s%s",
             means_full(rc, atomic_load(&health->free)) ? "The disk is full: " : "", sentence);
    bool first = atomic_exchange(&health->writable, false);
    pthread_mutex_unlock(&health->lock);
    if (first)
        say_why(store, LOG_ERROR, "store_write_failed");
}

void health_worked(struct store *store)
{
    if (atomic_exchange(&store->health.writable, true))
        return;
    atomic_fetch_add(&store->health.recoveries, 1);
    log_say(LOG_WARN, "store_write_works", "The store %s can be written again.", store->dir);
}

/* Going on asks for somewhat more room than stopping did, else it would be on and off. */
static bool has_room(const struct health *health, uint64_t left)
{
    uint64_t least = atomic_load(&health->min_free);
    bool stopped = !atomic_load(&health->roomy);
    return least == 0 || left >= least + (stopped ? least / 8 : 0);
}

void health_look(struct store *store)
{
    struct health *health = &store->health;
    struct statvfs disk;
    if (fstatvfs(store->data_fd, &disk) != 0)
        return;
    uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize;
    atomic_store(&health->free, left);
    metric_set(&free_size, (int64_t)left);
    bool room = has_room(health, left);
    if (room == atomic_exchange(&health->roomy, room))
        return;
    if (!room) {
        say_why(store, LOG_ERROR, "store_room_low");
        return;
    }
    atomic_fetch_add(&health->recoveries, 1);
    log_say(LOG_WARN, "store_room_again", "The store %s has room again, and work goes on.",
            store->dir);
    writer_release_held(store);
}
