/* The mail of one contact, made and sent nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/preview.h"
#include "unit/people.h"

static const char source[] = "Subject: Hello {{ contact.first_name }}\n"
                             "From: Zo\xC3\xAB <agir@send.example>\n"
                             "\n"
                             "Dear {{ contact.first_name }}, {{ job.name }} {{ job.id }}\n";

static struct {
    struct people people;
    struct senders *senders;
    struct preview preview;
    struct err err;
} t;

static void write_contacts(struct txn *txn, void *ctx)
{
    (void)ctx;
    uint32_t name = name_intern(txn, NAME_ATTRIBUTE, STR("first_name"));
    struct contact_writer *w = contact_writer_begin(txn, 1700000000);
    people_add(w, "anna@dest.example", &(struct contact_attribute){name, STR("Zo\xC3\xAB <b>")});
    people_add(w, "gone@dest.example", &(struct contact_attribute){name, STR("Gone")});
    contact_writer_end(w);
    contact_set_flags(txn, 2, CONTACT_SUPPRESSED, 0, 1700000000);
}

static int set_up(void **state)
{
    (void)state;
    people_open(&t.people);
    people_write(&t.people, write_contacts, NULL);
    t.senders = people_senders(&t.people);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    preview_release(&t.preview);
    senders_unref(t.senders);
    people_close(&t.people);
    return 0;
}

static int make(const char *text, const char *identity, uint32_t contact)
{
    struct txn txn;
    struct preview_order order = {.source = str_of(text),
                                  .identity = str_of(identity),
                                  .name = STR("Appeal"),
                                  .lane = LANE_BULK,
                                  .contact = contact};
    preview_release(&t.preview);
    t.preview = (struct preview){0};
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    int result = preview_make(&order, &txn, t.senders, 1700000000, &t.preview, &t.err);
    txn_end(&txn);
    return result;
}

static void a_contact_sees_their_own_mail(void **state)
{
    (void)state;
    assert_int_equal(make(source, "", 1), 0);
    assert_false(t.preview.skipped);
    assert_string_equal(t.preview.from.at, "Zo\xC3\xAB <agir@send.example>");
    assert_string_equal(t.preview.to.at, "anna@dest.example");
    assert_string_equal(t.preview.subject.at, "Hello Zo\xC3\xAB <b>");
    assert_non_null(strstr(t.preview.parts.text.at, "Dear Zo\xC3\xAB <b>, Appeal 0"));
    assert_non_null(strstr(t.preview.parts.html.at, "Dear Zo\xC3\xAB &lt;b&gt;, Appeal 0"));
}

static void the_whole_message_is_that_of_a_copy(void **state)
{
    (void)state;
    assert_int_equal(make(source, "", 1), 0);
    struct str whole = buf_str(&t.preview.whole);
    assert_true(str_starts(whole, STR("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n")));
    assert_non_null(strstr(whole.at, "\r\nTo: anna@dest.example\r\n"));
    assert_non_null(strstr(whole.at, "\r\nFeedback-ID: 0:"));
    assert_non_null(strstr(whole.at, "\r\nList-Unsubscribe: <https://send.example/u/"));
    assert_non_null(strstr(whole.at, "text/plain"));
    assert_non_null(strstr(whole.at, "text/html"));
}

static void who_would_not_get_it_gets_the_reason(void **state)
{
    (void)state;
    assert_int_equal(make(source, "", 2), 0);
    assert_true(t.preview.skipped);
    assert_string_equal(t.preview.why.text, "the contact is suppressed");
    assert_string_equal(t.preview.to.at, "gone@dest.example");
    assert_int_equal(t.preview.whole.len, 0);
    assert_int_equal(make("Subject: x\n\n{% abort_message 'not for you' %}", "", 1), 0);
    assert_true(t.preview.skipped);
    assert_string_equal(t.preview.why.text, "the message leaves this contact out: not for you");
    assert_int_equal(t.preview.parts.text.len, 0);
}

static void what_cannot_be_sent_cannot_be_shown(void **state)
{
    (void)state;
    assert_int_equal(make("Subject: x\n\n{{ a | b }}", "", 1), -1);
    assert_string_equal(t.err.text, "Line 3, column 1: there is no filter named \"b\".");
    assert_int_equal(make(source, "nobody", 1), -1);
    assert_string_equal(t.err.text, "There is no identity \"nobody\" in the configuration.");
    assert_int_equal(make("no header", "", 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contact_sees_their_own_mail),
        cmocka_unit_test(the_whole_message_is_that_of_a_copy),
        cmocka_unit_test(who_would_not_get_it_gets_the_reason),
        cmocka_unit_test(what_cannot_be_sent_cannot_be_shown),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
