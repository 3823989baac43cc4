/* Named numbers: what is written is read again, by any spelling; nothing overflows, nothing is
 * unbounded. */
#include "store/counters.h"

#include "store/check.h"
#include "store/private.h"
#include "unit/store/help.h"

enum { NOW = 0x6553f100 };

struct order {
    struct str name;
    int64_t number;
    uint32_t now;
    struct counter_change is;
    struct err err;
    int result;
    bool deleted;
};

static void do_set(struct txn *txn, void *ctx)
{
    struct order *o = ctx;
    o->result = counter_set(txn, o->name, o->number, o->now, &o->is, &o->err);
}

static void do_add(struct txn *txn, void *ctx)
{
    struct order *o = ctx;
    o->result = counter_add(txn, o->name, o->number, o->now, &o->is, &o->err);
}

static void do_delete(struct txn *txn, void *ctx)
{
    struct order *o = ctx;
    o->deleted = counter_delete(txn, o->name);
}

static struct counter_change run(struct place *p, write_fn *what, struct str name, int64_t number)
{
    struct order o = {.name = name, .number = number, .now = NOW, .err = {""}};
    write_now(p->store, what, &o);
    if (o.result != 0)
        fail_msg("%s", o.err.text);
    return o.is;
}

static void refuses(struct place *p, write_fn *what, struct str name, int64_t number,
                    const char *words)
{
    struct order o = {.name = name, .number = number, .now = NOW, .err = {""}};
    write_now(p->store, what, &o);
    assert_int_equal(o.result, -1);
    if (!strstr(o.err.text, words) || !str_ends(str_of(o.err.text), STR(".")))
        fail_msg("%s", o.err.text);
}

/* Stands for: there is none. */
enum { NONE = -987654321 };

static int64_t value_of(struct place *p, struct str name)
{
    struct txn txn;
    int64_t value = NONE;
    txn_begin(p->store, &txn);
    bool found = counter_read(&txn, name, &value);
    read_end(&txn);
    assert_int_equal(found, value != NONE);
    return value;
}

static void it_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    run(p, do_set, STR("raif"), 46443);
    run(p, do_set, STR("left"), -1);
    assert_stored(p->store, TABLE_COUNTERS, hex("72616966"), hex("01 000000000000b56b 6553f100"));
    assert_stored(p->store, TABLE_COUNTERS, hex("6c656674"), hex("01 ffffffffffffffff 6553f100"));
}

static void it_is_set_and_added_to(void **state)
{
    struct place *p = *state;
    assert_int_equal(value_of(p, STR("raif")), NONE);
    struct counter_change is = run(p, do_set, STR("raif"), 46443);
    assert_true(is.made);
    assert_int_equal(is.after.value, 46443);
    is = run(p, do_add, STR("raif"), 5);
    assert_false(is.made);
    assert_int_equal(is.after.value, 46448);
    assert_int_equal(run(p, do_add, STR("raif"), -48).after.value, 46400);
    assert_int_equal(value_of(p, STR("raif")), 46400);
}

static void adding_makes_it_from_0(void **state)
{
    struct place *p = *state;
    struct counter_change is = run(p, do_add, STR("narges-m"), 1);
    assert_true(is.made);
    assert_int_equal(is.after.value, 1);
    assert_true(run(p, do_add, STR("nobody"), 0).made);
    assert_int_equal(value_of(p, STR("nobody")), 0);
}

static void capitals_make_no_difference(void **state)
{
    struct place *p = *state;
    struct counter_change is = run(p, do_set, STR("RAIF_2.b-C"), 7);
    assert_string_equal(is.after.name, "raif_2.b-c");
    assert_int_equal(run(p, do_add, STR("Raif_2.b-c"), 1).after.value, 8);
    assert_int_equal(value_of(p, STR("raif_2.B-c")), 8);
}

static void names_are_labels(void **state)
{
    struct place *p = *state;
    char name[COUNTER_NAME_MAX + 1];
    memset(name, 'a', sizeof(name));
    static const struct str bad[] = {STR(""),     STR("a b"),     STR("a/b"), STR("caf\xC3\xA9"),
                                     STR("a\0b"), STR("{{ x }}"), STR("a\n"), STR("a'")};
    run(p, do_set, str_from(name, COUNTER_NAME_MAX), 1);
    assert_int_equal(value_of(p, str_from(name, COUNTER_NAME_MAX)), 1);
    refuses(p, do_set, str_from(name, COUNTER_NAME_MAX + 1), 1, "cannot be the name");
    assert_int_equal(value_of(p, str_from(name, COUNTER_NAME_MAX + 1)), NONE);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refuses(p, do_set, bad[i], 1, "cannot be the name");
        refuses(p, do_add, bad[i], 1, "cannot be the name");
        assert_int_equal(value_of(p, bad[i]), NONE);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    struct place *p = *state;
    run(p, do_set, STR("high"), INT64_MAX);
    run(p, do_set, STR("low"), INT64_MIN);
    refuses(p, do_add, STR("high"), 1, "\"high\" is 9223372036854775807: with 1 more");
    refuses(p, do_add, STR("low"), -1, "-9223372036854775808");
    assert_true(value_of(p, STR("high")) == INT64_MAX);
    assert_true(value_of(p, STR("low")) == INT64_MIN);
    assert_int_equal(run(p, do_add, STR("high"), INT64_MIN).after.value, -1);
}

static void it_knows_when_it_changed(void **state)
{
    struct place *p = *state;
    struct order o = {.name = STR("raif"), .number = 5, .now = NOW};
    write_now(p->store, do_set, &o);
    o.now = NOW + 60;
    write_now(p->store, do_set, &o);
    assert_int_equal(o.is.after.changed, NOW); /* it was 5 already */
    write_now(p->store, do_add, &o);
    assert_int_equal(o.is.after.changed, NOW + 60);
    assert_int_equal(o.is.after.value, 10);
}

static void it_is_deleted(void **state)
{
    struct place *p = *state;
    struct order o = {.name = STR("Raif")};
    run(p, do_set, STR("raif"), 5);
    write_now(p->store, do_delete, &o);
    assert_true(o.deleted);
    assert_int_equal(value_of(p, STR("raif")), NONE);
    write_now(p->store, do_delete, &o);
    assert_false(o.deleted);
}

static void they_come_in_the_order_of_names(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"-", ".", "1", "_", "a", "a.b", "ab", "b"};
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    struct txn txn;
    struct counter at = {.value = 0};
    for (size_t i = COUNT; i > 0; i--)
        run(p, do_set, str_of(names[i - 1]), (int64_t)i);
    txn_begin(p->store, &txn);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(counter_next(&txn, &at));
        assert_string_equal(at.name, names[i]);
        assert_int_equal(at.value, i + 1);
        assert_int_equal(at.changed, NOW);
    }
    assert_false(counter_next(&txn, &at));
    read_end(&txn);
}

static void a_restart_forgets_nothing(void **state)
{
    struct place *p = *state;
    run(p, do_set, STR("raif"), 46443);
    store_close(p->store);
    place_open(p);
    assert_int_equal(value_of(p, STR("raif")), 46443);
}

static void fill(struct txn *txn, void *ctx)
{
    struct counter_change is;
    struct err err;
    (void)ctx;
    for (unsigned i = 0; i < COUNTERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "c%u", i);
        assert_int_equal(counter_set(txn, str_of(name), i, NOW, &is, &err), 0);
    }
}

static void there_is_an_end_to_them(void **state)
{
    struct place *p = *state;
    struct order o = {.name = STR("c7")};
    write_now(p->store, fill, NULL);
    refuses(p, do_set, STR("one-more"), 1, "10000 counters already");
    refuses(p, do_add, STR("one-more"), 1, "10000 counters already");
    assert_int_equal(run(p, do_add, STR("c7"), 1).after.value, 8);
    write_now(p->store, do_delete, &o);
    assert_true(run(p, do_add, STR("one-more"), 1).made);
}

static void damaged(struct place *p, const char *value)
{
    struct txn txn;
    int64_t got;
    struct counter at = {.value = 0};
    write_raw(p->store, TABLE_COUNTERS, hex("72616966"), hex(value));
    txn_begin(p->store, &txn);
    assert_false(counter_read(&txn, STR("raif"), &got));
    assert_damaged(&txn, "`counters`", "72616966");
    txn_end(&txn);
    txn_begin(p->store, &txn);
    assert_false(counter_next(&txn, &at));
    assert_damaged(&txn, "`counters`", "72616966");
    txn_end(&txn);
}

static void a_damaged_record_is_an_error(void **state)
{
    struct place *p = *state;
    damaged(p, "02 0000000000000001 6553f100");
    damaged(p, "01 0000000000000001 6553f1");
    damaged(p, "01 0000000000000001 6553f100 00");
}

/* --- A store from before there were counters --- */

static void drop_tables(struct store *store)
{
    struct txn txn;
    txn_start(store, &txn, 0);
    assert_int_equal(mdb_drop(txn.mdb, store->tables[TABLE_COUNTERS], 1), 0);
    assert_int_equal(mdb_drop(txn.mdb, store->tables[TABLE_COUNTER_KEYS], 1), 0);
    assert_int_equal(txn_commit(&txn), 0);
}

static void make_old(struct place *p)
{
    write_raw(p->store, TABLE_QUEUE, hex("0000000c 00000003 00000000 00000007"), STR(""));
    drop_tables(p->store);
    store_close(p->store);
    p->store = NULL;
}

static void an_older_store_gets_the_tables(void **state)
{
    struct place *p = *state;
    make_old(p);
    place_open(p);
    assert_stored(p->store, TABLE_QUEUE, hex("0000000c 00000003 00000000 00000007"), STR(""));
    assert_int_equal(value_of(p, STR("raif")), NONE);
    assert_int_equal(run(p, do_add, STR("raif"), 1).after.value, 1);
}

static void an_older_store_is_not_checked_before_its_start(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    FILE *out = fopen("/dev/null", "w");
    make_old(p);
    assert_int_equal(store_check(p->dir, out, &err), -1);
    assert_non_null(strstr(err.text, "older tocsind"));
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(it_is_stored_as_documented),
        STORE_TEST(it_is_set_and_added_to),
        STORE_TEST(adding_makes_it_from_0),
        STORE_TEST(capitals_make_no_difference),
        STORE_TEST(names_are_labels),
        STORE_TEST(what_does_not_fit_is_refused),
        STORE_TEST(it_knows_when_it_changed),
        STORE_TEST(it_is_deleted),
        STORE_TEST(they_come_in_the_order_of_names),
        STORE_TEST(a_restart_forgets_nothing),
        STORE_TEST(there_is_an_end_to_them),
        STORE_TEST(a_damaged_record_is_an_error),
        STORE_TEST(an_older_store_gets_the_tables),
        STORE_TEST(an_older_store_is_not_checked_before_its_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
