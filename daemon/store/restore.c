#include "store/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/jobs.h"
#include "store/private.h"
#include "store/table.h"

static void marker_path(const struct store *store, char out[4096])
{
    snprintf(out, 4096, "%s/" RESTORE_MARKER, store->dir);
}

void restore_init(struct restore *restore, const struct store *store)
{
    char path[4096], text[sizeof(restore->said)];
    *restore = (struct restore){.at = (uint32_t)clock_wall_s()};
    marker_path(store, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    restore->marked = fd >= 0 || errno != ENOENT;
    ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    struct str rest = str_from(text, len > 0 ? (size_t)len : 0);
    struct str line = str_trim(str_cut(&rest, '\n'));
    snprintf(restore->said, sizeof(restore->said), "%.*s", STR_ARG(line));
    if (fd >= 0)
        close(fd);
}

void restore_release(struct restore *restore)
{
    buf_release(&restore->jobs);
}

static void pause_job(struct txn *txn, struct job_record *job, struct restore *restore)
{
    struct buf texts = BUF_INIT;
    job_keep(job, &texts);
    job->state = JOB_PAUSED;
    job_write(txn, job);
    buf_add_u32be(&restore->jobs, job->id);
    buf_release(&texts);
}

static void leave_ids_out(struct txn *txn)
{
    uint32_t last = meta_number(txn, STR("last_contact"));
    if (last < UINT32_MAX - 2U * RESTORE_IDS_LEFT_OUT)
        meta_set_number(txn, STR("last_contact"), last + RESTORE_IDS_LEFT_OUT);
}

void restore_apply(struct txn *txn, struct restore *restore)
{
    struct job_record job;
    buf_reset(&restore->jobs);
    if (!restore->marked)
        return;
    for (uint32_t id = UINT32_MAX; id && job_seek_down(txn, &id, &job); id--)
        if (job.state == JOB_SENDING)
            pause_job(txn, &job, restore);
    leave_ids_out(txn);
    meta_set_number(txn, STR("restored"), restore->at);
}

uint32_t restored_at(struct txn *txn)
{
    return meta_number(txn, STR("restored"));
}

void restore_time(int64_t seconds, char out[static RESTORE_TIME_SIZE])
{
    struct tm tm;
    time_t at = (time_t)seconds;
    gmtime_r(&at, &tm);
    strftime(out, RESTORE_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void say(const struct store *store, const struct restore *restore)
{
    size_t count = restore->jobs.len / sizeof(uint32_t);
    struct reader r = reader_of(buf_str(&restore->jobs));
    log_say(LOG_WARN, "restored",
            "The data folder %s is a backup%s%s What was sent since it was made is not known here. "
            "Jobs that were being sent, and are paused now: %zu.",
            store->dir, restore->said[0] ? ": " : ".", restore->said, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t id = read_u32(&r);
        log_say(LOG_WARN, "job_paused_by_restore",
                "Job %u was being sent when the backup was made: it is paused. Whom it reached "
                "since would get it again: resume it with \"tocsin job resume %u\", or cancel it.",
                id, id);
    }
}

int restore_conclude(const struct store *store, const struct restore *restore, struct err *err)
{
    char from[4096], to[4200], when[RESTORE_TIME_SIZE];
    if (!restore->marked)
        return 0;
    say(store, restore);
    marker_path(store, from);
    restore_time(restore->at, when);
    snprintf(to, sizeof(to), "%s/restored-%s", store->dir, when);
    int dir = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;
    if (dir < 0 || rename(from, to) != 0 || fsync(dir) != 0)
        result = err_set(err,
                         "The file %.300s cannot be renamed: %s. While it is there, each start "
                         "pauses all jobs; make the folder writable for tocsind.",
                         from, strerror(errno));
    if (dir >= 0)
        close(dir);
    return result;
}
