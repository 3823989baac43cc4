/* A copy of the data folder, and a store that is opened on it. */
#include "unit/store/help.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "store/backup.h"
#include "store/journal.h"

struct taking {
    sem_t over;
    struct backup *backup;
    struct backup_view view;
};

static void on_over(void *ctx)
{
    sem_post(&((struct taking *)ctx)->over);
}

static void begin(struct taking *t, struct place *p, const char *dir)
{
    struct err err;
    sem_init(&t->over, 0, 0);
    t->backup = backup_new(p->store, str_of(dir), on_over, t, &err);
    if (!t->backup)
        fail_msg("%s", err.text);
}

/* How it ended; the sentence lives until `finish`. */
static enum backup_state await(struct taking *t)
{
    while (sem_wait(&t->over))
        ;
    backup_look(t->backup, &t->view);
    return t->view.state;
}

static void finish(struct taking *t)
{
    backup_free(t->backup);
    sem_destroy(&t->over);
}

static void copy_to(struct place *p, const char *dir)
{
    struct taking t;
    begin(&t, p, dir);
    if (await(&t) != BACKUP_DONE)
        fail_msg("%s", t.view.error);
    assert_true(t.view.bytes > 0);
    finish(&t);
}

static void refused_with(struct place *p, const char *dir, enum backup_state state,
                         const char *part)
{
    struct taking t;
    begin(&t, p, dir);
    assert_int_equal(await(&t), state);
    if (!strstr(t.view.error, part))
        fail_msg("%s", t.view.error);
    finish(&t);
}

static const char *inside(const struct place *p, const char *name)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", p->dir, name);
    return path;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

enum { VALUE = 4000 };

static void put_number(struct txn *txn, void *ctx)
{
    uint32_t n = *(uint32_t *)ctx;
    char value[VALUE];
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, n);
    memset(value, (int)(n & 0xFF), sizeof(value));
    table_put(txn, TABLE_MESSAGES, &key, str_from(value, sizeof(value)));
    meta_set_number(txn, STR("numbers"), n + 1);
}

static void put_numbers(struct place *p, uint32_t from, uint32_t until)
{
    for (uint32_t n = from; n < until; n++)
        write_now(p->store, put_number, &n);
}

/* The records of one moment: as many as the store says itself, each whole. */
static uint32_t check_numbers(struct store *store)
{
    struct txn txn;
    struct str found, value;
    txn_begin(store, &txn);
    uint32_t count = meta_number(&txn, STR("numbers"));
    assert_int_equal(table_count(&txn, TABLE_MESSAGES), count);
    for (uint32_t n = 0; n < count; n++) {
        struct key key;
        KEY_INIT(&key);
        key_u32(&key, n);
        assert_true(table_seek(&txn, TABLE_MESSAGES, &key, &found, &value));
        assert_str(found, key_view(&key));
        assert_int_equal(value.len, VALUE);
        assert_int_equal((uint8_t)value.at[VALUE - 1], n & 0xFF);
    }
    read_end(&txn);
    return count;
}

static struct store *open_copy(const char *dir)
{
    struct store_options options = {
        .dir = dir, .map_size = 1 << 20, .commit_interval_ms = 1, .commit_records = 1000};
    struct err err;
    struct store *store = store_open(&options, &err);
    if (!store)
        fail_msg("%s", err.text);
    return store;
}

static void the_copy_is_a_data_folder(void **state)
{
    struct place *p = *state;
    struct stat stat_;
    put_file(inside(p, "token.key"), "secret");
    put_numbers(p, 0, 50);
    copy_to(p, inside(p, "copy"));
    assert_int_equal(stat(inside(p, "copy"), &stat_), 0);
    assert_int_equal(stat_.st_mode & 0777, 0700);
    assert_true(exists(inside(p, "copy/token.key")) && exists(inside(p, "copy/backup")));
    assert_false(exists(inside(p, "copy/lock")) || exists(inside(p, "copy.part")));
    struct store *copy = open_copy(inside(p, "copy"));
    assert_int_equal(check_numbers(copy), 50);
    store_close(copy);
}

static void the_marker_says_what_it_is(void **state)
{
    struct place *p = *state;
    char text[1024] = "";
    copy_to(p, inside(p, "copy"));
    FILE *file = fopen(inside(p, "copy/backup"), "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(text, p->dir));
    assert_non_null(strstr(text, "store version 3"));
    assert_non_null(strstr(text, "being sent: none."));
}

static void an_empty_folder_may_be_there(void **state)
{
    struct place *p = *state;
    mkdir(inside(p, "copy"), 0755);
    copy_to(p, inside(p, "copy/"));
    assert_true(exists(inside(p, "copy/data.mdb")));
}

static void refuses_what_is_there_already(void **state)
{
    struct place *p = *state;
    put_file(inside(p, "file"), "mine");
    refused_with(p, p->dir, BACKUP_REFUSED, "is not an empty folder");
    refused_with(p, inside(p, "file"), BACKUP_REFUSED, "is not an empty folder");
    mkdir(inside(p, "copy.part"), 0700);
    put_file(inside(p, "copy.part/mine"), "mine");
    refused_with(p, inside(p, "copy"), BACKUP_REFUSED, "did not end");
    assert_true(exists(inside(p, "copy.part/mine")));
}

static void says_who_it_is_that_writes(void **state)
{
    struct place *p = *state;
    refused_with(p, inside(p, "no/such/copy"), BACKUP_REFUSED, "as the user");
}

static void wants_an_absolute_path(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    assert_null(backup_new(p->store, STR("copy"), on_over, NULL, &err));
    assert_non_null(strstr(err.text, "absolute"));
    assert_null(backup_new(p->store, STR(""), on_over, NULL, &err));
    assert_null(backup_new(p->store, STR("/tmp\0/x"), on_over, NULL, &err));
}

static void leaves_nothing_when_the_disk_takes_no_more(void **state)
{
    struct place *p = *state;
    struct rlimit limit, before;
    put_numbers(p, 0, 600);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)1 << 20;
    setrlimit(RLIMIT_FSIZE, &limit);
    refused_with(p, inside(p, "copy"), BACKUP_FAILED, "cannot be written: File too large");
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(exists(inside(p, "copy")) || exists(inside(p, "copy.part")));
    copy_to(p, inside(p, "copy"));
}

static void needs_room_on_the_disk_for_itself_and_the_daemon(void **state)
{
    struct place *p = *state;
    store_close(p->store);
    p->options.min_free = UINT64_MAX / 2;
    place_open(p);
    refused_with(p, inside(p, "copy"), BACKUP_FAILED, "has no room");
    assert_false(exists(inside(p, "copy.part")));
}

/* An operation that keeps the writer busy until it is told to go on. */
struct busy {
    struct place *p;
    sem_t begun, go_on;
};

static void wait_there(struct txn *txn, void *ctx)
{
    struct busy *busy = ctx;
    (void)txn;
    sem_post(&busy->begun);
    while (sem_wait(&busy->go_on))
        ;
}

static void *be_busy(void *arg)
{
    struct busy *busy = arg;
    write_now(busy->p->store, wait_there, busy);
    return NULL;
}

static void only_one_began(void *ctx, const struct journal_record *record)
{
    assert_int_equal(record->kind, JOURNAL_BEGAN);
    assert_int_equal(record->began.contact, 17);
    *(unsigned *)ctx += 1;
}

static void check_journal(const char *dir)
{
    struct buf file = BUF_INIT;
    struct err err;
    unsigned found = 0;
    struct store *copy = open_copy(dir);
    assert_int_equal(journal_load(copy, 0, &file, &err), 0);
    assert_int_equal(journal_read(buf_str(&file), only_one_began, &found, &err), 0);
    assert_int_equal(found, 1);
    buf_release(&file);
    store_close(copy);
}

static struct journal *begin_transaction(struct place *p)
{
    struct journal_began began = {.job = 1, .contact = 17};
    struct err err;
    struct journal *journal = journal_attach(p->store, 0, 64 * 1024, &err);
    assert_non_null(journal);
    assert_true(journal_take(journal));
    journal_began(journal, &began);
    return journal;
}

/* The database's moment comes only when the writer is free. */
static void what_is_on_the_wire_is_copied_before_the_database(void **state)
{
    struct place *p = *state;
    struct busy busy = {.p = p};
    struct taking t;
    pthread_t thread;
    struct journal *journal = begin_transaction(p);
    sem_init(&busy.begun, 0, 0);
    sem_init(&busy.go_on, 0, 0);
    pthread_create(&thread, NULL, be_busy, &busy);
    sem_wait(&busy.begun);
    begin(&t, p, inside(p, "copy"));
    for (int i = 0; i < 5000 && !exists(inside(p, "copy.part/journal-0")); i++)
        usleep(1000);
    bool before = exists(inside(p, "copy.part/journal-0"));
    sem_post(&busy.go_on);
    pthread_join(thread, NULL);
    assert_int_equal(await(&t), BACKUP_DONE);
    finish(&t);
    assert_true(before);
    check_journal(inside(p, "copy"));
    journal_detach(journal);
    journal_free(journal);
}

static void a_journal_that_cannot_be_read_is_no_backup(void **state)
{
    struct place *p = *state;
    put_file(inside(p, "journal-3"), "tocsinJ1");
    refused_with(p, inside(p, "copy"), BACKUP_FAILED, "journal-3 is cut off");
    assert_false(exists(inside(p, "copy")) || exists(inside(p, "copy.part")));
}

static void can_be_cancelled_while_it_waits_for_the_writer(void **state)
{
    struct place *p = *state;
    struct busy busy = {.p = p};
    struct taking t;
    pthread_t thread;
    sem_init(&busy.begun, 0, 0);
    sem_init(&busy.go_on, 0, 0);
    pthread_create(&thread, NULL, be_busy, &busy);
    sem_wait(&busy.begun);
    begin(&t, p, inside(p, "copy"));
    usleep(20000);
    backup_cancel(t.backup);
    assert_int_equal(await(&t), BACKUP_FAILED);
    assert_non_null(strstr(t.view.error, "given up"));
    assert_false(exists(inside(p, "copy.part")));
    finish(&t);
    sem_post(&busy.go_on);
    pthread_join(thread, NULL);
}

static void freeing_it_ends_it(void **state)
{
    struct place *p = *state;
    struct taking t;
    put_numbers(p, 0, 1000);
    for (unsigned wait = 0; wait < 20; wait++) {
        char name[32];
        snprintf(name, sizeof(name), "copy%u", wait);
        begin(&t, p, inside(p, name));
        usleep(wait * 500);
        finish(&t);
        snprintf(name, sizeof(name), "copy%u.part", wait);
        assert_false(exists(inside(p, name)));
    }
}

/* -- While others write. */

struct writing {
    struct place *p;
    atomic_bool stop;
    uint32_t next;
};

static void *write_on(void *arg)
{
    struct writing *w = arg;
    for (; !atomic_load(&w->stop); w->next++)
        write_now(w->p->store, put_number, &w->next);
    return NULL;
}

static void each_copy_is_one_moment(void **state)
{
    struct place *p = *state;
    struct writing w = {.p = p, .next = 2000};
    pthread_t thread;
    put_numbers(p, 0, 2000);
    pthread_create(&thread, NULL, write_on, &w);
    uint32_t last = 2000;
    for (unsigned i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof(name), "copy%u", i);
        copy_to(p, inside(p, name));
        struct store *copy = open_copy(inside(p, name));
        uint32_t count = check_numbers(copy);
        assert_true(count >= last);
        last = count;
        store_close(copy);
    }
    atomic_store(&w.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(check_numbers(p->store), w.next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_copy_is_a_data_folder),
        STORE_TEST(the_marker_says_what_it_is),
        STORE_TEST(an_empty_folder_may_be_there),
        STORE_TEST(refuses_what_is_there_already),
        STORE_TEST(says_who_it_is_that_writes),
        STORE_TEST(wants_an_absolute_path),
        STORE_TEST(leaves_nothing_when_the_disk_takes_no_more),
        STORE_TEST(needs_room_on_the_disk_for_itself_and_the_daemon),
        STORE_TEST(what_is_on_the_wire_is_copied_before_the_database),
        STORE_TEST(a_journal_that_cannot_be_read_is_no_backup),
        STORE_TEST(can_be_cancelled_while_it_waits_for_the_writer),
        STORE_TEST(freeing_it_ends_it),
        STORE_TEST(each_copy_is_one_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
