/* One copy, from the store to the bytes on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "compose/compose.h"
#include "store/names.h"
#include "store/writer.h"

static const char configuration[] =
    "data_dir = \"data\"\n"
    "control { socket = \"control.sock\" }\n"
    "identity \"example\" { domain = \"send.example\"  from = \"Example <news@send.example>\" }\n"
    "source \"local\" { ehlo = \"mail.send.example\" }\n"
    "route \"*\" { host = \"127.0.0.1\" }\n";

static const char source[] = "Subject: Hello {{ contact.first_name | default: \"friend\" }}\n"
                             "Topic: petitions\n"
                             "\n"
                             "Dear {{ contact.first_name }}, <{{ contact.email }}>\n"
                             "\n"
                             "[leave]({{ links.unsubscribe }}) {{ job.id }} {% if contact.broken "
                             "%}{{ 1 | divided_by: 0 }}{% endif %}\n";

static struct {
    char folder[32];
    struct store *store;
    struct senders *senders;
    struct composer composer;
    struct mailing *mailing;
    struct copy copy;
} t;

/* The contacts of these tests, in one write. */
struct people {
    struct write_op op;
    _Atomic bool done;
};

static void add(struct contact_writer *w, const char *address, struct contact_attribute *attribute)
{
    enum contact_change change;
    struct str text = str_of(address);
    struct str domain = str_skip(text, (size_t)(str_find(text, '@') - text.at) + 1);
    struct contact_row row = {.key = text,
                              .address = text,
                              .domain = domain,
                              .attributes = attribute,
                              .attribute_count = 1};
    contact_writer_put(w, &row, &change);
}

static void apply_people(struct txn *txn, struct write_op *op)
{
    (void)op;
    uint32_t name = name_intern(txn, NAME_ATTRIBUTE, STR("first_name"));
    uint32_t broken = name_intern(txn, NAME_ATTRIBUTE, STR("broken"));
    struct contact_writer *w = contact_writer_begin(txn, 1700000000);
    add(w, "anna@dest.example", &(struct contact_attribute){name, STR("Zo\xC3\xAB <b>")});
    add(w, "evil@dest.example",
        &(struct contact_attribute){name, STR("x\r\nBcc: all@example.org\r\n\r\nbody")});
    add(w, "gone@dest.example", &(struct contact_attribute){name, STR("Gone")});
    add(w, "fail@dest.example", &(struct contact_attribute){broken, STR("1")});
    contact_writer_end(w);
    contact_set_flags(txn, 3, CONTACT_SUPPRESSED, 0, 1700000000);
}

static void people_done(struct write_op *op)
{
    ((struct people *)(void *)op)->done = true;
}

static void write_people(void)
{
    struct people people = {.op = {.apply = apply_people, .done = people_done, .urgent = true}};
    store_submit(t.store, &people.op);
    while (!people.done)
        usleep(1000);
}

static struct senders *make_senders(void)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct token_key key = {{7}};
    struct err err;
    struct config *config = config_load_text(str_of(configuration), "test.conf", t.folder, &errors);
    if (!config)
        fail_msg("%s", errors.text.at);
    struct senders *senders = senders_new(config, &key, &err);
    config_unref(config);
    config_errors_release(&errors);
    return senders;
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
    memcpy(t.folder, "/tmp/tocsin-compose-XXXXXX", 27);
    assert_non_null(mkdtemp(t.folder));
    char path[64];
    snprintf(path, sizeof(path), "%s/data", t.folder);
    struct store_options options = {path, 16 << 20, 1, 100};
    t.store = store_open(&options, &err);
    if (!t.store)
        fail_msg("%s", err.text);
    write_people();
    t.senders = make_senders();
    assert_non_null(t.senders);
    composer_init(&t.composer);
    assert_int_equal(composer_use(&t.composer, t.senders, &err), 0);
    struct message *message = message_compile(str_of(source), &err);
    if (!message)
        fail_msg("%s", err.text);
    t.mailing = mailing_new(&record, message);
    mailing_turn(t.mailing, GATE_OPEN);
    t.copy.mailing = t.mailing;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[64];
    composer_release(&t.composer);
    senders_unref(t.senders);
    mailing_unref(t.mailing);
    store_close(t.store);
    buf_release(&t.copy.text);
    buf_release(&t.copy.sender);
    buf_release(&t.copy.recipient);
    snprintf(command, sizeof(command), "rm -rf %s", t.folder);
    return system(command);
}

static const char *compose(uint32_t contact)
{
    struct txn txn;
    t.copy.contact = contact;
    assert_int_equal(txn_begin(t.store, &txn), 0);
    compose_copy(&t.composer, &txn, &t.copy, 1700000000);
    txn_end(&txn);
    return t.copy.text.at ? t.copy.text.at : "";
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
    assert_non_null(strstr(t.copy.why.text, "ine "));
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
        cmocka_unit_test(a_closed_gate_holds_everything),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
