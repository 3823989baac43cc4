#include "mail/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define W10 "ten-bytes "
#define W70 W10 W10 W10 W10 W10 W10 W10

static void assert_text(struct str value, const char *expected)
{
    struct buf out = BUF_INIT, scratch = BUF_INIT;
    header_add_text(&out, "Subject", value, &scratch);
    buf_release(&scratch);
    assert_string_equal(out.at, expected);
    buf_release(&out);
}

static void plain_text_stays_as_it_is(void **state)
{
    (void)state;
    assert_text(STR("Hello"), "Subject: Hello\r\n");
    assert_text(STR("  two  blanks "), "Subject: two  blanks\r\n");
    assert_text(STR(""), "Subject: \r\n");
}

static void nothing_breaks_out(void **state)
{
    (void)state;
    assert_text(STR("x\r\nBcc: y@example.org"), "Subject: x  Bcc: y@example.org\r\n");
    assert_text(STR("x\0y\nz\r"), "Subject: x y z\r\n");
    assert_text(STR("\xC3\xA9\r\n\r\nBody"), "Subject: =?utf-8?q?=C3=A9____Body?=\r\n");
}

static void long_text_is_folded_before_blanks(void **state)
{
    (void)state;
    assert_text(STR(W70 "next"), "Subject: ten-bytes ten-bytes ten-bytes ten-bytes ten-bytes "
                                 "ten-bytes ten-bytes\r\n next\r\n");
    /* A run of blanks is kept, and no line consists of blanks. */
    assert_text(STR(W70 "   next"), "Subject: ten-bytes ten-bytes ten-bytes ten-bytes ten-bytes "
                                    "ten-bytes ten-bytes\r\n    next\r\n");
}

static void what_cannot_be_folded_is_encoded(void **state)
{
    (void)state;
    char word[80];
    memset(word, 'x', sizeof(word));
    struct buf out = BUF_INIT, scratch = BUF_INIT;
    header_add_text(&out, "Subject", str_from(word, sizeof(word)), &scratch);
    buf_release(&scratch);
    assert_true(str_starts(buf_str(&out), STR("Subject: =?utf-8?q?xxxx")));
    assert_non_null(strstr(out.at, "?=\r\n =?utf-8?q?x"));
    buf_release(&out);
}

static void text_that_looks_encoded_is_encoded(void **state)
{
    (void)state;
    assert_text(STR("=?utf-8?q?x?="), "Subject: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n");
}

static void assert_mailbox(struct str name, const char *address, const char *expected)
{
    struct buf out = BUF_INIT;
    struct mailbox m = {.name = name};
    assert_int_equal(address_parse(str_of(address), &m.address, NULL), 0);
    header_add_mailbox(&out, "From", &m);
    assert_string_equal(out.at, expected);
    buf_release(&out);
}

static void a_name_is_bare_quoted_or_encoded(void **state)
{
    (void)state;
    assert_mailbox(STR(""), "A@Example.org", "From: A@example.org\r\n");
    assert_mailbox(STR("Amnesty France"), "a@example.org",
                   "From: Amnesty France <a@example.org>\r\n");
    assert_mailbox(STR("J. \"X\\Y\" Doe, Jr"), "a@example.org",
                   "From: \"J. \\\"X\\\\Y\\\" Doe, Jr\" <a@example.org>\r\n");
    assert_mailbox(STR("two  blanks"), "a@example.org",
                   "From: \"two  blanks\" <a@example.org>\r\n");
    assert_mailbox(STR("Ren\xC3\xA9, <x@y>"), "a@\xC3\xA9.example",
                   "From: =?utf-8?b?UmVuw6ksIDx4QHk+?= <a@xn--9ca.example>\r\n");
    assert_mailbox(STR("=?utf-8?q?x?="), "a@example.org",
                   "From: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@example.org>\r\n");
    assert_mailbox(STR("x\r\nBcc: y"), "a@example.org", "From: \"x  Bcc: y\" <a@example.org>\r\n");
}

static bool needs_smtputf8(struct str name, const char *address, const char *expected)
{
    struct buf out = BUF_INIT;
    struct mailbox m = {.name = name};
    assert_int_equal(address_parse(str_of(address), &m.address, NULL), 0);
    bool needed = header_add_mailbox(&out, "To", &m);
    assert_string_equal(out.at, expected);
    buf_release(&out);
    return needed;
}

static void only_a_local_part_needs_smtputf8(void **state)
{
    (void)state;
    assert_true(needs_smtputf8(STR(""),
                               "ren\xC3\xA9@b\xC3\xBC"
                               "cher.example",
                               "To: ren\xC3\xA9@b\xC3\xBC"
                               "cher.example\r\n"));
    assert_true(needs_smtputf8(STR("Ren\xC3\xA9"), "ren\xC3\xA9@example.org",
                               "To: =?utf-8?b?UmVuw6k=?= <ren\xC3\xA9@example.org>\r\n"));
    assert_false(needs_smtputf8(STR(""),
                                "rene@b\xC3\xBC"
                                "cher.example",
                                "To: rene@xn--bcher-kva.example\r\n"));
}

static void an_address_moves_to_a_line_of_its_own(void **state)
{
    (void)state;
    assert_mailbox(STR("A name that is rather long for a line with an address"),
                   "somebody.with.a.long.name@example.org",
                   "From: A name that is rather long for a line with an address\r\n"
                   " <somebody.with.a.long.name@example.org>\r\n");
}

static void a_long_ascii_name_is_encoded_to_fold(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct mailbox m = {.name = STR(W70 W70 "end")};
    assert_int_equal(address_parse(STR("a@example.org"), &m.address, NULL), 0);
    header_add_mailbox(&out, "Reply-To", &m);
    assert_true(str_starts(buf_str(&out), STR("Reply-To: =?utf-8?q?ten-bytes_ten-bytes_")));
    assert_true(str_ends(buf_str(&out), STR("_end?= <a@example.org>\r\n")));
    buf_release(&out);
}

static void raw_values_fold_only_at_their_blanks(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    header_add_raw(&out, "List-Unsubscribe",
                   STR("<https://t.example.org/u/0123456789012345678901234567890123456789012345>, "
                       "<mailto:u@example.org>"));
    assert_string_equal(
        out.at, "List-Unsubscribe: <https://t.example.org/u/"
                "0123456789012345678901234567890123456789012345>,\r\n <mailto:u@example.org>\r\n");
    buf_release(&out);
}

static void dates_are_those_of_rfc5322(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    header_add_date(&out, "Date", 0);
    header_add_date(&out, "Date", 951782399);
    header_add_date(&out, "Date", 253402300799);
    assert_string_equal(out.at, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
                                "Date: Mon, 28 Feb 2000 23:59:59 +0000\r\n"
                                "Date: Fri, 31 Dec 9999 23:59:59 +0000\r\n");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays_as_it_is),
        cmocka_unit_test(nothing_breaks_out),
        cmocka_unit_test(long_text_is_folded_before_blanks),
        cmocka_unit_test(what_cannot_be_folded_is_encoded),
        cmocka_unit_test(text_that_looks_encoded_is_encoded),
        cmocka_unit_test(a_name_is_bare_quoted_or_encoded),
        cmocka_unit_test(only_a_local_part_needs_smtputf8),
        cmocka_unit_test(an_address_moves_to_a_line_of_its_own),
        cmocka_unit_test(a_long_ascii_name_is_encoded_to_fold),
        cmocka_unit_test(raw_values_fold_only_at_their_blanks),
        cmocka_unit_test(dates_are_those_of_rfc5322),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
