/* The last look: every reason why a copy is not sent, and nobody else held back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/gate.h"
#include "store/choices.h"
#include "unit/people.h"

static struct {
    struct people people;
    struct mailing *mailing;
    struct copy copy;
    struct gate_memory memory;
    bool holds;     /* what the audience says of who left a list */
    unsigned asked; /* how often it was asked */
} t;

static bool holds(const void *ctx, struct txn *txn, uint32_t contact)
{
    (void)ctx, (void)txn, (void)contact;
    t.asked++;
    return t.holds;
}

static void write_contacts(struct txn *txn, void *ctx)
{
    struct contact_writer *w = contact_writer_begin(txn, 1700000000);
    (void)ctx;
    people_add(w, "one@dest.example", NULL);
    people_add(w, "two@dest.example", NULL);
    contact_writer_end(w);
    name_intern(txn, NAME_LIST, STR("friends"));
    name_intern(txn, NAME_LIST, STR("signers"));
}

static int set_up(void **state)
{
    static const char source[] = "Subject: Hello\nTopic: Death-Penalty\n\nDear friend\n";
    static const struct str lists[] = {STR("friends"), STR("signers"), STR("none")};
    struct job_record record = {.id = 12, .name = STR("Appeal")};
    struct err err;
    (void)state;
    memset(&t, 0, sizeof(t));
    people_open(&t.people);
    people_write(&t.people, write_contacts, NULL);
    t.mailing = mailing_new(&record, message_compile(str_of(source), &err));
    t.mailing->audience =
        (struct mailing_audience){.lists = lists, .list_count = 3, .holds = holds};
    t.copy.mailing = t.mailing;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mailing_unref(t.mailing);
    set_memory_release(&t.memory.sets);
    buf_release(&t.copy.recipient);
    people_close(&t.people);
    return 0;
}

/* The reason why contact 1 does not get its copy. */
static enum skip_reason look(bool consent_needed)
{
    struct txn txn;
    struct contact contact;
    t.copy.contact = 1;
    t.copy.reason = SKIP_NONE;
    t.copy.result = COPY_READY;
    buf_reset(&t.copy.recipient);
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    int passed = gate_pass(&txn, &t.memory, consent_needed, &t.copy, &contact);
    assert_int_equal(passed == 0, t.copy.result == COPY_READY);
    assert_int_equal(passed == 0, t.copy.reason == SKIP_NONE);
    txn_end(&txn);
    return t.copy.reason;
}

struct flags {
    uint8_t set, clear;
};

static void write_flags(struct txn *txn, void *ctx)
{
    const struct flags *f = ctx;
    contact_set_flags(txn, 1, f->set, f->clear, 1700000000);
}

static void change(uint8_t set, uint8_t clear)
{
    struct flags f = {set, clear};
    people_write(&t.people, write_flags, &f);
}

static void who_did_nothing_passes(void **state)
{
    (void)state;
    assert_int_equal(look(false), SKIP_NONE);
    assert_string_equal(t.copy.recipient.at, "one@dest.example");
    assert_int_equal(t.asked, 0);
}

static void flags_hold_back(void **state)
{
    (void)state;
    change(CONTACT_SUPPRESSED, 0);
    assert_int_equal(look(false), SKIP_SUPPRESSED);
    assert_string_equal(t.copy.why.text, "the contact is suppressed");
    change(CONTACT_UNSUBSCRIBED, CONTACT_SUPPRESSED);
    assert_int_equal(look(false), SKIP_UNSUBSCRIBED);
    assert_string_equal(t.copy.why.text, "the contact unsubscribed");
    change(0, CONTACT_UNSUBSCRIBED);
    assert_int_equal(look(false), SKIP_NONE);
}

static void consent_is_asked_for_where_it_is_required(void **state)
{
    (void)state;
    assert_int_equal(look(true), SKIP_NO_CONSENT);
    change(CONTACT_CONSENTED, 0);
    assert_int_equal(look(true), SKIP_NONE);
    change(CONTACT_CONSENT_REFUSED, CONTACT_CONSENT_FLAGS);
    assert_int_equal(look(true), SKIP_CONSENT_REFUSED);
    assert_int_equal(look(false), SKIP_CONSENT_REFUSED);
}

static void leave_list(struct txn *txn, void *ctx)
{
    list_leave(txn, name_find(txn, NAME_LIST, str_of(ctx)), 1);
}

static void join_list(struct txn *txn, void *ctx)
{
    list_join(txn, name_find(txn, NAME_LIST, str_of(ctx)), 1);
}

static void who_left_a_list_is_left_alone(void **state)
{
    char list[] = "signers";
    (void)state;
    people_write(&t.people, leave_list, list);
    assert_int_equal(look(false), SKIP_LEFT_LIST);
    assert_string_equal(t.copy.why.text, "the contact left the list \"signers\"");
    people_write(&t.people, join_list, list);
    assert_int_equal(look(false), SKIP_NONE);
}

static void who_is_in_the_audience_without_that_list_gets_it(void **state)
{
    char list[] = "signers";
    (void)state;
    t.holds = true;
    people_write(&t.people, leave_list, list);
    assert_int_equal(look(false), SKIP_NONE);
    assert_int_equal(t.asked, 1);
}

static void leave_topic(struct txn *txn, void *ctx)
{
    topic_leave(txn, str_of(ctx), 1);
}

static void who_left_the_topic_is_left_alone(void **state)
{
    char other[] = "torture", topic[] = "death-penalty";
    (void)state;
    people_write(&t.people, leave_topic, other);
    assert_int_equal(look(false), SKIP_NONE);
    people_write(&t.people, leave_topic, topic);
    assert_int_equal(look(false), SKIP_LEFT_TOPIC);
    assert_string_equal(t.copy.why.text, "the contact left the topic \"Death-Penalty\"");
}

static void what_others_chose_is_their_own(void **state)
{
    struct txn txn;
    struct contact contact;
    char list[] = "signers";
    (void)state;
    people_write(&t.people, leave_list, list);
    t.copy.contact = 2;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    assert_int_equal(gate_pass(&txn, &t.memory, false, &t.copy, &contact), 0);
    txn_end(&txn);
}

static void who_is_gone_is_gone(void **state)
{
    struct txn txn;
    struct contact contact;
    (void)state;
    t.copy.contact = 99;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    assert_int_equal(gate_pass(&txn, &t.memory, false, &t.copy, &contact), -1);
    txn_end(&txn);
    assert_int_equal(t.copy.reason, SKIP_NO_CONTACT);
    assert_string_equal(t.copy.why.text, "the contact was erased");
}

#define GATE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE_TEST(who_did_nothing_passes),
        GATE_TEST(flags_hold_back),
        GATE_TEST(consent_is_asked_for_where_it_is_required),
        GATE_TEST(who_left_a_list_is_left_alone),
        GATE_TEST(who_is_in_the_audience_without_that_list_gets_it),
        GATE_TEST(who_left_the_topic_is_left_alone),
        GATE_TEST(what_others_chose_is_their_own),
        GATE_TEST(who_is_gone_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
