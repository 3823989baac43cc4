/* One copy, from the store to the bytes on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/compose.h"
#include "unit/people.h"

static const char source[] = "Subject: {% unless contact.quiet %}Hello {{ contact.first_name | "
                             "default: \"friend\" }}{% endunless %}\n"
                             "Topic: petitions\n"
                             "\n"
                             "Dear {{ contact.first_name }}, <{{ contact.email }}>\n"
                             "\n"
                             "[leave]({{ links.unsubscribe }}) {{ job.id }} {% if contact.broken "
                             "%}{{ 1 | divided_by: 0 }}{% endif %}\n";

static struct {
    struct people people;
    struct senders *senders;
    struct composer composer;
    struct mailing *mailing;
    struct copy copy;
    struct sheet sheet;
    struct buf text; /* its head and body */
} t;

static void write_contacts(struct txn *txn, void *ctx)
{
    (void)ctx;
    uint32_t name = name_intern(txn, NAME_ATTRIBUTE, STR("first_name"));
    uint32_t quiet = name_intern(txn, NAME_ATTRIBUTE, STR("quiet"));
    uint32_t broken = name_intern(txn, NAME_ATTRIBUTE, STR("broken"));
    struct contact_writer *w = contact_writer_begin(txn, 1700000000);
    people_add(w, "anna@dest.example", &(struct contact_attribute){name, STR("Zo\xC3\xAB <b>")});
    people_add(w, "evil@dest.example",
               &(struct contact_attribute){name, STR("x\r\nBcc: all@example.org\r\n\r\nbody")});
    people_add(w, "gone@dest.example", &(struct contact_attribute){name, STR("Gone")});
    people_add(w, "fail@dest.example", &(struct contact_attribute){broken, STR("1")});
    people_add(w, "quiet@dest.example", &(struct contact_attribute){quiet, STR("1")});
    contact_writer_end(w);
    contact_set_flags(txn, 3, CONTACT_SUPPRESSED, 0, 1700000000);
}

static int set_up(void **state)
{
    (void)state;
    struct err err;
    struct job_record record = {.id = 12,
                                .lane = LANE_BULK,
                                .message = {1, 4},
                                .name = STR("Appeal"),
                                .identity = STR("example")};
    people_open(&t.people);
    people_write(&t.people, write_contacts, NULL);
    t.senders = people_senders(&t.people);
    composer_init(&t.composer);
    assert_int_equal(composer_use(&t.composer, t.senders, &err), 0);
    struct message *message = message_compile(str_of(source), &err);
    if (!message)
        fail_msg("%s", err.text);
    t.mailing = mailing_new(&record, message);
    mailing_turn(t.mailing, GATE_OPEN);
    t.copy.mailing = t.mailing;
    t.copy.sheet = &t.sheet;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    composer_release(&t.composer);
    senders_unref(t.senders);
    mailing_unref(t.mailing);
    people_close(&t.people);
    buf_release(&t.sheet.head);
    buf_release(&t.sheet.body);
    buf_release(&t.text);
    buf_release(&t.copy.sender);
    buf_release(&t.copy.recipient);
    return 0;
}

static const char *compose(uint32_t contact)
{
    struct txn txn;
    t.copy.contact = contact;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    compose_copy(&t.composer, &txn, &t.copy, 1700000000);
    txn_end(&txn);
    buf_reset(&t.text);
    buf_add_str(&t.text, buf_str(&t.sheet.head));
    buf_add_str(&t.text, buf_str(&t.sheet.body));
    return t.text.at ? t.text.at : "";
}

static void a_copy_has_all_that_receivers_ask_for(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
        "From: Example <news@send.example>\r\n",
        "To: anna@dest.example\r\n",
        "Subject: =?utf-8?",
        "List-Id: <petitions.send.example>\r\n",
        "List-Unsubscribe: <https://send.example/u/",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "Feedback-ID: 12:petitions:bulk:send.example\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: multipart/alternative;",
        "&lt;b&gt;",
    };
    const char *text = compose(1);
    assert_int_equal(t.copy.result, COPY_READY);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (!strstr(text, fields[i]))
            fail_msg("\"%s\" is not in\n%s", fields[i], text);
    assert_true(str_starts(buf_str(&t.copy.sender), STR("b-")));
    assert_true(str_ends(buf_str(&t.copy.sender), STR("@send.example")));
    assert_string_equal(t.copy.recipient.at, "anna@dest.example");
}

static void the_same_copy_has_the_same_message_id(void **state)
{
    (void)state;
    char first[128];
    sscanf(strstr(compose(1), "Message-ID: "), "Message-ID: %127s", first);
    assert_non_null(strstr(compose(1), first));
    assert_null(strstr(compose(2), first));
}

static void a_value_cannot_break_out_of_a_header(void **state)
{
    (void)state;
    const char *text = compose(2);
    assert_int_equal(t.copy.result, COPY_READY);
    assert_true(strstr(text, "\r\n\r\n") < strstr(text, "\nBcc:"));
    assert_non_null(strstr(text, "Subject: Hello x  Bcc: all@example.org"));
}

static void suppressed_and_absent_contacts_are_skipped(void **state)
{
    (void)state;
    compose(3);
    assert_int_equal(t.copy.result, COPY_SKIP);
    assert_int_equal(t.copy.reason, SKIP_SUPPRESSED);
    assert_string_equal(t.copy.recipient.at, "gone@dest.example");
    compose(99);
    assert_int_equal(t.copy.result, COPY_SKIP);
    assert_int_equal(t.copy.reason, SKIP_NO_CONTACT);
}

static void a_rendering_that_fails_is_skipped_with_its_place(void **state)
{
    (void)state;
    compose(4);
    assert_int_equal(t.copy.result, COPY_SKIP);
    assert_int_equal(t.copy.reason, SKIP_RENDER);
    assert_non_null(
        strstr(t.copy.why.text, "text made from the message could not be rendered: Line"));
}

static void a_mail_without_a_subject_is_not_sent(void **state)
{
    (void)state;
    compose(5);
    assert_int_equal(t.copy.result, COPY_SKIP);
    assert_non_null(strstr(t.copy.why.text, "subject is empty"));
}

static void a_closed_gate_holds_everything(void **state)
{
    (void)state;
    mailing_turn(t.mailing, GATE_PAUSED);
    compose(1);
    assert_int_equal(t.copy.result, COPY_HELD);
    mailing_turn(t.mailing, GATE_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_has_all_that_receivers_ask_for),
        cmocka_unit_test(the_same_copy_has_the_same_message_id),
        cmocka_unit_test(a_value_cannot_break_out_of_a_header),
        cmocka_unit_test(suppressed_and_absent_contacts_are_skipped),
        cmocka_unit_test(a_rendering_that_fails_is_skipped_with_its_place),
        cmocka_unit_test(a_mail_without_a_subject_is_not_sent),
        cmocka_unit_test(a_closed_gate_holds_everything),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
