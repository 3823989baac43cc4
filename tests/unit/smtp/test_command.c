#include "smtp/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct buf written;
static struct smtp_output out;

static void collect(void *owner, const struct str *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_str(owner, parts[i]);
}

static int start(void **state)
{
    (void)state;
    buf_reset(&written);
    smtp_output_init(&out, collect, &written);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    buf_release(&written);
    return 0;
}

static void assert_written(const char *expected)
{
    smtp_output_flush(&out);
    buf_add_text(&written, "");
    assert_string_equal(written.at, expected);
    assert_int_equal(out.written, strlen(expected));
}

static struct smtp_transaction mail(const char *sender, const char *recipient, const char *body)
{
    return (struct smtp_transaction){.sender = str_of(sender),
                                     .recipient = str_of(recipient),
                                     .body = {str_of(body)},
                                     .body_count = 1};
}

static void test_mail_has_only_what_is_offered(void **state)
{
    struct smtp_transaction tx = mail("a@x.example", "b@y.example", "Hello\r\n");
    struct smtp_extensions offers = {0};
    (void)state;
    tx.eight_bit = true;
    smtp_command_mail(&tx, &offers, &out);
    offers = (struct smtp_extensions){.size = true, .eightbitmime = true, .smtputf8 = true};
    smtp_command_mail(&tx, &offers, &out);
    tx.needs_smtputf8 = true;
    tx.eight_bit = false;
    smtp_command_mail(&tx, &offers, &out);
    assert_written("MAIL FROM:<a@x.example>\r\n"
                   "MAIL FROM:<a@x.example> SIZE=7 BODY=8BITMIME\r\n"
                   "MAIL FROM:<a@x.example> SIZE=7 SMTPUTF8\r\n");
}

static void test_the_null_sender(void **state)
{
    struct smtp_transaction tx = mail("", "b@y.example", "Hello\r\n");
    struct smtp_extensions offers = {0};
    enum smtp_phase phase;
    (void)state;
    assert_null(smtp_command_refusal(&tx, &offers, &phase));
    smtp_command_mail(&tx, &offers, &out);
    smtp_command_rcpt(&tx, &out);
    assert_written("MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\n");
}

static void test_addresses_that_would_break_out_are_refused(void **state)
{
    static const char *const bad[] = {
        "",       "a\r\nDATA@x", "a\n@x",      "a\t@x",        "a\x7f@x",           "a b@x",
        "a>@x",   "<a@x>",       "\"a@x",      "\"a\\\r\"@x",  "a\\>b@x",           "\"\\",
        "\xff@x", "a> SIZE=1 <", "\"a\" b\"@", "a@x>\r\nQUIT", "\"a\\\xc3\xa9\"@x",
    };
    struct smtp_extensions offers = {.smtputf8 = true};
    enum smtp_phase phase;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct smtp_transaction tx = mail("a@x.example", bad[i], "Hello\r\n");
        const struct smtp_reply *reply = smtp_command_refusal(&tx, &offers, &phase);
        assert_non_null(reply);
        assert_int_equal(reply->code, 553);
        assert_int_equal(phase, SMTP_PHASE_RCPT);
        tx = mail(bad[i], "a@x.example", "Hello\r\n");
        if (tx.sender.len > 0)
            assert_non_null(smtp_command_refusal(&tx, &offers, &phase));
    }
}

static void test_a_nul_or_a_long_address_is_refused(void **state)
{
    char long_address[SMTP_ADDRESS_MAX + 1];
    struct smtp_extensions offers = {0};
    enum smtp_phase phase;
    (void)state;
    struct smtp_transaction tx = mail("", "", "Hello\r\n");
    tx.recipient = STR("a\0b@x");
    assert_non_null(smtp_command_refusal(&tx, &offers, &phase));
    memset(long_address, 'a', sizeof(long_address));
    tx.recipient = str_from(long_address, sizeof(long_address));
    assert_non_null(smtp_command_refusal(&tx, &offers, &phase));
    tx.recipient.len--;
    assert_null(smtp_command_refusal(&tx, &offers, &phase));
}

static void test_quoted_local_parts_are_fine(void **state)
{
    static const char *const good[] = {"\"a b\"@x", "\"a>b\"@x", "\"a\\\"b\"@x", "a+b=c@x"};
    struct smtp_extensions offers = {0};
    enum smtp_phase phase;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct smtp_transaction tx = mail("", good[i], "Hello\r\n");
        assert_null(smtp_command_refusal(&tx, &offers, &phase));
    }
}

static void test_smtputf8_is_needed_for_what_is_not_ascii(void **state)
{
    struct smtp_transaction tx = mail("a@x", "jos\xc3\xa9@x", "Hello\r\n");
    struct smtp_extensions offers = {0};
    enum smtp_phase phase;
    (void)state;
    const struct smtp_reply *reply = smtp_command_refusal(&tx, &offers, &phase);
    assert_int_equal(reply->code, 550);
    assert_int_equal(reply->enhanced.subject * 10 + reply->enhanced.detail, 67);
    offers.smtputf8 = true;
    assert_null(smtp_command_refusal(&tx, &offers, &phase));
    smtp_command_mail(&tx, &offers, &out);
    assert_written("MAIL FROM:<a@x> SMTPUTF8\r\n");
}

static void test_size_limit(void **state)
{
    struct smtp_transaction tx = mail("a@x", "b@x", "Hello\r\n");
    struct smtp_extensions offers = {.size = true, .size_limit = 6};
    enum smtp_phase phase;
    (void)state;
    assert_int_equal(smtp_command_refusal(&tx, &offers, &phase)->code, 552);
    offers.size_limit = 7;
    assert_null(smtp_command_refusal(&tx, &offers, &phase));
}

static void test_bdat_counts_the_line_end_it_adds(void **state)
{
    struct smtp_transaction tx = mail("a@x", "b@x", "Hello\r\n");
    (void)state;
    tx.body[1] = STR(".dot");
    tx.body_count = 2;
    smtp_command_bdat(&tx, &out);
    assert_written("BDAT 13 LAST\r\nHello\r\n.dot\r\n");
}

static void test_a_line_end_may_lie_across_parts(void **state)
{
    struct smtp_transaction tx = mail("a@x", "b@x", "Hello\r");
    (void)state;
    tx.body[1] = STR("\n");
    tx.body[2] = STR("");
    tx.body_count = 3;
    smtp_command_bdat(&tx, &out);
    assert_written("BDAT 7 LAST\r\nHello\r\n");
}

struct stuffing {
    const char *parts[2];
    const char *wire;
};

static void test_dots_are_stuffed(void **state)
{
    static const struct stuffing table[] = {
        {{"a\r\n", ""}, "a\r\n.\r\n"},
        {{"", ""}, "\r\n.\r\n"},
        {{".\r\n", ""}, "..\r\n.\r\n"},
        {{"a\r\n.\r\nb\r\n", ""}, "a\r\n..\r\nb\r\n.\r\n"},
        {{"a\r\n..b\r\n...", ""}, "a\r\n...b\r\n....\r\n.\r\n"},
        {{"a.b\r\n", ""}, "a.b\r\n.\r\n"},
        {{"a\r\n", ".b\r\n"}, "a\r\n..b\r\n.\r\n"},
        {{"a", ".b\r\n"}, "a.b\r\n.\r\n"},
        {{"a\n.\nb", ""}, "a\n..\nb\r\n.\r\n"},
        {{"a\r\n.", "\r\nb\r\n"}, "a\r\n..\r\nb\r\n.\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        start(NULL);
        struct smtp_transaction tx = mail("a@x", "b@x", table[i].parts[0]);
        tx.body[1] = str_of(table[i].parts[1]);
        tx.body_count = 2;
        smtp_command_body(&tx, &out);
        assert_written(table[i].wire);
    }
}

static void test_many_dots_need_no_more_room(void **state)
{
    struct buf body = BUF_INIT, wire = BUF_INIT;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        buf_add_text(&body, ".\r\n");
        buf_add_text(&wire, "..\r\n");
    }
    buf_add_text(&wire, ".\r\n");
    struct smtp_transaction tx = mail("a@x", "b@x", body.at);
    smtp_command_body(&tx, &out);
    assert_written(wire.at);
    buf_release(&body);
    buf_release(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mail_has_only_what_is_offered, start),
        cmocka_unit_test_setup(test_the_null_sender, start),
        cmocka_unit_test_setup(test_addresses_that_would_break_out_are_refused, start),
        cmocka_unit_test_setup(test_a_nul_or_a_long_address_is_refused, start),
        cmocka_unit_test_setup(test_quoted_local_parts_are_fine, start),
        cmocka_unit_test_setup(test_smtputf8_is_needed_for_what_is_not_ascii, start),
        cmocka_unit_test_setup(test_size_limit, start),
        cmocka_unit_test_setup(test_bdat_counts_the_line_end_it_adds, start),
        cmocka_unit_test_setup(test_a_line_end_may_lie_across_parts, start),
        cmocka_unit_test_setup(test_dots_are_stuffed, start),
        cmocka_unit_test_setup_teardown(test_many_dots_need_no_more_room, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
