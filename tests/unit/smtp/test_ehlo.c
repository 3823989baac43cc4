#include "smtp/ehlo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct smtp_extensions read_ehlo(const char *wire)
{
    static struct smtp_reply_parser parser;
    struct smtp_extensions e;
    struct str input = str_of(wire);
    smtp_reply_parser_init(&parser);
    assert_int_equal(smtp_reply_parse(&parser, &input), SMTP_REPLY_DONE);
    smtp_ehlo_parse(&parser.reply, &e);
    return e;
}

static void test_gmail(void **state)
{
    (void)state;
    struct smtp_extensions e = read_ehlo("250-mx.google.com at your service, [192.0.2.1]\r\n"
                                         "250-SIZE 157286400\r\n250-8BITMIME\r\n250-STARTTLS\r\n"
                                         "250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n"
                                         "250-CHUNKING\r\n250 SMTPUTF8\r\n");
    assert_true(e.size && e.eightbitmime && e.starttls && e.enhanced_codes);
    assert_true(e.pipelining && e.chunking && e.smtputf8);
    assert_false(e.dsn || e.auth || e.limits);
    assert_int_equal(e.size_limit, 157286400);
}

static void test_case_and_unknown_words_do_not_matter(void **state)
{
    (void)state;
    struct smtp_extensions e = read_ehlo("250-mx\r\n250-XFOO bar\r\n250-pipelining\r\n"
                                         "250-Auth PLAIN LOGIN\r\n250-DSN \r\n250 VRFY\r\n");
    assert_true(e.pipelining && e.auth && e.dsn);
    assert_false(e.starttls || e.chunking || e.size);
}

static void test_a_keyword_is_a_whole_word(void **state)
{
    (void)state;
    struct smtp_extensions e = read_ehlo("250-mx\r\n250-XSTARTTLS\r\n250-CHUNKINGX\r\n"
                                         "250-X PIPELINING\r\n250 AUTH=PLAIN\r\n");
    assert_false(e.starttls || e.chunking || e.pipelining || e.auth);
}

static void test_the_first_line_is_no_keyword(void **state)
{
    (void)state;
    assert_false(read_ehlo("250-STARTTLS\r\n250 DSN\r\n").starttls);
    assert_false(read_ehlo("250 PIPELINING\r\n").pipelining);
    assert_false(read_ehlo("250\r\n").pipelining);
}

static void test_size(void **state)
{
    (void)state;
    struct smtp_extensions e = read_ehlo("250-mx\r\n250 SIZE\r\n");
    assert_true(e.size);
    assert_int_equal(e.size_limit, 0);
    assert_int_equal(read_ehlo("250-mx\r\n250 SIZE 0\r\n").size_limit, 0);
    assert_int_equal(read_ehlo("250-mx\r\n250 SIZE 1000 x\r\n").size_limit, 1000);
    assert_int_equal(read_ehlo("250-mx\r\n250 SIZE 99999999999999999999\r\n").size_limit, 0);
    assert_int_equal(read_ehlo("250-mx\r\n250 SIZE -5\r\n").size_limit, 0);
}

static void test_limits(void **state)
{
    (void)state;
    struct smtp_extensions e = read_ehlo("250-mx\r\n250 LIMITS RCPTMAX=20 mailmax=50\r\n");
    assert_true(e.limits);
    assert_int_equal(e.mail_limit, 50);
    assert_int_equal(read_ehlo("250-mx\r\n250 LIMITS MAILMAX=x\r\n").mail_limit, 0);
    assert_int_equal(read_ehlo("250-mx\r\n250 LIMITS\r\n").mail_limit, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gmail),
        cmocka_unit_test(test_case_and_unknown_words_do_not_matter),
        cmocka_unit_test(test_a_keyword_is_a_whole_word),
        cmocka_unit_test(test_the_first_line_is_no_keyword),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
