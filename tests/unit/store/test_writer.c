#include "unit/store/help.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/journal.h"
#include "store/messages.h"
#include "store/names.h"

enum { MANY = 200, BIG = 40000 };

/* Operations that note when they were applied and done, in one common count. */
struct noted {
    struct write_op op;
    uint32_t number;
    unsigned applied;
    unsigned done; /* its place among those that are done; from 1 */
};

static atomic_uint done_count;

static void noted_apply(struct txn *txn, struct write_op *op)
{
    struct noted *n = (struct noted *)op;
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, n->number);
    uint8_t *at = table_reserve(txn, TABLE_MESSAGES, &key, BIG);
    if (at)
        memset(at, (int)(n->number & 0xFF), BIG);
    n->applied++;
}

static void noted_done(struct write_op *op)
{
    ((struct noted *)op)->done = atomic_load(&done_count) + 1;
    atomic_fetch_add(&done_count, 1);
}

static void submit_noted(struct store *store, struct noted *all, uint32_t count)
{
    atomic_store(&done_count, 0);
    memset(all, 0, count * sizeof(*all));
    for (uint32_t i = 0; i < count; i++) {
        all[i].op = (struct write_op){.apply = noted_apply, .done = noted_done, .records = 1};
        all[i].number = i;
        store_submit(store, &all[i].op);
    }
}

static void wait_done(unsigned count)
{
    while (atomic_load(&done_count) < count)
        usleep(1000);
}

static void assert_all_there(struct store *store, uint32_t count)
{
    struct txn txn;
    txn_begin(store, &txn);
    assert_int_equal(table_count(&txn, TABLE_MESSAGES), count);
    for (uint32_t i = 0; i < count; i++) {
        struct key key;
        struct str value;
        KEY_INIT(&key);
        key_u32(&key, i);
        assert_true(table_get(&txn, TABLE_MESSAGES, &key, &value));
        assert_int_equal(value.len, BIG);
        assert_int_equal((uint8_t)value.at[BIG - 1], i & 0xFF);
    }
    read_end(&txn);
}

static void reopen(struct place *p, size_t map_size, int64_t interval_ms, unsigned records)
{
    store_close(p->store);
    p->options.map_size = map_size;
    p->options.commit_interval_ms = interval_ms;
    p->options.commit_records = records;
    place_open(p);
}

static void a_group_is_applied_again_when_the_map_has_grown(void **state)
{
    struct place *p = *state;
    struct noted all[MANY];
    unsigned most = 0;
    reopen(p, 256 * 1024, 20, MANY);
    submit_noted(p->store, all, MANY); /* 8 MB */
    wait_done(MANY);
    assert_all_there(p->store, MANY);
    for (size_t i = 0; i < MANY; i++)
        most = all[i].applied > most ? all[i].applied : most;
    assert_true(most > 1);
    assert_true(store_healthy(p->store));
}

static void done_follows_the_order_of_submission(void **state)
{
    struct place *p = *state;
    struct noted all[MANY];
    reopen(p, 64 << 20, 1, 7);
    submit_noted(p->store, all, MANY);
    wait_done(MANY);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(all[i].done, i + 1);
}

static void closing_commits_what_is_queued(void **state)
{
    struct place *p = *state;
    struct noted all[MANY];
    reopen(p, 1 << 20, 3600 * 1000, 1000000); /* nothing would be due for an hour */
    submit_noted(p->store, all, MANY);
    reopen(p, 1 << 20, 1, 1000);
    assert_int_equal(atomic_load(&done_count), MANY);
    assert_all_there(p->store, MANY);
}

static void nothing(struct txn *txn, void *ctx)
{
    (void)txn, (void)ctx;
}

static void an_urgent_operation_does_not_wait(void **state)
{
    struct place *p = *state;
    struct noted all[3];
    reopen(p, 1 << 20, 3600 * 1000, 1000000);
    submit_noted(p->store, all, 3);
    int64_t began = clock_mono_ms();
    write_now(p->store, nothing, NULL);
    assert_true(clock_mono_ms() - began < 60 * 1000);
    assert_int_equal(atomic_load(&done_count), 3); /* and takes along what stood before it */
}

/* Holds the writer until it is let go, and notes what it is told meanwhile. */
struct gate_op {
    struct write_op op;
    sem_t reached, open;
    bool hurried_before, hurried_after;
};

static void gate_apply(struct txn *txn, struct write_op *op)
{
    struct gate_op *g = (struct gate_op *)op;
    g->hurried_before = store_is_hurried(txn->store);
    sem_post(&g->reached);
    sem_wait(&g->open);
    g->hurried_after = store_is_hurried(txn->store);
}

static void gate_done(struct write_op *op)
{
    (void)op;
}

static void submit_more(struct store *store, struct noted *n, bool ahead)
{
    n->op = (struct write_op){
        .apply = noted_apply, .done = noted_done, .records = 3, .urgent = true, .ahead = ahead};
    store_submit(store, &n->op);
}

/* Groups of two operations, behind one that is under way: who goes ahead is in the first of them,
 * and the others keep their order. */
static void operations_that_go_ahead_come_first(void **state)
{
    struct place *p = *state;
    struct gate_op gate = {.op = {.apply = gate_apply, .done = gate_done, .urgent = true}};
    static const bool ahead[] = {false, false, true, false, true, true, false};
    static const unsigned places[] = {4, 5, 1, 6, 2, 3, 7};
    enum { OPS = sizeof(ahead) / sizeof(ahead[0]) };
    struct noted all[OPS] = {0};
    reopen(p, 16 << 20, 3600 * 1000, 6);
    sem_init(&gate.reached, 0, 0);
    sem_init(&gate.open, 0, 0);
    store_submit(p->store, &gate.op);
    sem_wait(&gate.reached);
    atomic_store(&done_count, 0);
    for (uint32_t i = 0; i < OPS; i++) {
        all[i].number = i;
        submit_more(p->store, &all[i], ahead[i]);
    }
    sem_post(&gate.open);
    wait_done(OPS);
    for (uint32_t i = 0; i < OPS; i++)
        assert_int_equal(all[i].done, places[i]);
    assert_false(gate.hurried_before);
    assert_true(gate.hurried_after);
    assert_false(store_is_hurried(p->store));
    memset(all, 0, sizeof(all));
    atomic_store(&done_count, 0);
    submit_more(p->store, &all[0], true); /* the line is in order after it was empty */
    submit_more(p->store, &all[1], false);
    wait_done(2);
    assert_int_equal(all[0].done, 1);
    sem_destroy(&gate.reached);
    sem_destroy(&gate.open);
}

static void a_full_group_does_not_wait(void **state)
{
    struct place *p = *state;
    struct noted all[10];
    reopen(p, 1 << 20, 3600 * 1000, 10);
    submit_noted(p->store, all, 10);
    wait_done(10);
}

static void operations_gather_into_groups(void **state)
{
    struct place *p = *state;
    struct noted all[MANY];
    reopen(p, 64 << 20, 500, MANY);
    struct buf text = BUF_INIT;
    submit_noted(p->store, all, MANY);
    wait_done(MANY);
    metrics_render(&text);
    assert_non_null(strstr(text.at, "tocsin_store_commits_total"));
    assert_non_null(strstr(text.at, "tocsin_store_used_bytes"));
    buf_release(&text);
    assert_int_equal(all[0].applied, 1);
}

/* What was synced last, by the first letters of its files. */
static char synced[16];

/* Instead of the C library's, for LMDB too. */
int fdatasync(int fd)
{
    char link[32], path[128] = "";
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    const char *name = len > 0 ? strrchr(path, '/') : NULL;
    size_t count = strlen(synced);
    if (name && count < sizeof(synced) - 1)
        synced[count] = name[1];
    return (int)syscall(SYS_fdatasync, fd);
}

static void write_number(struct txn *txn, void *ctx)
{
    meta_set_number(txn, STR("test"), *(uint32_t *)ctx);
}

/* What an operation rests on is then on the disk with it, whenever the power goes. */
static void journals_are_synced_before_each_commit(void **state)
{
    struct place *p = *state;
    struct journal_began began = {.job = 1, .contact = 1};
    struct err err;
    struct journal *j = journal_attach(p->store, 0, 64 * 1024, &err);
    assert_non_null(j);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_true(journal_take(j));
        journal_began(j, &began);
        memset(synced, 0, sizeof(synced));
        write_now(p->store, write_number, &i);
        assert_string_equal(synced, "jd"); /* journal-0, data.mdb */
    }
    journal_detach(j);
    journal_free(j);
}

static void set_file_limit(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A file that may not grow stands for a full disk: to LMDB both are a write that fails. */
static void a_full_disk_loses_nothing(void **state)
{
    struct place *p = *state;
    struct noted all[MANY];
    uint64_t file, used;
    signal(SIGXFSZ, SIG_IGN);
    reopen(p, 64 << 20, 1, 1000);
    write_now(p->store, nothing, NULL);
    store_size(p->store, &file, &used);
    set_file_limit((rlim_t)file + 65536);
    submit_noted(p->store, all, MANY);
    while (store_healthy(p->store))
        usleep(1000);
    assert_true(atomic_load(&done_count) < MANY);
    set_file_limit(RLIM_INFINITY);
    wait_done(MANY);
    write_now(p->store, nothing, NULL);
    assert_true(store_healthy(p->store));
    assert_all_there(p->store, MANY);
}

static void closing_on_a_full_disk_comes_to_an_end(void **state)
{
    struct place *p = *state;
    struct noted all[MANY];
    uint64_t file, used;
    signal(SIGXFSZ, SIG_IGN);
    reopen(p, 64 << 20, 1, 1000000);
    store_size(p->store, &file, &used);
    set_file_limit((rlim_t)file + 65536);
    submit_noted(p->store, all, MANY);
    store_close(p->store);
    set_file_limit(RLIM_INFINITY);
    assert_true(atomic_load(&done_count) < MANY);
    place_open(p);
    assert_true(store_healthy(p->store));
}

struct crowd {
    struct store *store;
    atomic_bool over;
    atomic_uint reads;
};

/* Two names are always interned together: a reader that sees one must see the other. */
static void intern_pair(struct txn *txn, void *ctx)
{
    uint32_t n = *(uint32_t *)ctx;
    char name[32], text[8192];
    int len = snprintf(name, sizeof(name), "%u", n);
    name_intern(txn, NAME_LIST, str_from(name, (size_t)len));
    name_intern(txn, NAME_DOMAIN, str_from(name, (size_t)len));
    memset(text, 'x', sizeof(text));
    message_put(txn, str_from(name, (size_t)len), str_from(text, sizeof(text)), n);
}

static void *read_pairs(void *arg)
{
    struct crowd *c = arg;
    for (uint32_t n = 0; !atomic_load(&c->over); n++) {
        struct txn txn;
        txn_begin(c->store, &txn);
        uint32_t id = 1 + n % 300;
        struct str list = name_text(&txn, NAME_LIST, id), domain = name_text(&txn, NAME_DOMAIN, id);
        assert_true(str_eq(list, domain));
        struct str source = message_source(&txn, (struct message_ref){id, 1});
        assert_int_equal(source.at != NULL, list.at != NULL);
        assert_true(!source.at || source.at[source.len - 1] == 'x');
        assert_int_equal(txn_failed(&txn, NULL), 0);
        txn_end(&txn);
        atomic_fetch_add(&c->reads, 1);
    }
    return NULL;
}

static void readers_and_the_writer_work_side_by_side(void **state)
{
    struct place *p = *state;
    pthread_t threads[4];
    reopen(p, 64 * 1024, 1, 1000); /* so small that the map grows under the readers */
    struct crowd crowd = {.store = p->store};
    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, read_pairs, &crowd);
    for (uint32_t n = 1; n <= 300; n++)
        write_now(p->store, intern_pair, &n);
    while (atomic_load(&crowd.reads) < 1000)
        usleep(1000);
    atomic_store(&crowd.over, true);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_group_is_applied_again_when_the_map_has_grown),
        STORE_TEST(done_follows_the_order_of_submission),
        STORE_TEST(closing_commits_what_is_queued),
        STORE_TEST(an_urgent_operation_does_not_wait),
        STORE_TEST(operations_that_go_ahead_come_first),
        STORE_TEST(a_full_group_does_not_wait),
        STORE_TEST(operations_gather_into_groups),
        STORE_TEST(journals_are_synced_before_each_commit),
        STORE_TEST(a_full_disk_loses_nothing),
        STORE_TEST(closing_on_a_full_disk_comes_to_an_end),
        STORE_TEST(readers_and_the_writer_work_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
