/* When a contact clicked last, as an import brought it. */
#include "compose/clicks.h"

#include "unit/store/help.h"

struct person {
    struct str last_clicked; /* at == NULL: there is no such attribute */
    uint32_t id;
};

static void put(struct txn *txn, void *ctx)
{
    struct person *person = ctx;
    enum contact_change change;
    struct contact_attribute a = {name_intern(txn, NAME_ATTRIBUTE, STR("last_clicked")),
                                  person->last_clicked};
    struct contact_writer *writer = contact_writer_begin(txn, 1700000000);
    struct contact_row row = {.key = STR("ada@mail.example"),
                              .address = STR("ada@mail.example"),
                              .domain = STR("mail.example"),
                              .attributes = &a,
                              .attribute_count = person->last_clicked.at != NULL};
    person->id = contact_writer_put(writer, &row, &change);
    contact_writer_end(writer);
}

static uint32_t last_click(struct place *p, const char *text)
{
    static struct name_memory names;
    struct person person = {.last_clicked = str_of(text)};
    struct contact contact;
    struct txn txn;
    memset(&names, 0, sizeof(names));
    write_now(p->store, put, &person);
    txn_begin(p->store, &txn);
    assert_true(contact_read(&txn, person.id, &contact));
    uint32_t at = contact_last_click(&txn, &names, &contact);
    read_end(&txn);
    return at;
}

static void who_has_no_attribute_never_clicked(void **state)
{
    assert_int_equal(last_click(*state, NULL), 0);
}

static void dates_and_times_are_read(void **state)
{
    assert_int_equal(last_click(*state, "2026-12-01"), 1796083200);
    assert_int_equal(last_click(*state, "2026-12-01T01:00:00Z"), 1796086800);
    assert_int_equal(last_click(*state, "2026-12-01 01:00:00"), 1796086800);
    assert_int_equal(last_click(*state, "2026-12-01T01:00:00+01:00"), 1796083200);
}

static void what_is_no_date_is_never(void **state)
{
    assert_int_equal(last_click(*state, ""), 0);
    assert_int_equal(last_click(*state, "yesterday"), 0);
    assert_int_equal(last_click(*state, "2026-02-30"), 0);
    assert_int_equal(last_click(*state, "1931-01-01"), 0);
    assert_int_equal(last_click(*state, "9999-01-01"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(who_has_no_attribute_never_clicked),
        STORE_TEST(dates_and_times_are_read),
        STORE_TEST(what_is_no_date_is_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
