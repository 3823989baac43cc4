#include "unit/store/help.h"

#include "store/names.h"

struct interned {
    enum name_kind kind;
    struct str name;
    uint32_t id;
};

static void intern(struct txn *txn, void *ctx)
{
    struct interned *i = ctx;
    i->id = name_intern(txn, i->kind, i->name);
}

static uint32_t intern_now(struct store *store, enum name_kind kind, const char *name)
{
    struct interned i = {kind, str_of(name), 0};
    write_now(store, intern, &i);
    return i.id;
}

static void numbers_are_dense_within_a_kind(void **state)
{
    struct place *p = *state;
    assert_int_equal(intern_now(p->store, NAME_DOMAIN, "a.example"), 1);
    assert_int_equal(intern_now(p->store, NAME_ATTRIBUTE, "first_name"), 1);
    assert_int_equal(intern_now(p->store, NAME_DOMAIN, "b.example"), 2);
    assert_int_equal(intern_now(p->store, NAME_DOMAIN, "a.example"), 1);
    assert_int_equal(intern_now(p->store, NAME_LIST, "a.example"), 1);
    assert_int_equal(intern_now(p->store, NAME_DOMAIN, "c.example"), 3);
}

static void stored_bytes_are_as_documented(void **state)
{
    struct place *p = *state;
    intern_now(p->store, NAME_DOMAIN, "a");
    intern_now(p->store, NAME_DOMAIN, "b");
    intern_now(p->store, NAME_DOMAIN, "example.org");
    assert_stored(p->store, TABLE_NAMES, hex("02 6578616d706c652e6f7267"), hex("00000003"));
    assert_stored(p->store, TABLE_NAME_IDS, hex("02 00000003"), STR("example.org"));
}

static void bounds_are_kept(void **state)
{
    struct place *p = *state;
    char longest[NAME_MAX_LENGTH + 2];
    struct txn txn;
    memset(longest, 'n', sizeof(longest));
    longest[NAME_MAX_LENGTH + 1] = '\0';
    assert_int_equal(intern_now(p->store, NAME_LIST, ""), 0);
    assert_int_equal(intern_now(p->store, NAME_LIST, longest), 0);
    assert_int_equal(intern_now(p->store, NAME_LIST, longest + 1), 1);
    txn_begin(p->store, &txn);
    assert_int_equal(name_find(&txn, NAME_LIST, str_of(longest + 1)), 1);
    assert_int_equal(name_find(&txn, NAME_LIST, str_of(longest)), 0);
    assert_null(name_text(&txn, NAME_LIST, 2).at);
    read_end(&txn);
}

struct seen {
    uint32_t count, stop;
};

static bool see(void *ctx, uint32_t id, struct str name)
{
    struct seen *seen = ctx;
    char want[16];
    seen->count++;
    snprintf(want, sizeof(want), "list %u", seen->count);
    assert_int_equal(id, seen->count);
    assert_str(name, str_of(want));
    return seen->count != seen->stop;
}

static void walks_a_kind_by_number(void **state)
{
    struct place *p = *state;
    struct seen all = {0, 0}, some = {0, 2};
    struct txn txn;
    intern_now(p->store, NAME_DOMAIN, "a domain stands before the lists");
    for (unsigned i = 1; i <= 12; i++) {
        char name[16];
        snprintf(name, sizeof(name), "list %u", i);
        intern_now(p->store, NAME_LIST, name);
    }
    txn_begin(p->store, &txn);
    name_each(&txn, NAME_LIST, see, &all);
    assert_int_equal(all.count, 12);
    name_each(&txn, NAME_LIST, see, &some);
    assert_int_equal(some.count, 2);
    read_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    struct txn txn;
    write_raw(p->store, TABLE_NAMES, hex("0261"), hex("000001"));
    txn_begin(p->store, &txn);
    assert_int_equal(name_find(&txn, NAME_DOMAIN, STR("a")), 0);
    assert_damaged(&txn, "`names`", "0261");
    txn_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(numbers_are_dense_within_a_kind),
        STORE_TEST(stored_bytes_are_as_documented),
        STORE_TEST(bounds_are_kept),
        STORE_TEST(walks_a_kind_by_number),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
