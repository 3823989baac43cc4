#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/backup_folder.h"
#include "store/health.h"
#include "store/jobs.h"
#include "store/journal.h"
#include "store/private.h"
#include "store/restore.h"
#include "store/snapshot.h"

enum {
    TRIES = 5,                     /* each time that the store outgrew its map, it doubled */
    JOURNAL_TRIES = 20,            /* of reading a journal that begins a lap anew meanwhile */
    SYNC_EVERY = 16 * 1024 * 1024, /* bytes: so long cancelling may take */
    MARKER_MOST = 64,              /* jobs that the marker names */
    SMALL_FILES = 16 * 1024 * 1024 /* expected beside the database */
};

struct backup {
    struct store *store;
    struct backup_folder folder;
    void (*on_over)(void *ctx);
    void *ctx;
    pthread_t thread;
    atomic_bool cancelled;
    _Atomic uint64_t bytes, expected;
    atomic_int state;
    int64_t began_us;
    _Atomic int64_t ended_us;
    struct err err;

    int data;          /* data.mdb while it is written */
    uint64_t unsynced; /* bytes of it */
};

static uint64_t expect(const struct store *store)
{
    uint64_t file, used;
    store_size(store, &file, &used);
    return used;
}

/* Neither may the copy stop the daemon: on the disk of the data folder, what that needs stays. */
static int check_room(struct backup *b, uint64_t need, struct err *err)
{
    struct statvfs fs;
    struct stat here, there;
    struct store_health health;
    if (fstatvfs(b->folder.fd, &fs) != 0 || fstat(b->folder.fd, &there) != 0 ||
        fstat(b->store->data_fd, &here) != 0)
        return err_set(err, "The disk of %.200s cannot be looked at: %s.", b->folder.part,
                       strerror(errno));
    store_health(b->store, &health);
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    uint64_t kept = here.st_dev == there.st_dev ? health.min_free : 0;
    if (room >= need + kept)
        return 0;
    return err_set(err,
                   "The disk of %.200s has no room for the backup: %llu MiB are free, and it needs "
                   "%llu MiB, with what tocsind keeps free. Nothing of it was kept: name a folder "
                   "on another disk.",
                   b->folder.dir, (unsigned long long)(room >> 20),
                   (unsigned long long)((need + kept) >> 20) + 1);
}

/* -- What is copied. */

static int add_file(struct backup *b, const char *name, struct str bytes, struct err *err)
{
    atomic_fetch_add(&b->bytes, bytes.len);
    return backup_folder_add(&b->folder, name, bytes, err);
}

static void only_look(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
}

/* A journal is copied while it is written to. What is torn by that at its end is found out when it
 * is replayed; but a lap that was begun anew between two reads looks damaged. */
static int load_journal(struct backup *b, unsigned number, struct buf *out, struct err *err)
{
    struct err why;
    for (int tries = 0; tries < JOURNAL_TRIES; tries++) {
        if (journal_load(b->store, number, out, err) != 0)
            return -1;
        if (!out->len || journal_read(buf_str(out), only_look, NULL, &why) == 0)
            return 0;
    }
    return err_set(err, "The file %.200s/journal-%u %s Nothing of the backup was kept.",
                   b->store->dir, number, why.text);
}

static int copy_journal(struct backup *b, unsigned number, struct err *err)
{
    struct buf bytes = BUF_INIT;
    char name[32];
    snprintf(name, sizeof(name), "journal-%u", number);
    int result = load_journal(b, number, &bytes, err);
    if (result == 0 && bytes.len)
        result = add_file(b, name, buf_str(&bytes), err);
    buf_release(&bytes);
    return result;
}

static int copy_journals(struct backup *b, struct err *err)
{
    for (unsigned number = 0; number < JOURNALS_MAX; number++)
        if (copy_journal(b, number, err) != 0)
            return -1;
    return 0;
}

/* Small, and written once by compose/token.h. Without one (nothing was ever sent) there is none. */
static int copy_token_key(struct backup *b, struct err *err)
{
    char path[4096], bytes[4096];
    snprintf(path, sizeof(path), "%s/token.key", b->store->dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    ssize_t len = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return err_set(err, "The file %.200s cannot be read: %s.", path, strerror(why));
    return add_file(b, "token.key", str_from(bytes, (size_t)len), err);
}

static int sync_data(struct backup *b, struct err *err)
{
    b->unsynced = 0;
    return backup_folder_sync(&b->folder, b->data, err);
}

static int take_piece(void *ctx, struct str piece, struct err *err)
{
    struct backup *b = ctx;
    if (backup_folder_write(&b->folder, b->data, piece, err) != 0)
        return -1;
    atomic_fetch_add(&b->bytes, piece.len);
    b->unsynced += piece.len;
    if (b->unsynced < SYNC_EVERY)
        return 0;
    return sync_data(b, err) != 0 || check_room(b, SYNC_EVERY, err) != 0 ? -1 : 0;
}

static enum snapshot_result copy_data(struct backup *b, struct err *err)
{
    struct snapshot snapshot = {
        .store = b->store, .cancelled = &b->cancelled, .take = take_piece, .ctx = b};
    b->data = backup_folder_open(&b->folder, "data.mdb", err);
    if (b->data < 0)
        return SNAPSHOT_FAILED;
    enum snapshot_result result = snapshot_read(&snapshot, err);
    if (result == SNAPSHOT_DONE && sync_data(b, err) != 0)
        result = SNAPSHOT_FAILED;
    close(b->data);
    return result;
}

/* -- The marker: what it says is for people, that it is there is for the next start. */

static void name_jobs(struct txn *txn, struct buf *out)
{
    struct job_record job;
    unsigned found = 0;
    for (uint32_t id = UINT32_MAX; id && job_seek_down(txn, &id, &job); id--)
        if (job.state == JOB_SENDING && ++found <= MARKER_MOST)
            buf_addf(out, "%s%u", found > 1 ? ", " : "", job.id);
    buf_add_text(out, found > MARKER_MOST ? " and others.\n" : found ? ".\n" : "none.\n");
}

static int make_marker(struct backup *b, struct buf *out, struct err *err)
{
    struct txn txn;
    char host[256] = "this host", when[RESTORE_TIME_SIZE];
    gethostname(host, sizeof(host) - 1);
    restore_time(clock_wall_s(), when);
    buf_addf(out,
             "Backup of %s on %s, made %s by tocsin %s, store version %d.\n"
             "Jobs that were being sent: ",
             b->store->dir, host, when, TOCSIN_VERSION, (int)STORE_VERSION);
    txn_begin(b->store, &txn);
    name_jobs(&txn, out);
    int result = txn_failed(&txn, err);
    txn_end(&txn);
    buf_add_text(out,
                 "What happened after that moment is not known here: who got mail, who joined, who "
                 "left.\nSo tocsind pauses those jobs when it starts on this folder, and renames "
                 "this file then.\n");
    return result;
}

static int add_marker(struct backup *b, struct err *err)
{
    struct buf text = BUF_INIT;
    int result = make_marker(b, &text, err);
    if (result == 0)
        result = add_file(b, RESTORE_MARKER, buf_str(&text), err);
    buf_release(&text);
    return result;
}

/* -- The order of it all. */

/* Marker and journals first: see the top of backup.h. */
static enum snapshot_result copy_once(struct backup *b, struct err *err)
{
    atomic_store(&b->bytes, 0);
    b->unsynced = 0;
    if (copy_token_key(b, err) != 0 || add_marker(b, err) != 0 || copy_journals(b, err) != 0)
        return SNAPSHOT_FAILED;
    return copy_data(b, err);
}

static int copy_all(struct backup *b, struct err *err)
{
    for (int tries = 0; tries < TRIES; tries++) {
        enum snapshot_result result = copy_once(b, err);
        if (result != SNAPSHOT_OUTGROWN)
            return result;
        log_say(LOG_INFO, "backup_again",
                "The store outgrew its map while it was copied to %s: the copy begins again.",
                b->folder.dir);
    }
    return err_set(err,
                   "The store outgrew its map %d times while it was copied: take the backup when "
                   "less is being written.",
                   TRIES);
}

static enum backup_state take(struct backup *b, struct err *err)
{
    if (backup_folder_make(&b->folder, err) != 0)
        return BACKUP_REFUSED;
    if (check_room(b, atomic_load(&b->expected) + SMALL_FILES, err) == 0 && copy_all(b, err) == 0 &&
        backup_folder_finish(&b->folder, err) == 0)
        return BACKUP_DONE;
    backup_folder_discard(&b->folder);
    return BACKUP_FAILED;
}

static void log_over(const struct backup *b, enum backup_state state)
{
    struct backup_view view;
    struct log_line line;
    backup_look(b, &view);
    bool done = state == BACKUP_DONE;
    if (!log_begin(&line, done ? LOG_INFO : LOG_ERROR, done ? "backup_done" : "backup_failed"))
        return;
    log_text(&line, "dir", b->folder.dir);
    log_u64(&line, "bytes", view.bytes);
    log_u64(&line, "ms", (uint64_t)view.ms);
    if (!done)
        log_text(&line, "why", b->err.text);
    log_end(&line);
}

static void *backup_run(void *arg)
{
    struct backup *b = arg;
    enum backup_state state = take(b, &b->err);
    atomic_store(&b->ended_us, clock_mono_us());
    log_over(b, state);
    atomic_store(&b->state, (int)state);
    b->on_over(b->ctx);
    return NULL;
}

struct backup *backup_new(struct store *store, struct str dir, void (*on_over)(void *ctx),
                          void *ctx, struct err *err)
{
    struct backup *b = NEW(struct backup);
    *b = (struct backup){
        .store = store, .on_over = on_over, .ctx = ctx, .began_us = clock_mono_us()};
    atomic_store(&b->expected, expect(store));
    int failed = backup_folder_init(&b->folder, dir, err);
    int rc = failed ? 0 : pthread_create(&b->thread, NULL, backup_run, b);
    if (rc)
        failed = err_set(err, "No thread can be started for the backup: %s.", strerror(rc));
    if (!failed)
        return b;
    free(b);
    return NULL;
}

void backup_look(const struct backup *b, struct backup_view *out)
{
    int64_t ended = atomic_load(&b->ended_us);
    out->state = (enum backup_state)atomic_load(&b->state);
    out->bytes = atomic_load(&b->bytes);
    out->expected = atomic_load(&b->expected);
    out->ms = ((ended ? ended : clock_mono_us()) - b->began_us) / 1000;
    out->error = out->state == BACKUP_COPYING ? "" : b->err.text;
}

void backup_cancel(struct backup *b)
{
    atomic_store(&b->cancelled, true);
}

void backup_free(struct backup *b)
{
    if (!b)
        return;
    backup_cancel(b);
    pthread_join(b->thread, NULL);
    free(b);
}
