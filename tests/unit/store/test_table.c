/* The table calls against a plain array, in one long chance conversation with a fixed seed. */
#include "unit/store/help.h"

enum { KEYS = 3000, STEPS = 60000, LONGEST = 900 };

struct model {
    uint32_t chance;
    uint32_t version[KEYS]; /* 0: absent; else the content is made from it */
};

static uint32_t draw(struct model *m, uint32_t below)
{
    m->chance = m->chance * 1664525U + 1013904223U;
    return (m->chance >> 8) % below;
}

static struct key number_key(uint32_t n)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, n);
    return key;
}

static struct str content(uint32_t version, uint8_t bytes[LONGEST])
{
    size_t len = version % LONGEST;
    memset(bytes, (int)(version & 0xFF), len);
    return str_from(bytes, len);
}

static void change(struct txn *txn, struct model *m)
{
    uint8_t bytes[LONGEST];
    uint32_t n = draw(m, KEYS), version = 1 + draw(m, 1 << 20);
    struct key key = number_key(n);
    struct str value = content(version, bytes);
    uint8_t *place;
    switch (draw(m, 4)) {
    case 0:
        assert_true(table_delete(txn, TABLE_QUEUE, &key) == (m->version[n] != 0) || txn->rc);
        m->version[n] = 0;
        break;
    case 1:
        if (table_add(txn, TABLE_QUEUE, &key, value)) {
            assert_int_equal(m->version[n], 0);
            m->version[n] = version;
        }
        break;
    case 2:
        table_put(txn, TABLE_QUEUE, &key, value);
        m->version[n] = version;
        break;
    default:
        place = table_reserve(txn, TABLE_QUEUE, &key, value.len);
        if (place)
            write_bytes(place, value);
        m->version[n] = version;
    }
}

static uint32_t found_number(bool any, struct str found)
{
    struct reader r = reader_of(found);
    return any ? read_u32(&r) : KEYS;
}

static void look(struct txn *txn, struct model *m)
{
    uint8_t bytes[LONGEST];
    uint32_t n = draw(m, KEYS), up = n, down = n;
    struct key key = number_key(n);
    struct str found = {NULL, 0}, value;
    bool any = table_get(txn, TABLE_QUEUE, &key, &value);
    assert_int_equal(any, m->version[n] != 0);
    if (any)
        assert_str(value, content(m->version[n], bytes));
    while (up < KEYS && !m->version[up])
        up++;
    any = table_seek(txn, TABLE_QUEUE, &key, &found, &value);
    assert_int_equal(found_number(any, found), up);
    while (down != UINT32_MAX && !m->version[down])
        down--;
    any = table_seek_down(txn, TABLE_QUEUE, &key, &found, &value);
    assert_int_equal(found_number(any, found), down == UINT32_MAX ? KEYS : down);
}

struct talk {
    struct model before, now;
};

/* The map grows meanwhile, so this runs again from where the group began. */
static void converse(struct txn *txn, void *ctx)
{
    struct talk *talk = ctx;
    talk->now = talk->before;
    for (int i = 0; i < STEPS / 10 && !txn->rc; i++) {
        change(txn, &talk->now);
        if (!txn->rc)
            look(txn, &talk->now);
    }
}

static void agrees_with_an_array(void **state)
{
    struct place *p = *state;
    struct talk *talk = calloc(1, sizeof(*talk));
    struct model *m = &talk->now;
    talk->now.chance = 20240229;
    for (int i = 0; i < 10; i++) {
        talk->before = talk->now;
        write_now(p->store, converse, talk);
    }
    struct txn txn;
    txn_begin(p->store, &txn);
    uint32_t count = 0;
    for (uint32_t n = 0; n < KEYS; n++)
        count += m->version[n] != 0;
    assert_int_equal(table_count(&txn, TABLE_QUEUE), count);
    for (int i = 0; i < 1000; i++)
        look(&txn, m);
    read_end(&txn);
    free(talk);
}

static void append_must_be_after_all(struct txn *txn, void *ctx)
{
    struct key one = number_key(1), two = number_key(2);
    struct err err;
    assert_non_null(table_append(txn, TABLE_QUEUE, &two, 0));
    struct txn copy = *txn;
    assert_null(table_append(&copy, TABLE_QUEUE, &one, 0));
    assert_int_equal(txn_failed(&copy, &err), -1);
    (void)ctx;
}

static void refuses_to_append_in_the_middle(void **state)
{
    struct place *p = *state;
    write_now(p->store, append_must_be_after_all, NULL);
}

static void numbers_keep_their_order(void **state)
{
    (void)state;
    struct key a, b;
    KEY_INIT(&a);
    KEY_INIT(&b);
    key_u64(&a, 0x00000000FFFFFFFF);
    key_u64(&b, 0x0000000100000000);
    assert_true(str_compare(key_view(&a), key_view(&b)) < 0);
    KEY_INIT(&a);
    key_u8(&a, 1);
    key_u16(&a, 0x0203);
    key_u32(&a, 0x04050607);
    assert_str(key_view(&a), hex("01020304050607"));
}

static void a_short_record_reads_as_zeros(void **state)
{
    (void)state;
    struct reader r = reader_of(hex("0102030405"));
    assert_int_equal(read_u8(&r), 1);
    assert_int_equal(read_u16(&r), 0x0203);
    assert_int_equal(read_u32(&r), 0);
    assert_true(r.bad);
    assert_int_equal(read_u8(&r), 0);
    assert_int_equal(read_bytes(&r, 1).len, 0);
}

static void a_key_is_cut_where_it_is_full(void **state)
{
    (void)state;
    struct key key;
    char bytes[KEY_MAX + 10] = "";
    KEY_INIT(&key);
    key_str(&key, str_from(bytes, sizeof(bytes)));
    assert_int_equal(key.len, KEY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(agrees_with_an_array),
        STORE_TEST(refuses_to_append_in_the_middle),
        cmocka_unit_test(numbers_keep_their_order),
        cmocka_unit_test(a_short_record_reads_as_zeros),
        cmocka_unit_test(a_key_is_cut_where_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
