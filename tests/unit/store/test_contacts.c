#include "unit/store/help.h"

#include "store/contacts.h"
#include "store/record.h"

#define EXAMPLE \
    "01 00 00000003 65000000 65000001 000b 6140622e6578616d706c65 0001 00000004 5a6fc3a9"

static void write_index(struct store *store, struct str address, const char *ids)
{
    uint8_t key[8];
    write_u64(key, contact_hash(store, address));
    write_raw(store, TABLE_ADDRESSES, str_from(key, sizeof(key)), hex(ids));
}

static void the_documented_record_is_read(void **state)
{
    struct place *p = *state;
    struct contact c;
    struct txn txn;
    write_raw(p->store, TABLE_CONTACTS, hex("00000011"), hex(EXAMPLE));
    txn_begin(p->store, &txn);
    assert_true(contact_read(&txn, 17, &c));
    assert_int_equal(c.id, 17);
    assert_int_equal(c.flags, 0);
    assert_int_equal(c.domain, 3);
    assert_int_equal(c.created, 0x65000000);
    assert_int_equal(c.updated, 0x65000001);
    assert_str(c.address, STR("a@b.example"));
    assert_str(contact_value(&c, 1), STR("Zo\xc3\xa9"));
    assert_null(contact_value(&c, 2).at);
    assert_false(contact_read(&txn, 18, &c));
    assert_int_equal(contact_count(&txn), 1);
    read_end(&txn);
}

static void is_found_by_address_whatever_its_case(void **state)
{
    struct place *p = *state;
    struct contact c;
    struct txn txn;
    write_raw(p->store, TABLE_CONTACTS, hex("00000011"),
              hex("01 00 00000003 65000000 65000001 000b 4140422e6578616d706c65"));
    write_index(p->store, STR("a@b.example"), "00000011");
    txn_begin(p->store, &txn);
    assert_true(contact_find(&txn, STR("a@b.example"), &c));
    assert_str(c.address, STR("A@B.example"));
    assert_false(contact_find(&txn, STR("a@c.example"), &c));
    read_end(&txn);
}

static void two_addresses_may_share_a_hash(void **state)
{
    struct place *p = *state;
    struct contact c;
    struct txn txn;
    write_raw(p->store, TABLE_CONTACTS, hex("00000010"),
              hex("01 00 00000003 65000000 65000001 0003 784079"));
    write_raw(p->store, TABLE_CONTACTS, hex("00000011"), hex(EXAMPLE));
    write_index(p->store, STR("a@b.example"), "00000010 00000011");
    write_index(p->store, STR("other@b.example"), "00000010 00000011");
    txn_begin(p->store, &txn);
    assert_true(contact_find(&txn, STR("a@b.example"), &c));
    assert_int_equal(c.id, 17);
    assert_false(contact_find(&txn, STR("other@b.example"), &c));
    read_end(&txn);
}

static void seeks_upwards(void **state)
{
    struct place *p = *state;
    struct contact c;
    struct txn txn;
    uint32_t id = 1;
    write_raw(p->store, TABLE_CONTACTS, hex("00000011"), hex(EXAMPLE));
    write_raw(p->store, TABLE_CONTACTS, hex("00010000"), hex(EXAMPLE));
    txn_begin(p->store, &txn);
    assert_true(contact_seek(&txn, &id, &c));
    assert_int_equal(id, 17);
    id++;
    assert_true(contact_seek(&txn, &id, &c));
    assert_int_equal(c.id, 0x10000);
    id++;
    assert_false(contact_seek(&txn, &id, &c));
    read_end(&txn);
}

struct change {
    uint32_t id;
    uint8_t set, clear;
    bool known;
};

static void set_flags(struct txn *txn, void *ctx)
{
    struct change *c = ctx;
    c->known = contact_set_flags(txn, c->id, c->set, c->clear, 0x65000009);
}

static void flags_are_set_and_cleared(void **state)
{
    struct place *p = *state;
    struct change set = {17, CONTACT_SUPPRESSED, 0, false},
                  clear = {17, 0, CONTACT_SUPPRESSED, false};
    struct change nobody = {18, CONTACT_SUPPRESSED, 0, true};
    write_raw(p->store, TABLE_CONTACTS, hex("00000011"), hex(EXAMPLE));
    write_now(p->store, set_flags, &clear); /* nothing to change: not even the date */
    assert_stored(p->store, TABLE_CONTACTS, hex("00000011"), hex(EXAMPLE));
    write_now(p->store, set_flags, &set);
    assert_true(set.known);
    assert_stored(p->store, TABLE_CONTACTS, hex("00000011"),
                  hex("01 01 00000003 65000000 65000009 000b 6140622e6578616d706c65"
                      "0001 00000004 5a6fc3a9"));
    write_now(p->store, set_flags, &nobody);
    assert_false(nobody.known);
}

static void damaged(struct place *p, const char *value)
{
    struct contact c;
    struct txn txn;
    write_raw(p->store, TABLE_CONTACTS, hex("00000011"), hex(value));
    txn_begin(p->store, &txn);
    assert_false(contact_read(&txn, 17, &c));
    assert_damaged(&txn, "`contacts`", "00000011");
    txn_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    damaged(p, "02 00 00000003 65000000 65000001 0003 784079");                  /* version */
    damaged(p, "01 00 00000003 65000000");                                       /* short */
    damaged(p, "01 00 00000003 65000000 65000001 0004 784079");                  /* address */
    damaged(p, "01 00 00000003 65000000 65000001 0003 784079 0001 00000002 5a"); /* attribute */
    damaged(p, "01 00 00000003 65000000 65000001 0003 784079 00");               /* rest */
}

static void an_index_to_nobody_is_damage(void **state)
{
    struct place *p = *state;
    struct contact c;
    struct txn txn;
    write_index(p->store, STR("a@b.example"), "00000011");
    txn_begin(p->store, &txn);
    assert_false(contact_find(&txn, STR("a@b.example"), &c));
    assert_damaged(&txn, "`addresses`", "");
    txn_end(&txn);
}

static void consent_has_three_names(void **state)
{
    static const uint8_t flags[] = {0, CONTACT_CONSENTED, CONTACT_CONSENT_REFUSED};
    static const char *const names[] = {"unknown", "granted", "refused"};
    uint8_t flag;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(contact_consent_name(flags[i] | CONTACT_SUPPRESSED), names[i]);
        assert_true(contact_consent_parse(str_of(names[i]), &flag));
        assert_int_equal(flag, flags[i]);
    }
    assert_false(contact_consent_parse(STR("yes"), &flag));
    assert_false(contact_consent_parse((struct str){NULL, 0}, &flag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_documented_record_is_read),
        STORE_TEST(is_found_by_address_whatever_its_case),
        STORE_TEST(two_addresses_may_share_a_hash),
        STORE_TEST(seeks_upwards),
        STORE_TEST(flags_are_set_and_cleared),
        STORE_TEST(damage_is_found),
        STORE_TEST(an_index_to_nobody_is_damage),
        cmocka_unit_test(consent_has_three_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
