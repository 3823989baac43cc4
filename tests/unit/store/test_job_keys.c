#include "unit/store/help.h"

#include "store/job_keys.h"

enum { MADE = 0x65000000 };

struct named {
    const char *key;
    struct job_key entry;
};

static void write_key(struct txn *txn, void *ctx)
{
    const struct named *n = ctx;
    job_key_write(txn, str_of(n->key), &n->entry);
}

static struct named named(const char *key, uint32_t job, uint32_t made)
{
    struct named n = {key, {.job = job, .made = made}};
    for (size_t i = 0; i < JOB_KEY_PARTS; i++)
        job_key_hash(STR(""), n.entry.parts[i]);
    return n;
}

static void make(struct place *p, const char *key, uint32_t job, uint32_t made)
{
    struct named n = named(key, job, made);
    write_now(p->store, write_key, &n);
}

/* The job of a key, or 0. */
static uint32_t job_of(struct place *p, const char *key)
{
    struct job_key entry = {.job = 0};
    struct txn txn;
    txn_begin(p->store, &txn);
    bool found = job_key_read(&txn, str_of(key), &entry);
    read_end(&txn);
    return found ? entry.job : 0;
}

static uint64_t records(struct place *p)
{
    struct txn txn;
    txn_begin(p->store, &txn);
    uint64_t count = table_count(&txn, TABLE_JOB_KEYS);
    read_end(&txn);
    return count;
}

/* The hexadecimal value of a key whose parts are all empty. */
static void add_value(struct buf *out, const char *start, size_t parts)
{
    buf_add_text(out, start);
    for (size_t i = 0; i < parts; i++)
        buf_add_text(out, "99aa06d3014798d86001c324468d497f");
}

/* A key must mean the same after any restart, so the hash is pinned to its published vector. */
static void a_key_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    struct buf value = BUF_INIT;
    add_value(&value, "02 0000000c 65000000", JOB_KEY_PARTS);
    make(p, "may", 12, MADE);
    assert_stored(p->store, TABLE_JOB_KEYS, hex("01 6d6179"), hex(value.at));
    buf_release(&value);
    assert_stored(p->store, TABLE_JOB_KEYS, hex("02 65000000 6d6179"), STR(""));
}

static void a_key_of_version_1_is_read_as_one_without_what_came_later(void **state)
{
    struct place *p = *state;
    struct named same = named("may", 12, MADE);
    struct buf value = BUF_INIT;
    struct job_key got;
    struct txn txn;
    add_value(&value, "01 0000000c 65000000", 7);
    write_raw(p->store, TABLE_JOB_KEYS, hex("01 6d6179"), hex(value.at));
    txn_begin(p->store, &txn);
    assert_true(job_key_read(&txn, STR("may"), &got));
    assert_int_equal(got.job, 12);
    assert_memory_equal(got.parts, same.entry.parts, sizeof(got.parts));
    read_end(&txn);
    buf_release(&value);
}

static void it_is_read_as_it_was_written_after_a_restart_too(void **state)
{
    struct place *p = *state;
    struct named n = named("été 2026", 7, MADE);
    struct job_key got;
    struct txn txn;
    job_key_hash(STR("list:everyone"), n.entry.parts[1]);
    write_now(p->store, write_key, &n);
    store_close(p->store);
    place_open(p);
    txn_begin(p->store, &txn);
    assert_true(job_key_read(&txn, str_of(n.key), &got));
    assert_int_equal(got.job, 7);
    assert_int_equal(got.made, MADE);
    assert_memory_equal(got.parts, n.entry.parts, sizeof(got.parts));
    read_end(&txn);
    assert_int_equal(job_of(p, "été 202"), 0);
    assert_int_equal(job_of(p, "été 2026 "), 0);
}

static void a_key_lasts_thirty_days_and_not_much_longer(void **state)
{
    struct place *p = *state;
    make(p, "old", 1, MADE);
    make(p, "new", 2, MADE + JOB_KEY_KEPT_S);
    assert_int_equal(job_of(p, "old"), 1);
    make(p, "newer", 3, MADE + JOB_KEY_KEPT_S + 1);
    assert_int_equal(job_of(p, "old"), 0);
    assert_int_equal(job_of(p, "new"), 2);
    assert_int_equal(records(p), 4);
}

static void write_many(struct txn *txn, void *ctx)
{
    uint32_t *made = ctx;
    char key[20];
    for (uint32_t i = 1; i <= 40; i++) {
        snprintf(key, sizeof(key), "many %u", i);
        struct named n = named(key, i, *made);
        job_key_write(txn, str_of(key), &n.entry);
    }
}

static void old_keys_go_a_few_at_a_time(void **state)
{
    struct place *p = *state;
    uint32_t made = MADE;
    write_now(p->store, write_many, &made);
    assert_int_equal(records(p), 80);
    make(p, "a", 41, MADE + 2 * JOB_KEY_KEPT_S);
    assert_int_equal(records(p), 80 - 2 * 16 + 2);
    make(p, "b", 42, MADE + 2 * JOB_KEY_KEPT_S);
    make(p, "c", 43, MADE + 2 * JOB_KEY_KEPT_S);
    assert_int_equal(records(p), 6);
}

/* A clock that was set back makes keys of the future: they stay, and hide nobody's age. */
static void keys_of_the_future_stay(void **state)
{
    struct place *p = *state;
    make(p, "future", 1, MADE + 5 * JOB_KEY_KEPT_S);
    make(p, "old", 2, MADE);
    make(p, "new", 3, MADE + 2 * JOB_KEY_KEPT_S);
    assert_int_equal(job_of(p, "old"), 0);
    assert_int_equal(job_of(p, "future"), 1);
}

static void a_key_replaces_the_one_before(void **state)
{
    struct place *p = *state;
    make(p, "may", 1, MADE);
    make(p, "may", 2, MADE + JOB_KEY_KEPT_S);
    assert_int_equal(job_of(p, "may"), 2);
    assert_int_equal(records(p), 2);
    make(p, "june", 3, MADE + JOB_KEY_KEPT_S + 9); /* the first one's age is no longer known */
    assert_int_equal(job_of(p, "may"), 2);
}

/* Two keys that differ at their end only must never be taken for each other. */
static void keys_that_are_too_long_are_not_kept(void **state)
{
    struct place *p = *state;
    char key[JOB_KEY_MAX + 2];
    memset(key, 'k', sizeof(key));
    key[JOB_KEY_MAX + 1] = '\0';
    make(p, key, 1, MADE);
    make(p, "", 1, MADE);
    assert_int_equal(records(p), 0);
    key[JOB_KEY_MAX] = '\0';
    make(p, key, 1, MADE);
    assert_int_equal(job_of(p, key), 1);
    make(p, "later", 2, MADE + 2 * JOB_KEY_KEPT_S);
    assert_int_equal(job_of(p, key), 0);
}

static void damaged(struct place *p, const char *value)
{
    struct job_key got;
    struct txn txn;
    write_raw(p->store, TABLE_JOB_KEYS, hex("01 6d6179"), hex(value));
    txn_begin(p->store, &txn);
    assert_false(job_key_read(&txn, STR("may"), &got));
    assert_damaged(&txn, "`job_keys`", "016d6179");
    txn_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    damaged(p, "01 0000000c 65000000");
    damaged(p, "01");
    struct buf value = BUF_INIT;
    add_value(&value, "03 0000000c 65000000", JOB_KEY_PARTS); /* a version that there is not */
    damaged(p, value.at);
    buf_reset(&value);
    add_value(&value, "02 00000000 65000000", JOB_KEY_PARTS); /* no job has this number */
    damaged(p, value.at);
    buf_reset(&value);
    add_value(&value, "01 0000000c 65000000", JOB_KEY_PARTS); /* more than its version has */
    damaged(p, value.at);
    buf_reset(&value);
    add_value(&value, "02 0000000c 65000000 00", JOB_KEY_PARTS); /* too long */
    damaged(p, value.at);
    buf_release(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_key_is_stored_as_documented),
        STORE_TEST(a_key_of_version_1_is_read_as_one_without_what_came_later),
        STORE_TEST(it_is_read_as_it_was_written_after_a_restart_too),
        STORE_TEST(a_key_lasts_thirty_days_and_not_much_longer),
        STORE_TEST(old_keys_go_a_few_at_a_time),
        STORE_TEST(keys_of_the_future_stay),
        STORE_TEST(a_key_replaces_the_one_before),
        STORE_TEST(keys_that_are_too_long_are_not_kept),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
