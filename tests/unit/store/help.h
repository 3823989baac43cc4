/*
 * A store in a folder of its own, for the tests of store/: made before each test, removed after it;
 * and a way to run code in a write transaction and wait for the commit.
 */
#ifndef TOCSIN_TESTS_STORE_HELP_H
#define TOCSIN_TESTS_STORE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <semaphore.h>
#include <unistd.h>

#include "store/store.h"
#include "store/table.h"
#include "store/writer.h"

struct place {
    char dir[64];
    struct store_options options;
    struct store *store;
};

static inline void place_open(struct place *p)
{
    struct err err;
    p->store = store_open(&p->options, &err);
    if (!p->store)
        fail_msg("%s", err.text);
}

static inline int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->dir, sizeof(p->dir), "%s/tocsin-store-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(p->dir));
    p->options = (struct store_options){
        .dir = p->dir, .map_size = 1 << 20, .commit_interval_ms = 1, .commit_records = 1000};
    place_open(p);
    *state = p;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

static inline int place_teardown(void **state)
{
    struct place *p = *state;
    store_close(p->store);
    nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

typedef void write_fn(struct txn *txn, void *ctx);

struct write {
    struct write_op op;
    write_fn *run;
    void *ctx;
    sem_t done;
};

static inline void write_apply(struct txn *txn, struct write_op *op)
{
    struct write *w = (struct write *)op;
    w->run(txn, w->ctx);
}

static inline void write_done(struct write_op *op)
{
    sem_post(&((struct write *)op)->done);
}

/* Runs `run` in the writer and returns when it is durable. */
static inline void write_now(struct store *store, write_fn *run, void *ctx)
{
    struct write w = {
        .op = {.apply = write_apply, .done = write_done, .urgent = true}, .run = run, .ctx = ctx};
    sem_init(&w.done, 0, 0);
    store_submit(store, &w.op);
    while (sem_wait(&w.done))
        ;
    sem_destroy(&w.done);
}

/* Ends a read transaction that must not have failed. */
static inline void read_end(struct txn *txn)
{
    struct err err;
    if (txn_failed(txn, &err))
        fail_msg("%s", err.text);
    txn_end(txn);
}

/* The bytes of hexadecimal text (spaces are skipped), for worked examples; in a static buffer. */
static inline struct str hex(const char *text)
{
    static uint8_t bytes[4][512];
    static unsigned turn;
    uint8_t *out = bytes[turn++ % 4];
    size_t digits = 0;
    for (; *text; text++) {
        if (*text == ' ')
            continue;
        unsigned n = (unsigned)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
        out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] * 16U + n : n);
        digits++;
    }
    return str_from(out, digits / 2);
}

static inline void assert_str(struct str got, struct str want)
{
    assert_int_equal(got.len, want.len);
    if (want.len)
        assert_memory_equal(got.at, want.at, want.len);
}

struct raw {
    enum table table;
    struct str key, value;
};

static inline struct key raw_key(struct str bytes)
{
    struct key key;
    KEY_INIT(&key);
    key_str(&key, bytes);
    return key;
}

static inline void raw_put(struct txn *txn, void *ctx)
{
    const struct raw *raw = ctx;
    struct key key = raw_key(raw->key);
    table_put(txn, raw->table, &key, raw->value);
}

/* Writes a record as it stands, past the table's own code. */
static inline void write_raw(struct store *store, enum table table, struct str key,
                             struct str value)
{
    struct raw raw = {table, key, value};
    write_now(store, raw_put, &raw);
}

/* Asserts the stored bytes of a key. */
static inline void assert_stored(struct store *store, enum table table, struct str key_bytes,
                                 struct str want)
{
    struct txn txn;
    struct str value = {NULL, 0};
    struct key key = raw_key(key_bytes);
    assert_int_equal(txn_begin(store, &txn), 0);
    assert_true(table_get(&txn, table, &key, &value));
    assert_str(value, want);
    read_end(&txn);
}

/* Asserts that a transaction has failed with a sentence that names the table and the key. */
static inline void assert_damaged(struct txn *txn, const char *table, const char *key)
{
    struct err err = {""};
    assert_int_equal(txn_failed(txn, &err), -1);
    if (!strstr(err.text, "damaged") || !strstr(err.text, table) || !strstr(err.text, key))
        fail_msg("%s", err.text);
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, place_setup, place_teardown)

#endif
