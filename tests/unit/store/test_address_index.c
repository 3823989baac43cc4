/* What a batch knows of the address index: the same, whether it was told before or not. */
#include "unit/store/help.h"

#include "store/address_index.h"

static void set_entry(struct store *store, const char *hash, const char *ids)
{
    write_raw(store, TABLE_ADDRESSES, hex(hash), hex(ids));
}

/* The ids of a hash as digits, "3" or "12" or "". */
static void assert_ids(struct address_index *index, uint64_t hash, const char *want)
{
    char got[16];
    size_t len = 0, place;
    for (uint32_t id = address_index_first(index, hash, &place); id;
         id = address_index_next(index, hash, &place))
        got[len++] = (char)('0' + id);
    got[len] = '\0';
    assert_string_equal(got, want);
}

static void assert_all(struct address_index *index)
{
    assert_ids(index, 0x10, "1");
    assert_ids(index, 0x11, "");
    assert_ids(index, 0x20, "23");
    assert_ids(index, 0x30, "4");
    assert_ids(index, UINT64_MAX, "");
    assert_ids(index, 0, "");
}

static void stored_ids_are_found(void **state)
{
    static const uint64_t hashes[] = {UINT64_MAX, 0x30, 0x10, 0x20, 0x11, 0x10, 0};
    struct place *p = *state;
    struct txn txn;
    set_entry(p->store, "0000000000000010", "00000001");
    set_entry(p->store, "0000000000000020", "00000002 00000003");
    set_entry(p->store, "0000000000000028", "00000005");
    set_entry(p->store, "0000000000000030", "00000004");
    for (size_t told = 0; told <= sizeof(hashes) / sizeof(hashes[0]); told++) {
        struct address_index index;
        txn_begin(p->store, &txn);
        address_index_init(&index, &txn);
        address_index_expect(&index, hashes, told);
        assert_all(&index);
        assert_all(&index);
        address_index_release(&index);
        read_end(&txn);
    }
}

static void add_some(struct txn *txn, void *ctx)
{
    struct address_index index;
    (void)ctx;
    address_index_init(&index, txn);
    address_index_add(&index, 0x30, 2); /* after all that is stored */
    address_index_add(&index, 0x10, 3); /* before it */
    address_index_add(&index, 0x30, 4); /* the same hash within the batch */
    address_index_add(&index, 0x20, 5); /* the same as a stored one */
    assert_ids(&index, 0x30, "24");
    assert_ids(&index, 0x10, "3");
    address_index_write(&index);
    address_index_release(&index);
}

static void added_ids_are_stored_in_order(void **state)
{
    struct place *p = *state;
    set_entry(p->store, "0000000000000020", "00000001");
    write_now(p->store, add_some, NULL);
    assert_stored(p->store, TABLE_ADDRESSES, hex("0000000000000010"), hex("00000003"));
    assert_stored(p->store, TABLE_ADDRESSES, hex("0000000000000020"), hex("00000001 00000005"));
    assert_stored(p->store, TABLE_ADDRESSES, hex("0000000000000030"), hex("00000002 00000004"));
}

enum { MANY = 5000 };

static uint64_t spread(uint32_t n)
{
    return n * 0x9E3779B97F4A7C15;
}

static void add_many(struct txn *txn, void *ctx)
{
    static uint64_t hashes[MANY];
    struct address_index index;
    size_t place;
    (void)ctx;
    for (uint32_t n = 1; n <= MANY; n++)
        hashes[n - 1] = spread(n);
    address_index_init(&index, txn);
    address_index_expect(&index, hashes, MANY / 2);
    for (uint32_t n = 1; n <= MANY; n++) {
        assert_int_equal(address_index_first(&index, spread(n), &place), 0);
        address_index_add(&index, spread(n), n);
    }
    for (uint32_t n = 1; n <= MANY; n++)
        assert_int_equal(address_index_first(&index, spread(n), &place), n);
    address_index_write(&index);
    address_index_release(&index);
}

static void it_grows_and_is_written_in_key_order(void **state)
{
    struct place *p = *state;
    struct address_index index;
    struct txn txn;
    size_t place;
    write_now(p->store, add_many, NULL); /* MDB_APPEND refuses what is not in order */
    txn_begin(p->store, &txn);
    assert_int_equal(table_count(&txn, TABLE_ADDRESSES), MANY);
    address_index_init(&index, &txn);
    for (uint32_t n = 1; n <= MANY; n += 7)
        assert_int_equal(address_index_first(&index, spread(n), &place), n);
    address_index_release(&index);
    read_end(&txn);
}

static void damaged(struct place *p, const char *ids, size_t told)
{
    static const uint64_t hash = 0x10;
    struct address_index index;
    struct txn txn;
    size_t place;
    set_entry(p->store, "0000000000000010", ids);
    txn_begin(p->store, &txn);
    address_index_init(&index, &txn);
    address_index_expect(&index, &hash, told);
    address_index_first(&index, hash, &place);
    assert_damaged(&txn, "`addresses`", "0000000000000010");
    address_index_release(&index);
    txn_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    for (size_t told = 0; told < 2; told++) {
        damaged(p, "000001", told);
        damaged(p, "00000001 00", told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(stored_ids_are_found),
        STORE_TEST(added_ids_are_stored_in_order),
        STORE_TEST(it_grows_and_is_written_in_key_order),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
