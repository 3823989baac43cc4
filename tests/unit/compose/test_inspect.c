/* What is said about a message before it is sent: each fault once, at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/inspect.h"
#include "compose/message.h"
#include "store/counters.h"
#include "unit/people.h"

static struct {
    struct people people;
    struct senders *senders;
    struct remarks remarks;
    struct buf said; /* "3:1 error There is no filter …\n" for each */
} t;

static void write_contacts(struct txn *txn, void *ctx)
{
    struct counter_change change;
    struct err err;
    (void)ctx;
    uint32_t name = name_intern(txn, NAME_ATTRIBUTE, STR("first_name"));
    struct contact_writer *w = contact_writer_begin(txn, 1700000000);
    people_add(w, "anna@dest.example", &(struct contact_attribute){name, STR("Anna")});
    contact_writer_end(w);
    counter_set(txn, STR("raif"), 46443, 1700000000, &change, &err);
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
    senders_unref(t.senders);
    people_close(&t.people);
    buf_release(&t.said);
    return 0;
}

static const char *inspect_of(struct str source, const char *identity)
{
    struct txn txn;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    struct inspection inspection = {.txn = &txn,
                                    .senders = t.senders,
                                    .source = source,
                                    .identity = str_of(identity),
                                    .now = 1700000000};
    remarks_init(&t.remarks);
    message_inspect(&inspection, &t.remarks);
    txn_end(&txn);
    buf_reset(&t.said);
    buf_add_text(&t.said, "");
    for (size_t i = 0; i < t.remarks.count; i++) {
        const struct remark *r = &t.remarks.all[i];
        buf_addf(&t.said, "%.*s%u:%u %s %s\n", STR_ARG(r->place.file), r->place.line,
                 r->place.column, r->is_error ? "error" : "warning", r->text.at);
    }
    remarks_release(&t.remarks);
    return t.said.at ? t.said.at : "";
}

static const char *inspect(const char *source)
{
    return inspect_of(str_of(source), "");
}

#define SAYS(source, words)                                                   \
    do {                                                                      \
        const char *said = inspect(source);                                   \
        if (!strstr(said, (words)))                                           \
            fail_msg("\"%s\" is not among what is said:\n%s", (words), said); \
    } while (0)

#define SAYS_NOT(source, words)                                           \
    do {                                                                  \
        const char *said = inspect(source);                               \
        if (strstr(said, (words)))                                        \
            fail_msg("\"%s\" is among what is said:\n%s", (words), said); \
    } while (0)

static void nothing_is_said_about_a_good_message(void **state)
{
    (void)state;
    const char *said =
        inspect("Subject: {{ contact.first_name | default: \"Friend\" }}, will you sign?\n"
                "Topic: petitions\n"
                "Preheader: {{ counters.raif }} of us have signed.\n"
                "\n"
                "Dear {{ contact.first_name | default: \"friend\" }},\n"
                "\n"
                "[sign](https://www.example.org/sign) at "
                "[example.org](https://act.example.org/)\n");
    assert_string_equal(said, "");
}

static void every_error_has_its_place(void **state)
{
    (void)state;
    assert_string_equal(inspect("Subject: {{ contact.first_name | upcas }}\n"
                                "From: <agir\n"
                                "Topic: free dom\n"
                                "Layout: leter\n"
                                "Attach: a.pdf\n"
                                "\n"
                                "fine\n"
                                "Dear {{ contact.first_name | capitalise }}\n"),
                        "1:10 error There is no filter named \"upcas\".\n"
                        "2:7 error From: The address \"<agir\" has no @.\n"
                        "3:8 error Topic \"free dom\" is no label: use at most 60 letters (a-z), "
                        "digits, \"-\", \"_\" and \".\".\n"
                        "4:9 error There is no layout \"leter\": did you mean \"letter\"?\n"
                        "5:9 error The file \"a.pdf\" did not come along with the message.\n"
                        "8:6 error There is no filter named \"capitalise\".\n");
}

static void a_message_that_cannot_be_cut_has_one_error(void **state)
{
    (void)state;
    assert_string_equal(inspect("Subject: x\nFoo: y\n\nhi"),
                        "2:0 error There is no header field \"Foo\"; there are Subject, From, "
                        "Reply-To, Topic, List-Id, Preheader, Language, Layout, Track, UTM, Attach "
                        "and Inline.\n");
    assert_string_equal(inspect("hi"),
                        "1:0 error Line 1 is no header field (\"Name: value\"): the header ends "
                        "with an empty line, and the text follows it.\n");
    assert_string_equal(inspect("Subject: x\nTrack: maybe\n\nhi"),
                        "2:0 error Track is \"yes\" or \"no\".\n");
    assert_string_equal(inspect("Topic: x\n\nhi"),
                        "0:0 error The message has no Subject: begin the file with a line "
                        "\"Subject: …\".\n");
    assert_string_equal(inspect(""), "0:0 error The message has no Subject: begin the file with a "
                                     "line \"Subject: …\".\n");
}

static void columns_count_characters_and_no_mark_of_order(void **state)
{
    (void)state;
    SAYS("\xEF\xBB\xBFSubject: \xC3\xA9\xE6\x9D\xB1{{ a | b }}\n\nx",
         "1:12 error There is no filter named \"b\".");
    SAYS("Subject: x\r\n\r\nfine\r\n\xC3\xA9 {{ a | b }}", "4:3 error There is no filter");
}

static void too_much_is_said_to_be(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_add_text(&text, "Subject: x\n\n");
    memset(buf_reserve(&text, MESSAGE_MAX_SIZE), 'a', MESSAGE_MAX_SIZE);
    text.len += MESSAGE_MAX_SIZE;
    assert_non_null(
        strstr(inspect_of(buf_str(&text), ""), "0:0 error The message has 1048588 bytes"));
    buf_release(&text);
}

static void a_sender_is_needed(void **state)
{
    (void)state;
    assert_string_equal(inspect_of(STR("Subject: x\n\nhi"), "nobody"),
                        "0:0 error There is no identity \"nobody\" in the configuration.\n");
}

static void names_that_are_nobodys(void **state)
{
    (void)state;
    SAYS("Subject: {{ contact.frist_name }}\n\nx", "1:13 warning No contact has the attribute "
                                                   "\"frist_name\": did you mean \"first_name\"?");
    SAYS("Subject: x\nPreheader: {{ contact.zzz }}\n\nx",
         "2:15 warning No contact has the attribute \"zzz\": it is empty for everybody.");
    SAYS("Subject: x\n\n{{ first_name }}", "3:4 warning There is no name \"first_name\"; the "
                                           "attribute of a contact is written contact.first_name.");
    SAYS("Subject: x\n\n{{ contcat.first_name }}",
         "3:4 warning There is no name \"contcat\": did you mean \"contact\"?");
    SAYS("Subject: x\n\n{{ counters.riaf }}",
         "3:4 warning There is no counter \"riaf\": did you mean \"raif\"?");
    SAYS("Subject: x\n\n{{ links.unsubscrib }}",
         "3:4 warning \"links\" has no \"unsubscrib\": did you mean \"unsubscribe\"?");
    SAYS("Subject: x\n\n{{ job.title }}", "3:4 warning \"job\" has no \"title\".");
}

static void names_that_are_known(void **state)
{
    (void)state;
    assert_null(strstr(inspect("Subject: x\nPreheader: y\n\n{% assign mine = contact.email %}"
                               "{{ mine }} {{ contact[\"first_name\"] }} {{ contact.id }} "
                               "{{ job.name }} {{ message.topic }} {{ identity.footer }} "
                               "{{ links.web }} {{ topics.torture }} {{ counters.raif }}"
                               "{% for i in (1..3) %}{{ i }}{{ forloop.index }}{% endfor %}"),
                       "warning"));
}

static void links_that_lead_nowhere_or_look_like_fraud(void **state)
{
    (void)state;
    SAYS("Subject: x\n\nfine [a](https://fine.example) [b](http:/example.org)\n",
         "3:36 warning The link \"http:/example.org\" has not two slashes");
    SAYS("Subject: x\n\n[a](https://bit.ly/x)\n", "3:5 warning The link leads through bit.ly");
    SAYS("Subject: x\n\n[a](https://192.0.2.1/x)\n",
         "3:5 warning The link leads to the bare number 192.0.2.1");
    SAYS("Subject: x\n\n[www.amnesty.org](https://evil.example/x)\n",
         "3:19 warning The link shows \"www.amnesty.org\" and leads to evil.example");
    SAYS("Subject: x\n\n<p>\n<a class=x "
         "href='https://evil.example/x'><b>https://amnesty.org/</b></a>",
         "4:18 warning The link shows \"amnesty.org\" and leads to evil.example");
    SAYS("Subject: x\n\n[a](https://example.org/a b)\n",
         "3:3 warning This is no link, and readers see the brackets");
}

static void links_that_are_fine(void **state)
{
    (void)state;
    static const char *const links[] = {
        "[example.org](https://www.example.org/)",
        "[www.example.org/a](https://act.example.org/b)",
        "[www.example.org?a=1](https://example.org/)",
        "[report.pdf](https://example.org/report.pdf)",
        "[here](https://{{ contact.site }}/x)",
        "[a@b.org](mailto:a@b.org)",
        "[{{ contact.site }}](https://example.org/)",
        "[x](https://192.0.2.1.example.org/)",
    };
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        buf_reset(&text);
        buf_addf(&text, "Subject: x\n\nSee %s\n", links[i]);
        SAYS_NOT(text.at, "The link");
    }
    buf_release(&text);
}

static void images_need_a_text(void **state)
{
    (void)state;
    SAYS("Subject: x\n\nWords.\n\n![](https://example.org/a.png)\n",
         "5:5 warning The image \"https://example.org/a.png\" has no alternative text");
    SAYS("Subject: x\n\n<p>\n<img src=\"https://example.org/a.png\">",
         "4:0 warning The image \"https://example.org/a.png\" has no alternative text");
    SAYS_NOT("Subject: x\n\n<p><img src=a.png alt=\"\"><img src=b width=1 height=1>",
             "alternative");
    SAYS_NOT("Subject: x\n\n![A crowd](https://example.org/a.png)\n", "alternative");
    SAYS("Subject: x\n\n![Logo](cid:logo.png)\n",
         "3:9 warning The image \"cid:logo.png\" goes "
         "along with no copy: add a line \"Inline: logo.png\"");
    SAYS("Subject: x\n\n<img alt=\"a\" src=\"https://example.org/a.png\">",
         "0:0 warning The message is images with hardly any text");
}

static void subjects_that_spam_has(void **state)
{
    (void)state;
    SAYS("Subject: Re: your signature\n\nx", "1:10 warning The subject begins with \"Re:\"");
    SAYS("Subject: SIGN THIS PETITION {{ contact.first_name }}\n\nx",
         "1:10 warning The subject is all in capital letters");
    SAYS_NOT("Subject: NATO and the EU: {{ contact.first_name }}\n\nx", "capital");
    SAYS("Subject: Now! Now! Now!\n\nx", "1:10 warning The subject has 3 exclamation marks");
    SAYS("Subject: 1234567890123456789012345678901234567890123456789012345678901234567890x\n\nx",
         "1:10 warning The subject has 71 characters");
    SAYS("Subject: {{ contact.first_name }}\n\nx",
         "1:10 warning The subject is empty for a contact without any data");
}

static void everybody_must_be_able_to_leave(void **state)
{
    (void)state;
    SAYS_NOT("Subject: x\n\nx", "unsubscribe");
    SAYS("Subject: x\nLayout: none\n\nx", "0:0 warning The message has no link to unsubscribe");
    SAYS("Subject: x\n\n<p>x</p>", "0:0 warning The message has no link to unsubscribe");
    SAYS_NOT("Subject: x\n\n<p>x</p><a href=\"{{ links.unsubscribe }}\">leave</a>", "unsubscribe");
    SAYS_NOT("Subject: x\nLayout: none\n\n[topics]({{ links.preferences }})", "unsubscribe");
}

static void a_page_that_gmail_cuts_off(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_add_text(&text, "Subject: x\n\n");
    for (unsigned i = 0; i < 900; i++)
        buf_add_text(&text, "A line of a hundred characters, as they are written, one after the "
                            "other, and so on and so forth.\n");
    SAYS(text.at, "warning The HTML has 9");
    for (unsigned i = 0; i < 200; i++)
        buf_add_text(&text, "A line of a hundred characters, as they are written, one after the "
                            "other, and so on and so forth.\n");
    SAYS(text.at, "Gmail cuts off what is beyond 102 KB, and with it the link");
    buf_cut(&text, 20000);
    SAYS_NOT(text.at, "Gmail");
    buf_release(&text);
}

static void a_copy_without_data_must_work(void **state)
{
    (void)state;
    SAYS("Subject: x\n\n{{ 10 | divided_by: contact.gift }}",
         "0:0 warning For a contact without any data the HTML cannot be made");
    SAYS_NOT("Subject: x\n\n{% abort_message 'no' %}", "cannot be made");
}

static void style_sheets_of_the_message(void **state)
{
    (void)state;
    SAYS("Subject: x\n\n<p>x</p>\n<style>p { colr; }</style>",
         "4:0 warning \"colr\" is no declaration");
}

static void somebody_elses_files_are_named(void **state)
{
    (void)state;
    struct bundle_file files[2] = {{STR("layouts/own.html"), STR("x\n{{ content }}{{ a | b }}")}};
    struct bundle bundle = {STR("Subject: x\nLayout: own\n\nhi"), files, 1};
    struct buf bytes = BUF_INIT;
    bundle_write(&bundle, &bytes);
    assert_string_equal(inspect_of(buf_str(&bytes), ""),
                        "layouts/own.html2:14 error There is no filter named \"b\".\n");
    buf_reset(&bytes);
    files[0] = (struct bundle_file){STR("partials/own.html"), STR("{% if %}")};
    bundle.text = STR("Subject: x\n\n{% include 'own' %}");
    bundle_write(&bundle, &bytes);
    assert_non_null(strstr(inspect_of(buf_str(&bytes), ""), "partials/own.html1:6 error"));
    buf_release(&bytes);
}

/* What would take minutes, if the text were searched anew for each of them. */
enum { MANY = 300000 };

static const char *inspect_many(const char *before, const char *each, unsigned count,
                                const char *after)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, before);
    for (unsigned i = 0; i < count; i++)
        buf_addf(&text, each, i);
    buf_add_text(&text, after);
    const char *said = inspect_of(buf_str(&text), "");
    buf_release(&text);
    return said;
}

static unsigned count_of(const char *said, const char *words)
{
    unsigned count = 0;
    while ((said = strstr(said, words)) != NULL) {
        said += strlen(words);
        count++;
    }
    return count;
}

static void what_is_opened_and_never_closed(void **state)
{
    (void)state;
    const char *said = inspect_many("Subject: x\nLayout: none\n\n", "<", MANY, "");
    assert_non_null(strstr(said, "no link to unsubscribe"));
    said = inspect_many("Subject: ", "<", MANY, "!!!\nLayout: none\n\nx");
    assert_non_null(strstr(said, "1:10 warning The subject has 3 exclamation marks"));
    said = inspect_many("Subject: x\nLayout: none\n\n{% raw %}", "{{", MANY, "{% endraw %}");
    assert_non_null(strstr(said, "no link to unsubscribe"));
    said = inspect_many("Subject: x\nLayout: none\n\n{% raw %}", "{%%", MANY, "{% endraw %}");
    assert_non_null(strstr(said, "no link to unsubscribe"));
}

static void liquid_and_addresses_are_no_letters_of_a_subject(void **state)
{
    (void)state;
    SAYS_NOT("Subject: < {{ '!' }} {% if 1 %}!{% endif %} <a!> !\n\nx", "exclamation");
    SAYS("Subject: < {{ job.name }} ! ! !\n\nx", "3 exclamation");
}

static void names_are_looked_at_up_to_a_bound(void **state)
{
    (void)state;
    const char *said = inspect_many("Subject: x\n\n", "{{topics.a%u}}", 5000, "{{ contcat }}");
    assert_non_null(strstr(said, "0:0 warning The message uses more than 2000 names: the others "
                                 "were not looked at."));
    assert_null(strstr(said, "contcat"));
    said = inspect_many("Subject: x\n\n", "{{topics.a%u}}", 1999, "{{ contcat }}");
    assert_non_null(strstr(said, "There is no name \"contcat\""));
    assert_null(strstr(said, "more than 2000"));
}

/* They stand nowhere as they are, so that the whole text is searched for each of them. */
static void links_that_are_not_found_in_a_large_text(void **state)
{
    (void)state;
    struct buf after = BUF_INIT;
    for (unsigned i = 0; i < MANY; i++)
        buf_add_text(&after, "x ");
    const char *said =
        inspect_many("Subject: x\n\n", "[a](http://1.2.3.4/&eacute;%u)\n", 990, after.at);
    assert_int_equal(count_of(said, "0:0 warning The link leads to the bare number 1.2.3.4"), 1);
    buf_add_text(&after, "\n\n[r]: http://1.2.3.4/x\n");
    said = inspect_many("Subject: x\n\n", "[a%u][r]\n", 990, after.at);
    assert_int_equal(count_of(said, "995:6 warning The link leads to the bare number 1.2.3.4"), 1);
    said = inspect_many("Subject: x\n\n", "![](cid:&eacute;%u)\n", 990, after.at);
    assert_true(count_of(said, "goes along with no copy") > 10);
    buf_release(&after);
}

static void places_are_those_of_each_remark(void **state)
{
    (void)state;
    const char *said = inspect_many("Subject: x\n\n", "\xC3\xA9 [a](http://1.2.3.4/%u)", 3,
                                    "\n[b](http://1.2.3.4/2) {{ contcat }}");
    assert_non_null(strstr(said, "3:7 warning The link leads"));
    assert_non_null(strstr(said, "3:30 warning The link leads"));
    assert_non_null(strstr(said, "3:53 warning The link leads"));
    assert_non_null(strstr(said, "4:5 warning The link leads"));
    assert_non_null(strstr(said, "4:26 warning There is no name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_about_a_good_message),
        cmocka_unit_test(every_error_has_its_place),
        cmocka_unit_test(a_message_that_cannot_be_cut_has_one_error),
        cmocka_unit_test(columns_count_characters_and_no_mark_of_order),
        cmocka_unit_test(too_much_is_said_to_be),
        cmocka_unit_test(a_sender_is_needed),
        cmocka_unit_test(names_that_are_nobodys),
        cmocka_unit_test(names_that_are_known),
        cmocka_unit_test(links_that_lead_nowhere_or_look_like_fraud),
        cmocka_unit_test(links_that_are_fine),
        cmocka_unit_test(images_need_a_text),
        cmocka_unit_test(subjects_that_spam_has),
        cmocka_unit_test(everybody_must_be_able_to_leave),
        cmocka_unit_test(a_page_that_gmail_cuts_off),
        cmocka_unit_test(a_copy_without_data_must_work),
        cmocka_unit_test(style_sheets_of_the_message),
        cmocka_unit_test(somebody_elses_files_are_named),
        cmocka_unit_test(what_is_opened_and_never_closed),
        cmocka_unit_test(liquid_and_addresses_are_no_letters_of_a_subject),
        cmocka_unit_test(names_are_looked_at_up_to_a_bound),
        cmocka_unit_test(links_that_are_not_found_in_a_large_text),
        cmocka_unit_test(places_are_those_of_each_remark),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
