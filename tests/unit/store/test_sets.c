#include "unit/store/help.h"

#include <xxhash.h>

#include "store/sets.h"

struct change {
    const uint32_t *ids;
    size_t count;
    uint32_t owner;
    uint64_t added;
    const roaring_bitmap_t *whole;
};

static void add(struct txn *txn, void *ctx)
{
    struct change *c = ctx;
    c->added = set_add(txn, SET_LIST, c->owner, c->ids, c->count);
}

static uint64_t add_now(struct store *store, uint32_t owner, const uint32_t *ids, size_t count)
{
    struct change c = {.ids = ids, .count = count, .owner = owner};
    write_now(store, add, &c);
    return c.added;
}

static void store_whole(struct txn *txn, void *ctx)
{
    struct change *c = ctx;
    set_store(txn, SET_LIST, c->owner, c->whole);
}

static void delete_whole(struct txn *txn, void *ctx)
{
    set_delete(txn, SET_LIST, *(uint32_t *)ctx);
}

static roaring_bitmap_t *load(struct store *store, uint32_t owner)
{
    struct txn txn;
    txn_begin(store, &txn);
    roaring_bitmap_t *set = set_load(&txn, SET_LIST, owner);
    read_end(&txn);
    return set;
}

static void a_chunk_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    const uint32_t ids[] = {3, 1, 2};
    add_now(p->store, 2, ids, 3);
    assert_stored(p->store, TABLE_SETS, hex("01 00000002 0000"),
                  hex("e8f1f73e 3b30 0000 01 0000 0200 0100 0100 0200"));
}

static void adding_counts_what_is_new(void **state)
{
    struct place *p = *state;
    const uint32_t first[] = {70000, 5, 0xFFFFFFFF, 5, 1}, second[] = {5, 6, 70000};
    struct txn txn;
    assert_int_equal(add_now(p->store, 2, first, 5), 4);
    assert_int_equal(add_now(p->store, 2, second, 3), 1);
    assert_int_equal(add_now(p->store, 2, second, 3), 0);
    assert_int_equal(add_now(p->store, 2, NULL, 0), 0);
    txn_begin(p->store, &txn);
    assert_true(set_has(&txn, SET_LIST, 2, 6));
    assert_true(set_has(&txn, SET_LIST, 2, 70000));
    assert_true(set_has(&txn, SET_LIST, 2, 0xFFFFFFFF));
    assert_false(set_has(&txn, SET_LIST, 2, 7));
    assert_false(set_has(&txn, SET_LIST, 2, 65536));
    assert_false(set_has(&txn, SET_LIST, 2, 1 << 20));
    assert_false(set_has(&txn, SET_LIST, 3, 6));
    assert_false(set_has(&txn, SET_JOB, 2, 6));
    read_end(&txn);
}

static void remove_one_id(struct txn *txn, void *ctx)
{
    struct change *c = ctx;
    c->added = set_remove(txn, SET_LIST, c->owner, c->ids[0]);
}

static bool remove_now(struct store *store, uint32_t id)
{
    struct change c = {.ids = &id, .owner = 2};
    write_now(store, remove_one_id, &c);
    return c.added;
}

static void one_is_taken_out_and_no_empty_chunk_stays(void **state)
{
    struct place *p = *state;
    const uint32_t ids[] = {5, 6, 70000};
    uint32_t left[3];
    struct txn txn;
    add_now(p->store, 2, ids, 3);
    assert_true(remove_now(p->store, 70000));
    assert_true(remove_now(p->store, 5));
    assert_false(remove_now(p->store, 5));
    assert_false(remove_now(p->store, 1 << 20));
    txn_begin(p->store, &txn);
    assert_int_equal(table_count(&txn, TABLE_SETS), 1);
    assert_int_equal(set_slice(&txn, SET_LIST, 2, 0, left, 3), 1);
    assert_int_equal(left[0], 6);
    read_end(&txn);
}

static void assert_recalls(struct store *store, struct set_memory *memory, uint32_t id, bool want)
{
    struct txn txn;
    txn_begin(store, &txn);
    assert_int_equal(set_recall(memory, &txn, SET_LIST, 2, id), want);
    assert_int_equal(set_recall(memory, &txn, SET_LIST, 2, id), want);
    assert_false(set_recall(memory, &txn, SET_LIST, 2 + 16, id)); /* which takes the same slot */
    read_end(&txn);
}

static void what_is_remembered_is_true(void **state)
{
    struct place *p = *state;
    struct set_memory memory = {0};
    const uint32_t ids[] = {5, 70000};
    assert_recalls(p->store, &memory, 5, false);
    add_now(p->store, 2, ids, 2);
    assert_recalls(p->store, &memory, 5, true);
    assert_recalls(p->store, &memory, 70000, true);
    assert_recalls(p->store, &memory, 6, false);
    remove_now(p->store, 5);
    assert_recalls(p->store, &memory, 5, false);
    set_memory_release(&memory);
}

static roaring_bitmap_t *many(void)
{
    roaring_bitmap_t *set = roaring_bitmap_from_range(0, 900000, 7);
    roaring_bitmap_add_range_closed(set, 100000, 160000); /* runs, and full chunks */
    roaring_bitmap_add_range_closed(set, 0xFFFF0000, 0xFFFFFFFF);
    return set;
}

static void a_whole_set_comes_back(void **state)
{
    struct place *p = *state;
    const uint32_t other[] = {1, 2, 3};
    roaring_bitmap_t *set = many();
    struct change c = {.owner = 2, .whole = set};
    add_now(p->store, 1, other, 3);
    add_now(p->store, 2, other, 3);
    add_now(p->store, 3, other, 3);
    write_now(p->store, store_whole, &c);
    roaring_bitmap_t *got = load(p->store, 2);
    assert_true(roaring_bitmap_equals(got, set));
    roaring_bitmap_free(got);
    write_now(p->store, delete_whole, &c.owner);
    got = load(p->store, 2);
    assert_true(roaring_bitmap_is_empty(got));
    roaring_bitmap_free(got);
    for (uint32_t owner = 1; owner <= 3; owner += 2) { /* the neighbours stay */
        got = load(p->store, owner);
        assert_int_equal(roaring_bitmap_get_cardinality(got), 3);
        roaring_bitmap_free(got);
    }
    roaring_bitmap_free(set);
}

static void slices_walk_a_set(void **state)
{
    struct place *p = *state;
    roaring_bitmap_t *set = many(), *walked = roaring_bitmap_create();
    struct change c = {.owner = 2, .whole = set};
    static uint32_t ids[100000];
    struct txn txn;
    write_now(p->store, store_whole, &c);
    txn_begin(p->store, &txn);
    for (uint32_t from = 0, step = 1;; step = step * 3 % 99991) {
        size_t count = set_slice(&txn, SET_LIST, 2, from, ids, step);
        roaring_bitmap_add_many(walked, count, ids);
        for (size_t i = 0; i < count; i++)
            assert_true(ids[i] >= from && (i == 0 || ids[i] > ids[i - 1]));
        if (count < step || ids[count - 1] == UINT32_MAX)
            break;
        from = ids[count - 1] + 1;
    }
    assert_true(roaring_bitmap_equals(walked, set));
    assert_int_equal(set_slice(&txn, SET_LIST, 2, 0, ids, 0), 0);
    assert_int_equal(set_slice(&txn, SET_LIST, 2, 0xFFFFFFFF, ids, 10), 1);
    assert_int_equal(set_slice(&txn, SET_LIST, 2, 65534, ids, 3), 3); /* across two chunks */
    assert_int_equal(ids[0], 65534);
    assert_int_equal(ids[1], 65541);
    read_end(&txn);
    roaring_bitmap_free(walked);
    roaring_bitmap_free(set);
}

static void damaged(struct place *p, struct str value)
{
    struct txn txn;
    uint32_t ids[4];
    write_raw(p->store, TABLE_SETS, hex("01 00000002 0000"), value);
    txn_begin(p->store, &txn);
    assert_false(set_has(&txn, SET_LIST, 2, 1));
    assert_damaged(&txn, "`sets`", "01000000020000");
    txn_end(&txn);
    txn_begin(p->store, &txn);
    assert_int_equal(set_slice(&txn, SET_LIST, 2, 0, ids, 4), 0);
    assert_damaged(&txn, "`sets`", "01000000020000");
    txn_end(&txn);
    txn_begin(p->store, &txn);
    roaring_bitmap_free(set_load(&txn, SET_LIST, 2));
    assert_damaged(&txn, "`sets`", "01000000020000");
    txn_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    uint8_t value[4 + 17];
    struct str elsewhere = hex("3b30 0000 01 0100 0200 0100 0100 0200"); /* ids of another chunk */
    struct str whole = str_from(value, 4 + elsewhere.len);
    write_bytes(write_u32(value, (uint32_t)XXH3_64bits(elsewhere.at, elsewhere.len)), elsewhere);
    damaged(p, hex("00"));
    damaged(p, hex("00000000 3b30 0000 01 0000 0200 0100 0100 0200")); /* checksum */
    damaged(p, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_chunk_is_stored_as_documented),
        STORE_TEST(adding_counts_what_is_new),
        STORE_TEST(one_is_taken_out_and_no_empty_chunk_stays),
        STORE_TEST(what_is_remembered_is_true),
        STORE_TEST(a_whole_set_comes_back),
        STORE_TEST(slices_walk_a_set),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
