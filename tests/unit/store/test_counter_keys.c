/* An addition with a key counts once, however often it is asked for; and keys are forgotten. */
#include "store/counter_keys.h"

#include "unit/store/help.h"

enum { NOW = 0x6553f100 };

#define HASH_OF_MAY_1 "0492d74562987cc6bb5de4bfd38cbf16"

struct order {
    struct counter_addition what;
    struct counter_change is;
    struct err err;
    int result;
};

static void do_add(struct txn *txn, void *ctx)
{
    struct order *o = ctx;
    o->result = counter_add_once(txn, &o->what, &o->is, &o->err);
}

static struct order add(struct place *p, struct str name, int64_t by, struct str key)
{
    struct order o = {.what = {name, by, key, NOW, NOW}, .err = {""}};
    write_now(p->store, do_add, &o);
    return o;
}

static struct counter_change adds(struct place *p, struct str name, int64_t by, struct str key)
{
    struct order o = add(p, name, by, key);
    if (o.result != 0)
        fail_msg("%s", o.err.text);
    return o.is;
}

static void refuses(struct place *p, struct str name, int64_t by, struct str key, const char *words)
{
    struct order o = add(p, name, by, key);
    assert_int_equal(o.result, -1);
    if (!strstr(o.err.text, words) || !str_ends(str_of(o.err.text), STR(".")))
        fail_msg("%s", o.err.text);
}

static uint64_t count(struct place *p)
{
    struct txn txn;
    txn_begin(p->store, &txn);
    uint64_t keys = table_count(&txn, TABLE_COUNTER_KEYS);
    read_end(&txn);
    return keys;
}

static void without_a_key_each_counts(void **state)
{
    struct place *p = *state;
    adds(p, STR("raif"), 5, STR(""));
    assert_int_equal(adds(p, STR("raif"), 5, STR("")).after.value, 10);
    assert_int_equal(count(p), 0);
}

static void with_a_key_it_counts_once(void **state)
{
    struct place *p = *state;
    struct counter_change is = adds(p, STR("raif"), 5, STR("may-1"));
    assert_true(is.made && !is.repeated);
    adds(p, STR("raif"), 1, STR("may-2"));
    is = adds(p, STR("Raif"), 5, STR("may-1"));
    assert_true(is.repeated && !is.made);
    assert_int_equal(is.after.value, 6); /* as it is now */
    assert_string_equal(is.after.name, "raif");
}

static void also_after_a_restart(void **state)
{
    struct place *p = *state;
    adds(p, STR("raif"), 5, STR("may-1"));
    store_close(p->store);
    place_open(p);
    assert_int_equal(adds(p, STR("raif"), 5, STR("may-1")).after.value, 5);
}

static void it_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    adds(p, STR("raif"), 5, STR("may-1"));
    assert_stored(p->store, TABLE_COUNTER_KEYS, hex(HASH_OF_MAY_1),
                  hex("01 6553f100 0000000000000005 72616966"));
}

static void a_key_stands_for_one_addition(void **state)
{
    struct place *p = *state;
    adds(p, STR("raif"), 5, STR("may-1"));
    refuses(p, STR("raif"), 6, STR("may-1"), "was used to add 5 to \"raif\"");
    refuses(p, STR("narges"), 5, STR("may-1"), "give it a key of its own");
    assert_int_equal(adds(p, STR("raif"), 0, STR("")).after.value, 5);
}

static void what_is_refused_uses_no_key_up(void **state)
{
    struct place *p = *state;
    adds(p, STR("raif"), INT64_MAX, STR(""));
    refuses(p, STR("raif"), 1, STR("may-1"), "64 bits");
    adds(p, STR("raif"), -1, STR(""));
    assert_false(adds(p, STR("raif"), 1, STR("may-1")).repeated);
}

static void do_delete(struct txn *txn, void *ctx)
{
    counter_delete(txn, *(struct str *)ctx);
}

static void a_deleted_counter_does_not_come_back(void **state)
{
    struct place *p = *state;
    struct str name = STR("raif");
    adds(p, name, 5, STR("may-1"));
    write_now(p->store, do_delete, &name);
    refuses(p, name, 5, STR("may-1"), "deleted since");
    assert_true(adds(p, name, 5, STR("may-2")).made);
}

/* --- Forgetting --- */

struct many {
    unsigned from, to;
    uint32_t steady;
};

static void add_many(struct txn *txn, void *ctx)
{
    const struct many *m = ctx;
    for (unsigned i = m->from; i < m->to; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key-%u", i);
        struct order o = {.what = {STR("raif"), 1, str_of(key), NOW, m->steady}};
        assert_int_equal(counter_add_once(txn, &o.what, &o.is, &o.err), 0);
    }
}

static void keys_are_kept_for_a_week(void **state)
{
    struct place *p = *state;
    write_now(p->store, add_many, &(struct many){0, 2000, NOW});
    write_now(p->store, add_many, &(struct many){2000, 4000, NOW + COUNTER_KEY_KEPT_S});
    assert_int_equal(count(p), 4000);
    write_now(p->store, add_many, &(struct many){0, 10, NOW + COUNTER_KEY_KEPT_S});
    assert_int_equal(count(p), 4000);
}

/* Each new one looks at some others, wherever they lie. */
static void older_ones_go(void **state)
{
    struct place *p = *state;
    write_now(p->store, add_many, &(struct many){0, 2000, NOW});
    write_now(p->store, add_many, &(struct many){2000, 3000, NOW + COUNTER_KEY_KEPT_S + 1});
    assert_in_range(count(p), 1000, 1020);
}

static void a_clock_that_goes_back_drops_none(void **state)
{
    struct place *p = *state;
    write_now(p->store, add_many, &(struct many){0, 100, NOW});
    write_now(p->store, add_many, &(struct many){100, 200, 100});
    assert_int_equal(count(p), 200);
}

static void a_damaged_key_is_an_error(void **state)
{
    static const char *const values[] = {
        "02 6553f100 0000000000000005 72616966", "01 6553f100 0000000000000005",
        "01 6553f100 0000000000000005 52616966", "01 6553f100 00000000000005"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct place *p = *state;
        struct txn txn;
        struct order o = {.what = {STR("raif"), 5, STR("may-1"), NOW, NOW}};
        write_raw(p->store, TABLE_COUNTER_KEYS, hex(HASH_OF_MAY_1), hex(values[i]));
        txn_begin(p->store, &txn);
        counter_add_once(&txn, &o.what, &o.is, &o.err);
        assert_damaged(&txn, "`counter_keys`", HASH_OF_MAY_1);
        txn_end(&txn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(without_a_key_each_counts),
        STORE_TEST(with_a_key_it_counts_once),
        STORE_TEST(also_after_a_restart),
        STORE_TEST(it_is_stored_as_documented),
        STORE_TEST(a_key_stands_for_one_addition),
        STORE_TEST(what_is_refused_uses_no_key_up),
        STORE_TEST(a_deleted_counter_does_not_come_back),
        STORE_TEST(keys_are_kept_for_a_week),
        STORE_TEST(older_ones_go),
        STORE_TEST(a_clock_that_goes_back_drops_none),
        STORE_TEST(a_damaged_key_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
