#include "unit/store/help.h"

#include "store/contacts.h"
#include "store/names.h"
#include "store/sets.h"

enum { MAX_ROWS = 8, NOW = 0x65000000 };

struct given {
    const char *key, *address, *domain;
    struct contact_attribute attributes[3]; /* ended by id 0 */
};

struct batch {
    const struct given *rows;
    size_t count;
    uint32_t now;
    uint32_t ids[MAX_ROWS];
    enum contact_change changes[MAX_ROWS];
};

static struct contact_row row_of(const struct given *g)
{
    struct contact_row row = {.key = str_of(g->key),
                              .address = str_of(g->address ? g->address : g->key),
                              .domain = str_of(g->domain ? g->domain : "b.example"),
                              .attributes = g->attributes};
    while (row.attribute_count < 3 && g->attributes[row.attribute_count].id)
        row.attribute_count++;
    return row;
}

static void import(struct txn *txn, void *ctx)
{
    struct batch *b = ctx;
    struct contact_writer *w = contact_writer_begin(txn, b->now);
    for (size_t i = 0; i < b->count; i++) {
        struct contact_row row = row_of(&b->rows[i]);
        b->ids[i] = contact_writer_put(w, &row, &b->changes[i]);
    }
    contact_writer_end(w);
}

static struct batch import_now(struct store *store, const struct given *rows, size_t count)
{
    struct batch b = {.rows = rows, .count = count, .now = NOW};
    write_now(store, import, &b);
    return b;
}

static void assert_value(struct store *store, const char *key, uint32_t attribute, const char *want)
{
    struct contact c;
    struct txn txn;
    txn_begin(store, &txn);
    assert_true(contact_find(&txn, str_of(key), &c));
    assert_str(contact_value(&c, attribute), str_of(want));
    read_end(&txn);
}

static void new_contacts_are_stored_as_documented(void **state)
{
    struct place *p = *state;
    const struct given rows[] = {
        {"x@a.example", "X@a.example", "a.example", {{0, {0}}}},
        {"a@b.example", NULL, NULL, {{1, STR("Zo\xc3\xa9")}}},
    };
    struct batch b = import_now(p->store, rows, 2);
    assert_int_equal(b.ids[0], 1);
    assert_int_equal(b.ids[1], 2);
    assert_int_equal(b.changes[1], CONTACT_ADDED);
    assert_stored(p->store, TABLE_CONTACTS, hex("00000001"),
                  hex("01 00 00000001 65000000 65000000 000b 5840612e6578616d706c65"));
    assert_stored(p->store, TABLE_CONTACTS, hex("00000002"),
                  hex("01 00 00000002 65000000 65000000 000b 6140622e6578616d706c65"
                      "0001 00000004 5a6fc3a9"));
    assert_stored(p->store, TABLE_META, STR("last_contact"), hex("00000002"));
}

static void all_contacts_are_in_the_set_of_all(void **state)
{
    struct place *p = *state;
    const struct given first[] = {{.key = "a@b.example"}, {.key = "b@b.example"}};
    const struct given second[] = {{.key = "b@b.example"}, {.key = "c@b.example"}};
    struct txn txn;
    import_now(p->store, first, 2);
    import_now(p->store, second, 2);
    txn_begin(p->store, &txn);
    roaring_bitmap_t *all = set_load(&txn, SET_ALL, 0);
    assert_int_equal(roaring_bitmap_get_cardinality(all), 3);
    assert_true(roaring_bitmap_contains_range(all, 1, 4));
    roaring_bitmap_free(all);
    read_end(&txn);
}

static void a_later_row_updates_what_it_names(void **state)
{
    struct place *p = *state;
    const struct given first[] = {
        {.key = "a@b.example", .attributes = {{1, STR("Ann")}, {2, STR("BE")}}}};
    const struct given again[] = {{.key = "a@b.example",
                                   .address = "A@b.example",
                                   .attributes = {{2, STR("FR")}, {3, STR("x")}}},
                                  {.key = "a@b.example", .attributes = {{2, STR("FR")}}},
                                  {.key = "a@b.example", .attributes = {{1, STR("")}}}};
    import_now(p->store, first, 1);
    struct batch b = import_now(p->store, again, 3);
    assert_int_equal(b.ids[0], 1);
    assert_int_equal(b.changes[0], CONTACT_UPDATED);
    assert_int_equal(b.changes[1], CONTACT_UNCHANGED);
    assert_int_equal(b.changes[2], CONTACT_UPDATED);
    assert_value(p->store, "a@b.example", 1, "");
    assert_value(p->store, "a@b.example", 2, "FR");
    assert_value(p->store, "a@b.example", 3, "x");
    assert_stored(p->store, TABLE_CONTACTS, hex("00000001"),
                  hex("01 00 00000001 65000000 65000000 000b 6140622e6578616d706c65"
                      "0001 00000000  0002 00000002 4652  0003 00000001 78"));
}

static void an_unchanged_contact_keeps_its_date(void **state)
{
    struct place *p = *state;
    const struct given row[] = {{.key = "a@b.example", .attributes = {{1, STR("Ann")}}}};
    import_now(p->store, row, 1);
    struct batch later = {.rows = row, .count = 1, .now = NOW + 5};
    write_now(p->store, import, &later);
    assert_int_equal(later.changes[0], CONTACT_UNCHANGED);
    assert_stored(p->store, TABLE_CONTACTS, hex("00000001"),
                  hex("01 00 00000001 65000000 65000000 000b 6140622e6578616d706c65"
                      "0001 00000003 416e6e"));
}

static void duplicates_within_a_batch_are_one_contact(void **state)
{
    struct place *p = *state;
    const struct given rows[] = {
        {.key = "a@b.example", .attributes = {{1, STR("Ann")}}},
        {.key = "b@b.example"},
        {.key = "a@b.example", .address = "A@B.example", .attributes = {{1, STR("Anna")}}},
        {.key = "c@b.example"},
    };
    struct txn txn;
    struct batch b = import_now(p->store, rows, 4);
    assert_int_equal(b.ids[2], b.ids[0]);
    assert_int_equal(b.changes[2], CONTACT_UPDATED);
    assert_int_equal(b.ids[3], 3); /* and appending goes on after the update */
    assert_value(p->store, "a@b.example", 1, "Anna");
    txn_begin(p->store, &txn);
    assert_int_equal(contact_count(&txn), 3);
    read_end(&txn);
}

static void refused_rows_write_nothing(void **state)
{
    struct place *p = *state;
    static char long_address[CONTACT_MAX_ADDRESS + 2], long_domain[NAME_MAX_LENGTH + 2];
    memset(long_address, 'a', sizeof(long_address) - 1);
    memset(long_domain, 'd', sizeof(long_domain) - 1);
    const struct given rows[] = {
        {.key = long_address},
        {.key = "a@d", .domain = long_domain},
        {.key = "b@d", .attributes = {{UINT16_MAX + 1, STR("x")}}},
        {.key = "good@b.example"},
    };
    struct batch b = import_now(p->store, rows, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(b.changes[i], CONTACT_REFUSED);
        assert_int_equal(b.ids[i], 0);
    }
    assert_int_equal(b.ids[3], 1);
}

static void an_update_may_not_pass_the_bounds(struct txn *txn, void *ctx)
{
    (void)ctx;
    enum contact_change change;
    struct contact_attribute many[CONTACT_MAX_ATTRIBUTES];
    for (uint32_t i = 0; i < CONTACT_MAX_ATTRIBUTES; i++)
        many[i] = (struct contact_attribute){i + 1, STR("v")};
    struct contact_row row = {.key = STR("a@b"),
                              .address = STR("a@b"),
                              .domain = STR("b"),
                              .attributes = many,
                              .attribute_count = CONTACT_MAX_ATTRIBUTES};
    struct contact_writer *w = contact_writer_begin(txn, NOW);
    assert_int_equal(contact_writer_put(w, &row, &change), 1);
    many[0].id = 1000;
    assert_int_equal(contact_writer_put(w, &row, &change), 0);
    assert_int_equal(change, CONTACT_REFUSED);
    contact_writer_end(w);
}

static void bounds_hold_for_updates_too(void **state)
{
    struct place *p = *state;
    write_now(p->store, an_update_may_not_pass_the_bounds, NULL);
}

enum { LOTS = 30000 };

struct lots {
    uint32_t from;
    bool expect;
};

static struct str lots_address(uint32_t n, char *out, size_t size)
{
    int len = snprintf(out, size, "user%u@d%u.example", n, n % 97);
    return str_from(out, (size_t)len);
}

static void expect_lots(struct txn *txn, struct contact_writer *w, uint32_t from)
{
    static uint64_t hashes[LOTS];
    char address[64];
    for (uint32_t i = 0; i < LOTS; i++)
        hashes[i] = contact_hash(txn->store, lots_address(from + i, address, sizeof(address)));
    contact_writer_expect(w, hashes, LOTS);
}

static void import_lots(struct txn *txn, void *ctx)
{
    const struct lots *lots = ctx;
    struct contact_writer *w = contact_writer_begin(txn, NOW);
    if (lots->expect)
        expect_lots(txn, w, lots->from);
    for (uint32_t i = 0; i < LOTS; i++) {
        enum contact_change change;
        char address[64];
        struct str whole = lots_address(lots->from + i, address, sizeof(address)), domain = whole;
        str_cut(&domain, '@');
        struct contact_row row = {.key = whole, .address = whole, .domain = domain};
        uint32_t id = contact_writer_put(w, &row, &change);
        if (!txn->rc)
            assert_int_equal(id, lots->from + i + 1);
    }
    contact_writer_end(w);
}

/* Large batches that overlap, in a map that must grow: every contact once, findable, with its id.
 */
static void many_batches_make_a_whole(void **state)
{
    struct place *p = *state;
    struct lots lots[] = {
        {0, true}, {LOTS / 2, true}, {LOTS, false}, {LOTS / 3, false}, {LOTS, true}};
    struct contact c;
    struct txn txn;
    for (size_t i = 0; i < 5; i++)
        write_now(p->store, import_lots, &lots[i]);
    txn_begin(p->store, &txn);
    assert_int_equal(contact_count(&txn), 2 * LOTS);
    assert_int_equal(table_count(&txn, TABLE_ADDRESSES), 2 * LOTS);
    assert_int_equal(table_count(&txn, TABLE_NAME_IDS), 97);
    for (uint32_t i = 0; i < 2 * LOTS; i += 7) {
        char address[64];
        assert_true(contact_find(&txn, lots_address(i, address, sizeof(address)), &c));
        assert_int_equal(c.id, i + 1);
    }
    read_end(&txn);
}

struct consenting {
    struct contact_row row;
    enum contact_change change;
    uint8_t before, flags;
};

static void bring_consent(struct txn *txn, void *ctx)
{
    struct consenting *c = ctx;
    struct contact contact;
    if (contact_find(txn, c->row.key, &contact))
        contact_set_flags(txn, contact.id, c->before, (uint8_t)~c->before, NOW);
    struct contact_writer *w = contact_writer_begin(txn, NOW);
    contact_writer_put(w, &c->row, &c->change);
    contact_writer_end(w);
    contact_find(txn, c->row.key, &contact);
    c->flags = contact.flags;
}

static void assert_consent(struct place *p, uint8_t before, enum contact_change change,
                           uint8_t after)
{
    struct consenting c = {
        .row = {.key = STR("a@b"), .address = STR("a@b"), .domain = STR("b"), .consented = true},
        .before = before};
    write_now(p->store, bring_consent, &c);
    assert_int_equal(c.change, change);
    assert_int_equal(c.flags, after);
}

static void consent_is_taken_but_outweighs_no_refusal(void **state)
{
    struct place *p = *state;
    assert_consent(p, 0, CONTACT_ADDED, CONTACT_CONSENTED);
    assert_consent(p, CONTACT_CONSENTED, CONTACT_UNCHANGED, CONTACT_CONSENTED);
    assert_consent(p, CONTACT_SUPPRESSED, CONTACT_UPDATED, CONTACT_SUPPRESSED | CONTACT_CONSENTED);
    assert_consent(p, CONTACT_CONSENT_REFUSED, CONTACT_UNCHANGED, CONTACT_CONSENT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(new_contacts_are_stored_as_documented),
        STORE_TEST(all_contacts_are_in_the_set_of_all),
        STORE_TEST(a_later_row_updates_what_it_names),
        STORE_TEST(an_unchanged_contact_keeps_its_date),
        STORE_TEST(duplicates_within_a_batch_are_one_contact),
        STORE_TEST(refused_rows_write_nothing),
        STORE_TEST(bounds_hold_for_updates_too),
        STORE_TEST(many_batches_make_a_whole),
        STORE_TEST(consent_is_taken_but_outweighs_no_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
