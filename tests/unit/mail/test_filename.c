#include "mail/filename.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_name(struct str given, const char *clean, const char *ascii)
{
    struct buf name = BUF_INIT, plain = BUF_INIT;
    filename_clean(&name, given);
    filename_ascii(&plain, buf_str(&name));
    assert_string_equal(name.at, clean);
    assert_string_equal(plain.at, ascii);
    buf_release(&name);
    buf_release(&plain);
}

static void good_names_stay(void **state)
{
    (void)state;
    assert_name(STR("Plan 2026 (final).pdf"), "Plan 2026 (final).pdf", "Plan 2026 (final).pdf");
    assert_name(STR("archive.tar.gz"), "archive.tar.gz", "archive.tar.gz");
    assert_name(STR("README"), "README", "README");
}

static void folders_are_left_out(void **state)
{
    (void)state;
    assert_name(STR("/etc/passwd"), "passwd", "passwd");
    assert_name(STR("..\\..\\x/y.txt"), "y.txt", "y.txt");
    assert_name(STR("a/"), "attachment", "attachment");
    assert_name(STR("../.."), "attachment", "attachment");
    assert_name(STR(".htaccess"), "htaccess", "htaccess");
    assert_name(STR(" a.pdf. . "), "a.pdf", "a.pdf");
}

static void what_deceives_is_left_out(void **state)
{
    (void)state;
    /* U+202E turns what follows; U+2066 and U+200F too; U+200B and U+FEFF cannot be seen. */
    assert_name(STR("a\xE2\x80\xAE"
                    "fdp.exe"),
                "afdp.exe", "afdp.exe");
    assert_name(STR("\xE2\x81\xA6x\xE2\x80\x8F\xE2\x80\x8B\xEF\xBB\xBF.txt"), "x.txt", "x.txt");
    assert_name(STR("a\r\nBcc: b\0\x7F\xC2\x85.txt"), "aBcc_ b.txt", "aBcc_ b.txt");
    assert_name(STR("\"a\" <b>|c?*.txt"), "'a' _b__c__.txt", "'a' _b__c__.txt");
    assert_name(STR("a\xFF.txt"), "a_.txt", "a_.txt");
}

static void the_plain_form_is_near(void **state)
{
    (void)state;
    assert_name(STR("L\xE2\x80\x99\xC3\xA9t\xC3\xA9 \xE2\x80\x93 v\xC5\x93ux.pdf"),
                "L\xE2\x80\x99\xC3\xA9t\xC3\xA9 \xE2\x80\x93 v\xC5\x93ux.pdf", "L'ete - voeux.pdf");
    assert_name(STR("\xD0\x9F\xD0\xB0\xD0\xB2.pdf"), "\xD0\x9F\xD0\xB0\xD0\xB2.pdf", "_.pdf");
    /* U+2100 looks like "a/c", which must not become a folder again. */
    assert_name(STR("\xE2\x84\x80.txt"), "\xE2\x84\x80.txt", "a_c.txt");
}

/* As macOS writes it: the letter, then the accent. */
static void names_are_composed(void **state)
{
    (void)state;
    assert_name(STR("e\xCC\x81.pdf"), "\xC3\xA9.pdf", "e.pdf");
}

static void long_names_are_cut_before_their_extension(void **state)
{
    (void)state;
    for (size_t n = 0; n < 4; n++) {
        struct buf given = BUF_INIT, name = BUF_INIT, plain = BUF_INIT;
        buf_add(&given, "xxxx", n);
        for (size_t i = 0; i < 100; i++)
            buf_add_text(&given, "\xF0\x9F\x93\xA3");
        buf_add_text(&given, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy.pdf");
        filename_clean(&name, buf_str(&given));
        filename_ascii(&plain, buf_str(&given));
        assert_in_range(name.len, FILENAME_OCTETS_MAX - 3, FILENAME_OCTETS_MAX);
        assert_int_equal(plain.len, FILENAME_ASCII_MAX);
        assert_true(str_is_utf8(buf_str(&name)));
        assert_true(str_ends(buf_str(&name), STR("\x93\xA3.pdf")));
        assert_true(str_ends(buf_str(&plain), STR("yy.pdf")));
        buf_release(&given);
        buf_release(&name);
        buf_release(&plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names_stay),
        cmocka_unit_test(folders_are_left_out),
        cmocka_unit_test(what_deceives_is_left_out),
        cmocka_unit_test(the_plain_form_is_near),
        cmocka_unit_test(names_are_composed),
        cmocka_unit_test(long_names_are_cut_before_their_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
