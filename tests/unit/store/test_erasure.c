#include "unit/store/help.h"

#include <ctype.h>

#include "store/choices.h"
#include "store/erasure.h"
#include "store/ledger.h"
#include "store/names.h"
#include "store/outcomes.h"
#include "store/queue.h"
#include "store/sets.h"

enum { NOW = 0x65000000 };

static uint32_t put(struct txn *txn, struct str address, enum contact_change *change)
{
    char key[CONTACT_MAX_ADDRESS];
    struct contact_writer *w = contact_writer_begin(txn, NOW);
    for (size_t i = 0; i < address.len; i++)
        key[i] = (char)tolower(address.at[i]);
    struct contact_row row = {
        .key = str_from(key, address.len), .address = address, .domain = STR("b.example")};
    uint32_t id = contact_writer_put(w, &row, change);
    contact_writer_end(w);
    return id;
}

/* Contact 1 on a list, and off another and a topic; recipient of a job that a receiver refused. */
static void fill(struct txn *txn, void *ctx)
{
    enum contact_change change;
    struct job_record job = {.id = 4, .state = JOB_SENDING, .recipients = 1};
    struct ledger_entry entry = {.job = 4,
                                 .contact = 1,
                                 .state = RECIPIENT_BOUNCED,
                                 .attempts = 2,
                                 .code = 550,
                                 .text = STR("<Anna@b.example> is unknown here")};
    (void)ctx;
    assert_int_equal(put(txn, STR("Anna@b.example"), &change), 1);
    list_join(txn, name_intern(txn, NAME_LIST, STR("signers")), 1);
    list_leave(txn, name_intern(txn, NAME_LIST, STR("friends")), 1);
    topic_leave(txn, STR("torture"), 1);
    set_add(txn, SET_JOB, 4, &(uint32_t){1}, 1);
    job_write(txn, &job);
    ledger_write(txn, &entry);
}

struct erasing {
    bool bar, done;
};

static void erase(struct txn *txn, void *ctx)
{
    struct erasing *e = ctx;
    e->done = contact_erase(txn, 1, e->bar, NOW);
}

static bool erase_now(struct place *p, bool bar)
{
    struct erasing e = {.bar = bar};
    write_now(p->store, erase, &e);
    return e.done;
}

struct bringing {
    const char *address;
    uint32_t id;
    enum contact_change change;
};

static void bring(struct txn *txn, void *ctx)
{
    struct bringing *b = ctx;
    b->id = put(txn, str_of(b->address), &b->change);
}

static void nothing_is_left_but_numbers(void **state)
{
    struct place *p = *state;
    struct contact contact;
    struct ledger_entry entry;
    struct txn txn;
    write_now(p->store, fill, NULL);
    assert_true(erase_now(p, false));
    txn_begin(p->store, &txn);
    assert_false(contact_read(&txn, 1, &contact));
    assert_false(contact_find(&txn, STR("anna@b.example"), &contact));
    for (uint32_t owner = 0; owner < 3; owner++) {
        assert_false(set_has(&txn, SET_ALL, owner, 1));
        assert_false(set_has(&txn, SET_LIST, owner, 1));
        assert_false(set_has(&txn, SET_LEFT_LIST, owner, 1));
        assert_false(set_has(&txn, SET_LEFT_TOPIC, owner, 1));
    }
    assert_true(set_has(&txn, SET_JOB, 4, 1));
    assert_true(ledger_read(&txn, 4, 1, &entry));
    assert_int_equal(entry.code, 550);
    assert_int_equal(entry.attempts, 2);
    assert_int_equal(entry.text.len, 0);
    assert_false(bar_any(&txn));
    read_end(&txn);
    assert_false(erase_now(p, false));
}

/* A copy of job 5 is on the wire to contact 1; then its receiver says no. */
static void send_copy(struct txn *txn, void *ctx)
{
    struct job_record job = {.id = 5, .state = JOB_SENDING, .recipients = 1};
    struct queue_entry queued = {.job = 5, .domain = 1, .contact = 1};
    (void)ctx;
    job.counts[RECIPIENT_QUEUED] = 1;
    set_add(txn, SET_JOB, 5, &(uint32_t){1}, 1);
    job_write(txn, &job);
    queue_add(txn, &queued, 1);
}

static void hear_answer(struct txn *txn, void *ctx)
{
    struct outcome_sums sums;
    struct outcome o = {.job = 5,
                        .contact = 1,
                        .domain = 1,
                        .state = RECIPIENT_BOUNCED,
                        .at = NOW,
                        .attempted = true,
                        .code = 550};
    (void)ctx;
    outcome_set_text(&o, STR("<Anna@b.example> is unknown here"));
    assert_int_equal(outcomes_apply(txn, &o, 1, &sums), 1);
}

static void assert_answer(struct place *p, struct str text)
{
    struct ledger_entry entry;
    struct txn txn;
    txn_begin(p->store, &txn);
    assert_true(ledger_read(&txn, 5, 1, &entry));
    assert_int_equal(entry.code, 550);
    assert_str(entry.text, text);
    read_end(&txn);
}

static void an_answer_that_comes_later_is_not_quoted(void **state)
{
    struct place *p = *state;
    write_now(p->store, fill, NULL);
    write_now(p->store, send_copy, NULL);
    erase_now(p, false);
    write_now(p->store, hear_answer, NULL);
    assert_answer(p, STR(""));
}

static void an_answer_about_who_stays_is_kept(void **state)
{
    struct place *p = *state;
    write_now(p->store, fill, NULL);
    write_now(p->store, send_copy, NULL);
    write_now(p->store, hear_answer, NULL);
    assert_answer(p, STR("<Anna@b.example> is unknown here"));
    erase_now(p, false);
    assert_answer(p, STR(""));
}

static void a_number_is_never_given_again(void **state)
{
    struct place *p = *state;
    struct bringing b = {.address = "anna@b.example"};
    write_now(p->store, fill, NULL);
    erase_now(p, false);
    write_now(p->store, bring, &b);
    assert_int_equal(b.change, CONTACT_ADDED);
    assert_int_equal(b.id, 2);
}

static void lift(struct txn *txn, void *ctx)
{
    *(bool *)ctx = bar_lift(txn, STR("anna@b.example"));
}

static void who_is_barred_does_not_come_back(void **state)
{
    struct place *p = *state;
    struct bringing anna = {.address = "ANNA@b.example"}, other = {.address = "bob@b.example"};
    struct txn txn;
    bool lifted;
    write_now(p->store, fill, NULL);
    erase_now(p, true);
    write_now(p->store, bring, &anna);
    assert_int_equal(anna.change, CONTACT_BARRED);
    assert_int_equal(anna.id, 0);
    write_now(p->store, bring, &other);
    assert_int_equal(other.change, CONTACT_ADDED);
    txn_begin(p->store, &txn);
    assert_true(bar_has(&txn, STR("anna@b.example")));
    assert_false(bar_has(&txn, STR("bob@b.example")));
    assert_int_equal(contact_count(&txn), 1);
    read_end(&txn);
    write_now(p->store, lift, &lifted);
    assert_true(lifted);
    write_now(p->store, bring, &anna);
    assert_int_equal(anna.change, CONTACT_ADDED);
}

static void who_shares_the_hash_stays(void **state)
{
    struct place *p = *state;
    struct contact contact;
    struct txn txn;
    uint8_t key[8];
    write_now(p->store, fill, NULL);
    write_u64(key, contact_hash(p->store, STR("anna@b.example")));
    write_raw(p->store, TABLE_CONTACTS, hex("00000011"),
              hex("01 00 00000001 65000000 65000000 0003 784079"));
    write_raw(p->store, TABLE_ADDRESSES, str_from(key, sizeof(key)), hex("00000001 00000011"));
    erase_now(p, false);
    txn_begin(p->store, &txn);
    assert_false(contact_find(&txn, STR("anna@b.example"), &contact));
    read_end(&txn);
    assert_stored(p->store, TABLE_ADDRESSES, str_from(key, sizeof(key)), hex("00000011"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(nothing_is_left_but_numbers),
        STORE_TEST(an_answer_that_comes_later_is_not_quoted),
        STORE_TEST(an_answer_about_who_stays_is_kept),
        STORE_TEST(a_number_is_never_given_again),
        STORE_TEST(who_is_barred_does_not_come_back),
        STORE_TEST(who_shares_the_hash_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
