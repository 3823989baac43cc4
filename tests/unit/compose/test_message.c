#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/message.h"

static void a_whole_message_compiles(void **state)
{
    (void)state;
    struct err err;
    struct message *m = message_compile(STR("Subject: Hello {{ contact.first_name }}\r\n"
                                            "from: Zo\xC3\xAB <zoe@example.org>\r\n"
                                            "Topic: petitions\r\n"
                                            "\r\n"
                                            "Dear *friend*,\r\n"),
                                        &err);
    assert_non_null(m);
    assert_true(m->has_from);
    assert_true(str_eq(m->from.name, STR("Zo\xC3\xAB")));
    assert_true(str_eq(address_text(&m->from.address), STR("zoe@example.org")));
    assert_true(str_eq(m->topic, STR("petitions")));
    assert_false(m->has_reply_to);
    message_free(m);
}

struct wrong {
    const char *source;
    const char *sentence; /* part of the error */
};

static void what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    static const struct wrong cases[] = {
        {"From: a@b.example\n\nHello\n", "has no Subject"},
        {"Subject:   \n\nHello\n", "has no Subject"},
        {"Subject: x\n\n \n", "has no text"},
        {"Subject: x\n", "has no text"},
        {"Subject: x\nSubjekt: y\n\nHello\n", "Line 2: there is no header field \"Subjekt\""},
        {"Subject: x\nSubject: y\n\nHello\n",
         "Line 2: the field Subject stands here a second time"},
        {"Subject: x\n folded\n\nHello\n", "Line 2 begins with a space"},
        {"Hello\n\nSubject: x\n", "Line 1 is no header field"},
        {"Subject: x\nFrom: nobody\n\nHello\n", "From"},
        {"Subject: x\nTopic: a b\n\nHello\n", "Topic \"a b\" is no label"},
        {"Subject: x\nLayout: postcard\n\nHello\n",
         "Line 2: there is no layout \"postcard\"; there are \"letter\""},
        {"Subject: x\nPreheader: {{ y\n\nHello\n", "ine 2"},
        {"Subject: x\nLayout: none\nPreheader: y\n\nHello\n", "Line 3: a Preheader is put into"},
        {"Subject: x\nPreheader: y\n\n{% if a %}{{ b }}{% endif %} <p>Hello</p>\n",
         "Line 2: a Preheader is put into a layout"},
        {"Subject: x\nTrack: maybe\n\nHello\n", "Line 2: Track is \"yes\" or \"no\""},
        {"Subject: x\nUTM: sauce=a\n\nHello\n", "Line 2: UTM is written as"},
        {"Subject: x\nUTM: source=\n\nHello\n", "Line 2: UTM is written as"},
        {"Subject: x\nAttach:\n\nHello\n", "Line 2: write the name of a file"},
        {"Subject: x\nAttach: a/b.pdf\nAttach: b.pdf\n\nHello\n", "Line 3: a file named \"b.pdf\""},
        {"Subject: x\nAttach: a.pdf\n\nHello\n", "Line 2: the file \"a.pdf\" did not come"},
        {"Subject: {{ x | nothing }}\n\nHello\n", "ine 1"},
        {"Subject: x\n\nOne\n\nTwo {% if %}\n", "ine 5"},
        {"Subject: x\n\nOne\n\n{% for a in b %}\n", "ine 5"},
        {"Subject: \xFF\n\nHello\n", "not valid UTF-8"},
        {"", "has no Subject"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err = {""};
        assert_null(message_compile(str_of(cases[i].source), &err));
        if (!strstr(err.text, cases[i].sentence))
            fail_msg("case %zu: \"%s\" lacks \"%s\"", i, err.text, cases[i].sentence);
    }
}

static void a_byte_order_mark_is_no_text(void **state)
{
    (void)state;
    struct err err;
    struct message *m = message_compile(STR("\xEF\xBB\xBFSubject: x\n\nHello\n"), &err);
    assert_non_null(m);
    message_free(m);
}

static void too_large_is_refused(void **state)
{
    (void)state;
    struct err err;
    char *big = calloc(1, MESSAGE_MAX_SIZE + 1);
    assert_null(message_compile(str_from(big, MESSAGE_MAX_SIZE + 1), &err));
    assert_non_null(strstr(err.text, "at most"));
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_message_compiles),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(a_byte_order_mark_is_no_text),
        cmocka_unit_test(too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
