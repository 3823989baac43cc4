#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/text.h"

/* What is left of a text that is right. */
static void keeps(const char *text, const char *expected)
{
    struct problems problems;
    struct buf out = BUF_INIT;
    problems_init(&problems);
    assert_int_equal(text_prepare(str_of(text), &out, &problems), 0);
    assert_int_equal(problems.count, 0);
    assert_string_equal(out.at, expected);
    buf_release(&out);
    problems_release(&problems);
}

static void refuses(struct str text, const char *expected)
{
    struct problems problems;
    struct buf out = BUF_INIT, said = BUF_INIT;
    problems_init(&problems);
    assert_int_equal(text_prepare(text, &out, &problems), -1);
    problems_render(&problems, "f", &said);
    assert_string_equal(said.at, expected);
    buf_release(&out);
    buf_release(&said);
    problems_release(&problems);
}

static void comments_go_and_lines_stay(void **state)
{
    (void)state;
    keeps("# one\na = 1 # two\n# three", "\na = 1 \n\n");
    keeps("a = \"# no comment\"\r\n", "a = \"# no comment\"\r\n\n");
    keeps("\xef\xbb\xbf"
          "a = 1",
          "a = 1\n");
    keeps("", "\n");
}

static void braces_get_their_line(void **state)
{
    (void)state;
    keeps("a {\n b\n {\n} }", "a { _line = 1 \n b\n { _line = 3 \n} }\n");
    keeps("a = \"{\"", "a = \"{\"\n");
}

static void lists_get_their_mark(void **state)
{
    (void)state;
    keeps("a = { 1, \"x\", }", "a = { \"\x01\" , 1 , \"x\" }\n");
    keeps("a = # here\n {\n1 }\nb { c = 2 }", "a = \n { \"\x01\"\n, 1 }\nb { _line = 4  c = 2 }\n");
    keeps("a = {}", "a = { \"\x01\"}\n");
    keeps("a = 1 b {}", "a = 1 b { _line = 1 }\n");
}

static void lists_have_commas_and_an_end(void **state)
{
    (void)state;
    refuses(STR("a = {\n1 2 }"), "f:2: The values of a list have commas between them: add one.\n");
    refuses(STR("a = { , 1,, 2 }"), "f:1: There is no value before this comma: remove it.\n"
                                    "f:1: There is no value before this comma: remove it.\n");
    refuses(STR("a = {\n1,\nb = 2"), "f:1: The list that begins here is not closed: add its }.\n");
    refuses(STR("a = {\n{ 1 }"), "f:1: The list that begins here is not closed: add its }.\n");
    refuses(STR("\na = { 1"), "f:2: The list that begins here is not closed: add its }.\n");
    refuses(STR("a = { 1 } , b = 2"), "f:1: Options need no \",\" between them: leave it out.\n");
}

static void strings_keep_their_escapes(void **state)
{
    (void)state;
    keeps("a = \"x\\\"y\\\\\" b = 'it\\'s \"q\"'", "a = \"x\\\"y\\\\\" b = 'it\\'s \"q\"'\n");
    keeps("a = \"caf\xc3\xa9 $5\"", "a = \"caf\xc3\xa9 $5\"\n");
}

static void strings_are_closed_on_their_line(void **state)
{
    (void)state;
    refuses(STR("a = \"x\nb = 'y"),
            "f:1: A string is not closed on its line: add the quotation mark.\n"
            "f:2: A string is not closed on its line: add the quotation mark.\n");
    refuses(STR("a = \"x\\\""),
            "f:1: A string is not closed on its line: add the quotation mark.\n");
}

static void strings_hold_no_magic(void **state)
{
    (void)state;
    refuses(STR("a = \"${HOME}\"\n"),
            "f:1: Variables (${…}) are not filled in here: write the value itself.\n");
    refuses(STR("\na = \"\\t\"\n"), "f:2: A string holds a backslash before a character that needs "
                                    "none: write \\\\ for a backslash.\n");
    refuses(STR("a = \"\x01\"\n"), "f:1: A string holds a control character: remove it.\n");
    refuses(STR("a = \"x\0y\"\n"), "f:1: A string holds a control character: remove it.\n");
    refuses(STR("a = \"x\\"), "f:1: A string holds a backslash before a character that needs none: "
                              "write \\\\ for a backslash.\n");
}

static void bytes_without_meaning_are_refused(void **state)
{
    (void)state;
    refuses(STR("a = ${HOME}\nroute * {}\na = 1; b = 2\n"),
            "f:1: \"$\" has no meaning here: put text in double quotes.\n"
            "f:2: \"*\" has no meaning here: put text in double quotes.\n"
            "f:3: Options need no \";\" between them: leave it out.\n");
    refuses(STR("a = caf\xc3\xa9\n"), "f:1: Byte 0xc3 has no meaning here: put text in double "
                                      "quotes.\n");
    refuses(STR("a = 1\n\0"), "f:2: Byte 0x00 has no meaning here: put text in double quotes.\n");
    refuses(STR("a = https://b.example\n"),
            "f:1: Comments begin with #, and text with // in it stands in double quotes.\n");
}

static void braces_must_match(void **state)
{
    (void)state;
    refuses(STR("a {\n}\n}\n"),
            "f:3: This } closes nothing: remove it, or add the { that is missing above it.\n");
    refuses(STR("a { }\nb {\nc {\n}\n"),
            "f:2: The block that begins here is not closed: add its }.\n");
    refuses(STR("{{{{{{{{{{{{{{{{{\n"), "f:2: More than 16 blocks are not closed.\n");
}

static void other_encodings_and_big_files_are_refused(void **state)
{
    (void)state;
    refuses(STR("a = 1\nb = \"caf\xe9\"\n"),
            "f:2: This line is not UTF-8: save the file as UTF-8.\n");
    struct buf big = BUF_INIT;
    while (big.len <= CONFIG_TEXT_MAX)
        buf_add_text(&big, "# a comment that is not read\n");
    refuses(buf_str(&big), "f:1: The file is longer than a configuration may be (1 MiB).\n");
    buf_release(&big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_go_and_lines_stay),
        cmocka_unit_test(braces_get_their_line),
        cmocka_unit_test(lists_get_their_mark),
        cmocka_unit_test(lists_have_commas_and_an_end),
        cmocka_unit_test(strings_keep_their_escapes),
        cmocka_unit_test(strings_are_closed_on_their_line),
        cmocka_unit_test(strings_hold_no_magic),
        cmocka_unit_test(bytes_without_meaning_are_refused),
        cmocka_unit_test(braces_must_match),
        cmocka_unit_test(other_encodings_and_big_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
