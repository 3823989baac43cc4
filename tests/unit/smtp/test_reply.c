#include "smtp/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct smtp_reply_parser parser;

static enum smtp_reply_status parse(struct str input)
{
    smtp_reply_parser_init(&parser);
    return smtp_reply_parse(&parser, &input);
}

static void assert_text(const char *expected)
{
    assert_int_equal(parser.reply.text.len, strlen(expected));
    assert_memory_equal(parser.reply.text.at, expected, strlen(expected));
}

struct good {
    const char *wire;
    int code;
    struct smtp_enhanced enhanced;
    const char *text;
};

static void test_good_replies(void **state)
{
    static const struct good table[] = {
        {"250 ok\r\n", 250, {0, 0, 0}, "ok"},
        {"250 ok\n", 250, {0, 0, 0}, "ok"},
        {"250\r\n", 250, {0, 0, 0}, ""},
        {"250 \r\n", 250, {0, 0, 0}, ""},
        {"299 x\r\n", 299, {0, 0, 0}, "x"},
        {"550 5.1.1 No such user\r\n", 550, {5, 1, 1}, "No such user"},
        {"550 5.1.1\r\n", 550, {5, 1, 1}, ""},
        {"421 4.7.123   slow\r\n", 421, {4, 7, 123}, "slow"},
        {"550-5.7.1 One\r\n550 5.7.1 two\r\n", 550, {5, 7, 1}, "One\ntwo"},
        {"550-5.7.1 One\r\n550 two\r\n", 550, {5, 7, 1}, "One\ntwo"},
        {"550-5.7.1 One\r\n550 5.7.2 two\r\n", 550, {5, 7, 1}, "One\n5.7.2 two"},
        {"550-One\r\n550 5.7.1 two\r\n", 550, {0, 0, 0}, "One\n5.7.1 two"},
        {"450 5.1.1 the class differs\r\n", 450, {0, 0, 0}, "5.1.1 the class differs"},
        {"250 2.0 is a version\r\n", 250, {0, 0, 0}, "2.0 is a version"},
        {"250 2.1.5Ok\r\n", 250, {0, 0, 0}, "2.1.5Ok"},
        {"250 2.1.5000 x\r\n", 250, {0, 0, 0}, "2.1.5000 x"},
        {"354 3.0.0 go\r\n", 354, {0, 0, 0}, "3.0.0 go"},
        {"421-4.7.28 rate\r\n421 4.7.28 see\r\n", 421, {4, 7, 28}, "rate\nsee"},
        {"250-a\r\n250-\r\n250 c\r\n", 250, {0, 0, 0}, "a\n\nc"},
        {"250 a\x1b[31mb\x7f\tc\r\n", 250, {0, 0, 0}, "a?[31mb? c"},
        {"250 caf\xc3\xa9\r\n", 250, {0, 0, 0}, "caf\xc3\xa9"},
        {"250 caf\xe9\r\n", 250, {0, 0, 0}, "caf?"},
        {"250 \xc2\x9b\x31m\r\n", 250, {0, 0, 0}, "??1m"},
        {"250 a\rb\r\n", 250, {0, 0, 0}, "a?b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct good *g = &table[i];
        assert_int_equal(parse(str_of(g->wire)), SMTP_REPLY_DONE);
        assert_int_equal(parser.reply.code, g->code);
        assert_memory_equal(&parser.reply.enhanced, &g->enhanced, sizeof(g->enhanced));
        assert_text(g->text);
    }
}

static void test_bad_replies(void **state)
{
    static const char *const table[] = {
        "\r\n",
        "25\r\n",
        "hello\r\n",
        "150 early\r\n",
        "650 no\r\n",
        "2x0 no\r\n",
        "25a\r\n",
        "250_x\r\n",
        "2500 x\r\n",
        " 250 x\r\n",
        "250-a\r\n251 b\r\n",
        "250-a\r\nb\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(parse(str_of(table[i])), SMTP_REPLY_BAD);
}

static void test_a_nul_is_only_a_bad_character(void **state)
{
    (void)state;
    assert_int_equal(parse(STR("250 a\0b\r\n")), SMTP_REPLY_DONE);
    assert_text("a?b");
}

static void test_bytes_may_come_one_by_one(void **state)
{
    static const char wire[] = "250-first\r\n250 2.0.0 second\r\n";
    (void)state;
    smtp_reply_parser_init(&parser);
    for (size_t i = 0; i + 2 < sizeof(wire); i++) {
        struct str byte = str_from(wire + i, 1);
        assert_int_equal(smtp_reply_parse(&parser, &byte), SMTP_REPLY_MORE);
        assert_int_equal(byte.len, 0);
        assert_true(smtp_reply_partial(&parser));
    }
    struct str last = STR("\n");
    assert_int_equal(smtp_reply_parse(&parser, &last), SMTP_REPLY_DONE);
    assert_false(smtp_reply_partial(&parser));
    assert_text("first\n2.0.0 second");
}

static void test_one_reply_at_a_time(void **state)
{
    struct str input = STR("250 2.1.0 a\r\n354 b\r\n25");
    (void)state;
    smtp_reply_parser_init(&parser);
    assert_int_equal(smtp_reply_parse(&parser, &input), SMTP_REPLY_DONE);
    assert_int_equal(parser.reply.code, 250);
    assert_int_equal(smtp_reply_parse(&parser, &input), SMTP_REPLY_DONE);
    assert_int_equal(parser.reply.code, 354);
    assert_int_equal(parser.reply.enhanced.class, 0);
    assert_text("b");
    assert_int_equal(smtp_reply_parse(&parser, &input), SMTP_REPLY_MORE);
}

static void test_too_long_a_line_is_an_error(void **state)
{
    struct buf line = BUF_INIT;
    (void)state;
    buf_add_text(&line, "250 ");
    while (line.len < SMTP_REPLY_LINE - 2)
        buf_add_byte(&line, 'x');
    buf_add_text(&line, "\r\n");
    assert_int_equal(parse(buf_str(&line)), SMTP_REPLY_DONE);
    buf_cut(&line, line.len - 2);
    buf_add_text(&line, "y\r\n");
    assert_int_equal(parse(buf_str(&line)), SMTP_REPLY_BAD);
    buf_release(&line);
}

static void test_an_endless_reply_is_an_error(void **state)
{
    (void)state;
    smtp_reply_parser_init(&parser);
    for (int i = 0; i < SMTP_REPLY_LINES; i++) {
        struct str line = STR("250-again\r\n");
        assert_int_equal(smtp_reply_parse(&parser, &line), SMTP_REPLY_MORE);
    }
    struct str line = STR("250 end\r\n");
    assert_int_equal(smtp_reply_parse(&parser, &line), SMTP_REPLY_BAD);
}

static void test_a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    smtp_reply_parser_init(&parser);
    struct buf line = BUF_INIT;
    buf_add_text(&line, "250-");
    for (int i = 0; i < 1000; i++)
        buf_add_byte(&line, 'x');
    buf_add_text(&line, "\r\n250 ");
    for (int i = 0; i < 600; i++)
        buf_add_text(&line, "\xc3\xa9");
    buf_add_text(&line, "\r\n");
    struct str input = buf_str(&line);
    assert_int_equal(smtp_reply_parse(&parser, &input), SMTP_REPLY_DONE);
    assert_int_equal(parser.reply.text.len, 1001 + 1046);
    assert_true(str_is_utf8(parser.reply.text));
    assert_null(str_find(parser.reply.text, '?'));
    buf_release(&line);
}

static void test_format_is_one_line(void **state)
{
    struct buf out = BUF_INIT;
    (void)state;
    parse(STR("550-5.7.1 Not\r\n550 5.7.1 you\r\n"));
    smtp_reply_format(&parser.reply, &out);
    assert_string_equal(out.at, "550 5.7.1 Not you");
    buf_reset(&out);
    parse(STR("250\r\n"));
    smtp_reply_format(&parser.reply, &out);
    assert_string_equal(out.at, "250");
    buf_release(&out);
}

static void test_copy_owns_its_text(void **state)
{
    struct smtp_reply copy;
    char room[4];
    (void)state;
    parse(STR("550 5.1.1 unknown\r\n"));
    smtp_reply_copy(&copy, &parser.reply, room, sizeof(room));
    parse(STR("250 other\r\n"));
    assert_int_equal(copy.code, 550);
    assert_int_equal(copy.enhanced.detail, 1);
    assert_true(str_eq(copy.text, STR("unkn")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_replies),
        cmocka_unit_test(test_bad_replies),
        cmocka_unit_test(test_a_nul_is_only_a_bad_character),
        cmocka_unit_test(test_bytes_may_come_one_by_one),
        cmocka_unit_test(test_one_reply_at_a_time),
        cmocka_unit_test(test_too_long_a_line_is_an_error),
        cmocka_unit_test(test_an_endless_reply_is_an_error),
        cmocka_unit_test(test_a_long_text_is_cut_between_characters),
        cmocka_unit_test(test_format_is_one_line),
        cmocka_unit_test(test_copy_owns_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
