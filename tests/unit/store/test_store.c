#include "unit/store/help.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void refused_with(struct place *p, const char *part)
{
    struct err err = {""};
    assert_null(store_open(&p->options, &err));
    if (!strstr(err.text, part) || !strstr(err.text, p->options.dir))
        fail_msg("%s", err.text);
}

static void close_it(struct place *p)
{
    store_close(p->store);
    p->store = NULL;
}

static void makes_a_private_folder(void **state)
{
    struct place *p = *state;
    char inner[128];
    struct stat stat_;
    close_it(p);
    snprintf(inner, sizeof(inner), "%s/data", p->dir);
    p->options.dir = inner;
    place_open(p);
    assert_int_equal(stat(inner, &stat_), 0);
    assert_int_equal(stat_.st_mode & 0777, 0700);
}

static void refuses_a_folder_that_cannot_be_made(void **state)
{
    struct place *p = *state;
    char inner[128];
    snprintf(inner, sizeof(inner), "%s/no/such", p->dir);
    p->options.dir = inner;
    refused_with(p, "cannot be made");
}

static void names_the_process_that_holds_the_folder(void **state)
{
    struct place *p = *state;
    char who[64];
    snprintf(who, sizeof(who), "(process %ld)", (long)getpid());
    refused_with(p, who);
    refused_with(p, "another data_dir");
}

static void gives_the_folder_back(void **state)
{
    struct place *p = *state;
    close_it(p);
    place_open(p);
}

/* LMDB writes into that file through a map: what is not there when the disk is full ends the
 * process. */
static void takes_the_room_of_the_readers_beforehand(void **state)
{
    struct place *p = *state;
    char path[128];
    struct stat about;
    snprintf(path, sizeof(path), "%s/lock.mdb", p->dir);
    assert_int_equal(stat(path, &about), 0);
    assert_true(about.st_size >= 512 * 64);
    assert_true(about.st_blocks * 512 >= about.st_size);
}

static void set_version_99(struct txn *txn, void *ctx)
{
    (void)ctx;
    meta_set_number(txn, STR("version"), 99);
}

static void refuses_a_newer_version(void **state)
{
    struct place *p = *state;
    write_now(p->store, set_version_99, NULL);
    close_it(p);
    refused_with(p, "newer tocsind (store version 99, this one knows 3)");
    refused_with(p, "newer tocsind"); /* and it did not touch it, nor keep the lock */
}

static void documents_its_version(void **state)
{
    struct place *p = *state;
    assert_stored(p->store, TABLE_META, hex("76657273696f6e"), hex("00000003"));
}

static void keeps_its_secret(void **state)
{
    struct place *p = *state;
    struct txn txn;
    txn_begin(p->store, &txn);
    uint64_t before = store_secret(p->store);
    read_end(&txn);
    close_it(p);
    place_open(p);
    txn_begin(p->store, &txn);
    assert_int_equal(store_secret(p->store), before);
    assert_int_not_equal(before, 0);
    read_end(&txn);
}

static void refuses_a_file_that_is_no_store(void **state)
{
    struct place *p = *state;
    char path[128], junk[8192];
    close_it(p);
    snprintf(path, sizeof(path), "%s/data.mdb", p->dir);
    memset(junk, 'x', sizeof(junk));
    int fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
    close(fd);
    refused_with(p, "damaged");
}

/* In a process of its own: opens a store, spoils the root of a table under it, and reads. */
#ifdef __SANITIZE_THREAD__
/* The child opens a store, and so starts its writer. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}
#endif

static void read_what_is_spoiled(const char *dir)
{
    struct place p = {.options = {.dir = dir, .map_size = 1 << 20, .commit_interval_ms = 1}};
    char path[128];
    struct txn txn;
    struct str found, value;
    place_open(&p);
    for (uint32_t i = 0; i < 40; i++) {
        uint8_t key[200] = {0}; /* few fit into a page: the root is a branch */
        write_u32(key, i);
        write_raw(p.store, TABLE_SITES, str_from(key, sizeof(key)), STR(""));
    }
    txn_begin(p.store, &txn);
    struct key first = raw_key(hex("00"));
    table_seek(&txn, TABLE_SITES, &first, &found, &value);
    txn_end(&txn);
    snprintf(path, sizeof(path), "%s/data.mdb", dir);
    int fd = open(path, O_RDWR);
    for (off_t page = 2 * 4096; pread(fd, path, 14, page) == 14; page += 4096)
        if (path[10] == 1) /* a branch, which keeps one child of its several */
            assert_int_equal(pwrite(fd, "\x12", 1, page + 12), 1);
    txn_begin(p.store, &txn);
    table_seek(&txn, TABLE_SITES, &first, &found, &value);
}

static void damage_that_comes_later_stops_it_with_a_sentence(void **state)
{
    struct place *p = *state;
    char inner[128], said[4096] = "";
    int pipe_[2], status;
    snprintf(inner, sizeof(inner), "%s/inner", p->dir);
    assert_int_equal(pipe(pipe_), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipe_[1], STDERR_FILENO);
        read_what_is_spoiled(inner);
        _exit(0);
    }
    close(pipe_[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(read(pipe_[0], said, sizeof(said) - 1) >= 0);
    close(pipe_[0]);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || !strstr(said, " store_damaged ") ||
        !strstr(said, "inner/data.mdb is damaged") || !strstr(said, "tocsin check --data CONFIG"))
        fail_msg("status %d: %s", status, said);
}

static void refuses_to_start_on_damaged_pages(void **state)
{
    struct place *p = *state;
    char path[128];
    close_it(p);
    snprintf(path, sizeof(path), "%s/data.mdb", p->dir);
    assert_int_equal(truncate(path, 3 * 4096), 0);
    refused_with(p, "data.mdb is damaged at page 3 (table `meta`): the file is cut off");
    refused_with(p, "Run \"tocsin check --data CONFIG\"");
    assert_int_equal(truncate(path, 0), 0); /* an empty file is a new store's */
    place_open(p);
}

static void put_64_kib(struct txn *txn, void *ctx)
{
    char bytes[65536];
    struct key key = raw_key(str_from(ctx, sizeof(int)));
    memset(bytes, 7, sizeof(bytes));
    table_put(txn, TABLE_MESSAGES, &key, str_from(bytes, sizeof(bytes)));
}

static void measures_itself(void **state)
{
    struct place *p = *state;
    uint64_t file_before, used_before, file, used;
    store_size(p->store, &file_before, &used_before);
    for (int i = 0; i < 16; i++)
        write_now(p->store, put_64_kib, &i);
    store_size(p->store, &file, &used);
    assert_true(used - used_before > 16 * 65536);
    assert_true(used - used_before < 17 * 70000);
    assert_true(file >= used);
    assert_true(file_before > 0 && file_before < file);
}

static void opens_a_file_larger_than_the_map_asked_for(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 64; i++)
        write_now(p->store, put_64_kib, &i);
    close_it(p);
    p->options.map_size = 4096;
    place_open(p);
    int more = 1000;
    write_now(p->store, put_64_kib, &more);
    struct txn txn;
    txn_begin(p->store, &txn);
    assert_int_equal(table_count(&txn, TABLE_MESSAGES), 65);
    read_end(&txn);
}

static void starts_in_the_smallest_map(void **state)
{
    struct place *p = *state;
    char inner[128];
    close_it(p);
    snprintf(inner, sizeof(inner), "%s/data", p->dir);
    p->options.dir = inner;
    p->options.map_size = 1;
    place_open(p);
    assert_true(store_healthy(p->store));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(makes_a_private_folder),
        STORE_TEST(refuses_a_folder_that_cannot_be_made),
        STORE_TEST(names_the_process_that_holds_the_folder),
        STORE_TEST(gives_the_folder_back),
        STORE_TEST(takes_the_room_of_the_readers_beforehand),
        STORE_TEST(refuses_a_newer_version),
        STORE_TEST(documents_its_version),
        STORE_TEST(keeps_its_secret),
        STORE_TEST(refuses_a_file_that_is_no_store),
        STORE_TEST(damage_that_comes_later_stops_it_with_a_sentence),
        STORE_TEST(refuses_to_start_on_damaged_pages),
        STORE_TEST(measures_itself),
        STORE_TEST(opens_a_file_larger_than_the_map_asked_for),
        STORE_TEST(starts_in_the_smallest_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
