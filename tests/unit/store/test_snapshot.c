/* The snapshot and the map: who waits for whom. test_backup.c reads what comes out. */
#include "unit/store/help.h"

#include <pthread.h>
#include <stdatomic.h>

#include "store/private.h"
#include "store/snapshot.h"

/* 17 records fit into the map: one that is there, and 16 that the room for a copy takes. */
enum { LARGE = 16 * 1024 * 1024, MAP = 280 * 1024 * 1024, MORE = 17 };

struct filling {
    struct place *p;
    uint32_t next, until;
    size_t size;
    atomic_bool done;
};

static void put_large(struct txn *txn, void *ctx)
{
    const struct filling *f = ctx;
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, f->next);
    uint8_t *at = table_reserve(txn, TABLE_MESSAGES, &key, f->size);
    if (at)
        memset(at, 7, f->size);
}

static void *fill(void *arg)
{
    struct filling *f = arg;
    for (; f->next < f->until; f->next++)
        write_now(f->p->store, put_large, f);
    atomic_store(&f->done, true);
    return NULL;
}

static uint64_t count_records(struct place *p)
{
    struct txn txn;
    txn_begin(p->store, &txn);
    uint64_t count = table_count(&txn, TABLE_MESSAGES);
    read_end(&txn);
    return count;
}

static void wait_until_wanted(struct place *p)
{
    for (int ms = 0; !map_is_wanted(p->store); ms++) {
        assert_true(ms < 60000);
        usleep(1000);
    }
}

/* The writer needs a larger map and waits for it; nobody else does. */
static void readers_go_on_while_the_map_is_wanted(void **state)
{
    struct place *p = *state;
    struct filling f = {.p = p, .until = 40, .size = 65536};
    pthread_t thread;
    assert_true(map_hold(p->store));
    pthread_create(&thread, NULL, fill, &f);
    wait_until_wanted(p);
    uint64_t count = count_records(p);
    usleep(20000);
    assert_int_equal(count_records(p), count);
    assert_false(atomic_load(&f.done));
    map_let_go(p->store);
    pthread_join(thread, NULL);
    assert_int_equal(count_records(p), 40);
    assert_false(map_is_wanted(p->store));
}

static void is_held_by_one_at_a_time(void **state)
{
    struct place *p = *state;
    assert_true(map_hold(p->store));
    assert_false(map_hold(p->store));
    map_let_go(p->store);
    assert_true(map_hold(p->store));
    map_let_go(p->store);
}

static void the_environment_is_not_renewed_meanwhile(void **state)
{
    struct place *p = *state;
    const void *before = p->store->env;
    map_hold(p->store);
    assert_false(env_renew(p->store));
    assert_ptr_equal(p->store->env, before);
    map_let_go(p->store);
    assert_true(env_renew(p->store));
}

/* A reader of the copy that dawdles until the writer wants the map. */
static int dawdle(void *ctx, struct str piece, struct err *err)
{
    struct filling *f = ctx;
    (void)piece;
    (void)err;
    if (!f->until) {
        f->until = f->next + MORE;
        pthread_t thread;
        pthread_create(&thread, NULL, fill, f);
        pthread_detach(thread);
    }
    wait_until_wanted(f->p);
    return 0;
}

static int take_all(void *ctx, struct str piece, struct err *err)
{
    (void)err;
    *(size_t *)ctx += piece.len;
    return 0;
}

static void the_copy_gives_way_to_a_writer_without_room(void **state)
{
    struct place *p = *state;
    struct filling f = {.p = p, .until = 1, .size = LARGE};
    atomic_bool cancelled = false;
    struct err err = {""};
    size_t taken = 0;
    store_close(p->store);
    p->options.map_size = MAP;
    place_open(p);
    fill(&f);
    f.until = 0;
    atomic_store(&f.done, false);
    struct snapshot snapshot = {.store = p->store, .cancelled = &cancelled, .take = dawdle, &f};
    assert_int_equal(snapshot_read(&snapshot, &err), SNAPSHOT_OUTGROWN);
    while (!atomic_load(&f.done))
        usleep(1000);
    snapshot.take = take_all;
    snapshot.ctx = &taken;
    assert_int_equal(snapshot_read(&snapshot, &err), SNAPSHOT_DONE);
    assert_true(taken > (size_t)(1 + MORE) * LARGE);
}

static int refuse(void *ctx, struct str piece, struct err *err)
{
    (void)ctx, (void)piece;
    return err_set(err, "No more.");
}

static void it_ends_where_its_reader_does(void **state)
{
    struct place *p = *state;
    struct filling f = {.p = p, .until = 4, .size = LARGE};
    atomic_bool cancelled = false;
    struct err err = {""};
    fill(&f);
    struct snapshot snapshot = {.store = p->store, .cancelled = &cancelled, .take = refuse};
    assert_int_equal(snapshot_read(&snapshot, &err), SNAPSHOT_FAILED);
    assert_string_equal(err.text, "No more.");
    assert_true(map_hold(p->store)); /* it let go */
    map_let_go(p->store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(readers_go_on_while_the_map_is_wanted),
        STORE_TEST(is_held_by_one_at_a_time),
        STORE_TEST(the_environment_is_not_renewed_meanwhile),
        STORE_TEST(the_copy_gives_way_to_a_writer_without_room),
        STORE_TEST(it_ends_where_its_reader_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
