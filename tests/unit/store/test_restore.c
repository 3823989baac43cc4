/* The first start on a folder that is a backup. */
#include "unit/store/help.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/jobs.h"
#include "store/restore.h"

static void write_job(struct txn *txn, void *ctx)
{
    job_write(txn, ctx);
}

static void add_job(struct place *p, uint32_t id, enum job_state state)
{
    struct job_record job = {.id = id,
                             .state = state,
                             .recipients = 1,
                             .counts = {[RECIPIENT_QUEUED] = 1},
                             .name = STR("May"),
                             .segment = STR("list:a"),
                             .identity = STR("x")};
    write_now(p->store, write_job, &job);
}

static void mark(struct place *p, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/backup", p->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void reopen(struct place *p)
{
    store_close(p->store);
    p->store = NULL;
    place_open(p);
}

static enum job_state state_of(struct place *p, uint32_t id)
{
    struct txn txn;
    struct job_record job;
    txn_begin(p->store, &txn);
    assert_true(job_read(&txn, id, &job));
    enum job_state state = job.state;
    read_end(&txn);
    return state;
}

static unsigned files_that_start_with(const struct place *p, const char *prefix)
{
    unsigned found = 0;
    DIR *list = opendir(p->dir);
    for (struct dirent *entry; (entry = readdir(list));)
        found += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(list);
    return found;
}

static uint32_t when_restored(struct place *p)
{
    struct txn txn;
    txn_begin(p->store, &txn);
    uint32_t at = restored_at(&txn);
    read_end(&txn);
    return at;
}

static void jobs_that_were_sending_are_paused(void **state)
{
    struct place *p = *state;
    add_job(p, 1, JOB_FINISHED);
    add_job(p, 2, JOB_SENDING);
    add_job(p, 3, JOB_PAUSED);
    add_job(p, 4, JOB_CANCELLED);
    add_job(p, 5, JOB_SENDING);
    mark(p, "Backup of here.\n");
    reopen(p);
    assert_int_equal(state_of(p, 1), JOB_FINISHED);
    assert_int_equal(state_of(p, 2), JOB_PAUSED);
    assert_int_equal(state_of(p, 3), JOB_PAUSED);
    assert_int_equal(state_of(p, 4), JOB_CANCELLED);
    assert_int_equal(state_of(p, 5), JOB_PAUSED);
}

static void the_next_start_is_an_ordinary_one(void **state)
{
    struct place *p = *state;
    add_job(p, 2, JOB_SENDING);
    mark(p, "Backup of here.\n");
    reopen(p);
    assert_int_equal(files_that_start_with(p, "backup"), 0);
    assert_int_equal(files_that_start_with(p, "restored-"), 1);
    add_job(p, 2, JOB_SENDING);
    reopen(p);
    assert_int_equal(state_of(p, 2), JOB_SENDING);
}

static void a_folder_without_a_marker_goes_on(void **state)
{
    struct place *p = *state;
    add_job(p, 2, JOB_SENDING);
    reopen(p);
    assert_int_equal(state_of(p, 2), JOB_SENDING);
    assert_int_equal(when_restored(p), 0);
}

/* An empty file, as `touch` makes it, and one full of something else: that it is there counts. */
static void whatever_the_marker_holds(void **state)
{
    struct place *p = *state;
    char junk[4096];
    add_job(p, 2, JOB_SENDING);
    mark(p, "");
    reopen(p);
    assert_int_equal(state_of(p, 2), JOB_PAUSED);
    add_job(p, 2, JOB_SENDING);
    memset(junk, '%', sizeof(junk));
    junk[sizeof(junk) - 1] = '\0';
    mark(p, junk);
    reopen(p);
    assert_int_equal(state_of(p, 2), JOB_PAUSED);
}

static void it_is_remembered_when(void **state)
{
    struct place *p = *state;
    mark(p, "");
    uint32_t before = (uint32_t)clock_wall_s();
    reopen(p);
    uint32_t at = when_restored(p);
    assert_in_range(at, before, before + 60);
    reopen(p);
    assert_int_equal(when_restored(p), at);
}

/* Mails that were sent after the backup carry ids that it never gave. */
static void contacts_of_after_the_backup_get_ids_of_their_own(void **state)
{
    struct place *p = *state;
    struct txn txn;
    mark(p, "");
    reopen(p);
    txn_begin(p->store, &txn);
    assert_int_equal(meta_number(&txn, STR("last_contact")), RESTORE_IDS_LEFT_OUT);
    read_end(&txn);
}

static void a_marker_that_cannot_be_renamed_is_said(void **state)
{
    struct place *p = *state;
    char path[128];
    struct err err = {""};
    if (geteuid() == 0)
        skip(); /* root may rename everything */
    store_close(p->store);
    p->store = NULL;
    mark(p, "");
    snprintf(path, sizeof(path), "%s", p->dir);
    chmod(path, 0500);
    assert_null(store_open(&p->options, &err));
    chmod(path, 0700);
    if (!strstr(err.text, "cannot be renamed"))
        fail_msg("%s", err.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(jobs_that_were_sending_are_paused),
        STORE_TEST(the_next_start_is_an_ordinary_one),
        STORE_TEST(a_folder_without_a_marker_goes_on),
        STORE_TEST(whatever_the_marker_holds),
        STORE_TEST(it_is_remembered_when),
        STORE_TEST(contacts_of_after_the_backup_get_ids_of_their_own),
        STORE_TEST(a_marker_that_cannot_be_renamed_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
