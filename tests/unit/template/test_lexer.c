#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/lexer.h"

static void assert_str(struct str s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.at, expected, s.len);
}

static void pieces_follow_each_other(void **state)
{
    (void)state;
    struct lexer l = {.source = STR("a{{- b -}}{% if c %}{")};
    struct piece p;
    assert_true(lexer_next(&l, &p));
    assert_int_equal(p.kind, PIECE_TEXT);
    assert_str(p.whole, "a");
    assert_true(lexer_next(&l, &p));
    assert_int_equal(p.kind, PIECE_OUTPUT);
    assert_true(p.trim_before && p.trim_after);
    assert_str(p.inside, " b ");
    assert_true(lexer_next(&l, &p));
    assert_int_equal(p.kind, PIECE_TAG);
    assert_str(p.name, "if");
    assert_str(p.inside, "c");
    assert_true(lexer_next(&l, &p));
    assert_str(p.whole, "{");
    assert_false(lexer_next(&l, &p));
}

static void what_is_not_closed_is_the_rest(void **state)
{
    (void)state;
    struct lexer l = {.source = STR("{% if a }}")};
    struct piece p;
    assert_true(lexer_next(&l, &p));
    assert_int_equal(p.kind, PIECE_OPEN_TAG);
    assert_str(p.whole, "{% if a }}");
}

static void raw_and_comment_blocks_are_one_piece(void **state)
{
    (void)state;
    struct lexer l = {.source = STR("{% raw %}{{ {% endraw x %}{%- endraw -%}"
                                    "{% comment %}{% comment %}{% endcomment %}{% endcomment %}z")};
    struct piece p;
    assert_true(lexer_next_whole(&l, &p));
    assert_str(p.whole, "{% raw %}{{ {% endraw x %}{%- endraw -%}");
    assert_true(lexer_next_whole(&l, &p));
    assert_str(p.whole, "{% comment %}{% comment %}{% endcomment %}{% endcomment %}");
    assert_true(lexer_next_whole(&l, &p));
    assert_str(p.whole, "z");
}

static void a_doc_block_is_one_piece(void **state)
{
    (void)state;
    struct lexer l = {.source = STR("{% doc %}{{ {% comment %}{%- enddoc -%}z{% doc %}")};
    struct piece p;
    assert_true(lexer_next_whole(&l, &p));
    assert_str(p.whole, "{% doc %}{{ {% comment %}{%- enddoc -%}");
    assert_true(lexer_next_whole(&l, &p));
    assert_str(p.whole, "z");
    assert_true(lexer_next_whole(&l, &p));
    assert_str(p.whole, "{% doc %}");
}

static void lines_are_tags(void **state)
{
    (void)state;
    struct lexer l = {.source = STR("a{% liquid\n  echo x \r\n\n# y\n %}b")};
    struct piece p, line;
    assert_true(lexer_next(&l, &p) && lexer_next(&l, &p));
    struct lexer lines = lexer_lines(l.source, p.inside);
    assert_true(lexer_next(&lines, &line));
    assert_int_equal(line.kind, PIECE_TAG);
    assert_int_equal(line.at, 13);
    assert_str(line.name, "echo");
    assert_str(line.inside, "x");
    assert_true(lexer_next(&lines, &line));
    assert_str(line.name, "#");
    assert_false(lexer_next(&lines, &line));
    assert_true(lexer_next(&l, &p));
    assert_str(p.whole, "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_follow_each_other),
        cmocka_unit_test(what_is_not_closed_is_the_rest),
        cmocka_unit_test(raw_and_comment_blocks_are_one_piece),
        cmocka_unit_test(a_doc_block_is_one_piece),
        cmocka_unit_test(lines_are_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
