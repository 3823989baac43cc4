/* CSS in pieces: rules, declarations, and what a browser would throw away. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/buf.h"
#include "template/css_syntax.h"

#define assert_text(view, literal)                                            \
    do {                                                                      \
        struct str shown_ = (view);                                           \
        assert_int_equal(shown_.len, strlen(literal));                        \
        assert_memory_equal(shown_.at ? shown_.at : "", literal, shown_.len); \
    } while (0)

/* The items of a sheet: r[prelude|block] a[whole] n[whole], with ! where one never ends. */
static void check_items(const char *sheet, const char *wanted)
{
    struct str rest = str_of(sheet);
    struct css_item item;
    struct buf seen = BUF_INIT;
    while (css_next_item(&rest, &item)) {
        buf_add_byte(&seen, "ran"[item.kind]);
        if (item.kind == CSS_RULE)
            buf_addf(&seen, "[%.*s|%.*s]", STR_ARG(item.prelude), STR_ARG(item.block));
        else
            buf_addf(&seen, "[%.*s]", STR_ARG(item.whole));
        if (!item.closed)
            buf_add_byte(&seen, '!');
    }
    assert_text(buf_str(&seen), wanted);
    buf_release(&seen);
}

static void a_sheet_is_rules_and_at_rules(void **state)
{
    (void)state;
    check_items("", "");
    check_items(" /* nothing */ ", "");
    check_items("a{b:c}", "r[a|b:c]");
    check_items("a , b { c : d } /* x */ e{}", "r[a , b| c : d ]r[e|]");
    check_items("@import 'x'; a{}", "a[@import 'x';]r[a|]");
    check_items("@media x { a{b:c} d{} } a{}", "a[@media x { a{b:c} d{} }]r[a|]");
    check_items("<!-- a{} -->", "r[a|]");
}

static void brackets_strings_and_comments_hide_braces(void **state)
{
    (void)state;
    check_items("a{b:'}'}c{}", "r[a|b:'}']r[c|]");
    check_items("a{b:url(})}c{}", "r[a|b:url(})]r[c|]");
    check_items("a{/* } */}c{}", "r[a|/* } */]r[c|]");
    check_items("a[b='{']{}c{}", "r[a[b='{']|]r[c|]");
    check_items("a{b:x(})}c{}", "r[a|b:x(})]r[c|]");
    check_items("a\\{{b:c}", "r[a\\{|b:c]");
}

static void what_never_ends_is_said(void **state)
{
    (void)state;
    check_items("a{b:c", "r[a|b:c]!");
    check_items("a{b:c} d", "r[a|b:c]n[d]");
    check_items("@media x {a{}", "a[@media x {a{}]!");
}

static void deep_brackets_count_as_open(void **state)
{
    (void)state;
    struct buf sheet = BUF_INIT;
    struct css_item item;
    for (int i = 0; i < 100000; i++)
        buf_add_byte(&sheet, '(');
    struct str rest = buf_str(&sheet);
    assert_true(css_next_item(&rest, &item));
    assert_false(item.closed);
    assert_false(css_next_item(&rest, &item));
    buf_release(&sheet);
}

/* name=value; with ! for important; x for broken, n for nested. */
static void check_declarations(const char *block, const char *wanted)
{
    struct str rest = str_of(block);
    struct css_declaration d;
    struct buf seen = BUF_INIT;
    while (css_next_declaration(&rest, &d)) {
        if (d.kind == CSS_DECLARATION)
            buf_addf(&seen, "%.*s=%.*s%s;", STR_ARG(d.name), STR_ARG(d.value),
                     d.important ? "!" : "");
        else
            buf_addf(&seen, "%c[%.*s]", d.kind == CSS_BROKEN ? 'x' : 'n', STR_ARG(d.whole));
    }
    assert_text(buf_str(&seen), wanted);
    buf_release(&seen);
}

static void declarations_have_names_and_values(void **state)
{
    (void)state;
    check_declarations("a:b", "a=b;");
    check_declarations(" a : b c ; ; d:e;", "a=b c;d=e;");
    check_declarations("a:url(x;y);b:';'", "a=url(x;y);b=';';");
    check_declarations("-webkit-a:1px;--X:{a:b}", "-webkit-a=1px;--X={a:b};");
    check_declarations("/**/a/**/:/**/b", "a=b;");
}

static void importance_is_taken_off(void **state)
{
    (void)state;
    check_declarations("a:b!important", "a=b!;");
    check_declarations("a:b ! /**/ IMPORTANT ;c:d", "a=b!;c=d;");
    check_declarations("a:b !wichtig;c:d", "x[a:b !wichtig]c=d;");
    check_declarations("a:b !important x", "x[a:b !important x]");
    check_declarations("a:!important", "x[a:!important]");
}

static void broken_declarations_end_at_the_next_semicolon(void **state)
{
    (void)state;
    check_declarations("a b;c:d", "x[a b]c=d;");
    check_declarations("*zoom:1;c:d", "x[*zoom:1]c=d;");
    check_declarations("a:;c:d", "x[a:]c=d;");
    check_declarations("a:';\n;c:d", "x[a:';]c=d;");
    check_declarations("a:);c:d", "x[a:)]c=d;");
    check_declarations("a:(b;c:d", "x[a:(b;c:d]");
    check_declarations("a:'b", "x[a:'b]");
    check_declarations("a:b/* c", "x[a:b/* c]");
}

static void rules_in_rules_are_told_apart(void **state)
{
    (void)state;
    check_declarations("a:b;&:hover{c:d}e:f;g:h", "a=b;n[&:hover{c:d}e:f]g=h;");
    check_declarations("@media x{a:b}c:d", "n[@media x{a:b}]c=d;");
}

static void lists_are_cut_at_commas_outside_of_brackets(void **state)
{
    (void)state;
    struct str list = STR(" a , b:not(c,d) ,[e=','],"), part;
    const char *wanted[] = {"a", "b:not(c,d)", "[e=',']", ""};
    for (size_t i = 0; i < 4; i++) {
        assert_true(css_next_part(&list, &part));
        assert_text(part, wanted[i]);
    }
    assert_false(css_next_part(&list, &part));
}

static void escapes_are_undone(void **state)
{
    (void)state;
    struct arena memory = ARENA_INIT;
    assert_text(css_unescape(STR("sm\\:w-1\\/2"), &memory), "sm:w-1/2");
    assert_text(css_unescape(STR("\\31 23"), &memory), "123");
    assert_text(css_unescape(STR("\\0000e9t\\E9"), &memory), "\xC3\xA9t\xC3\xA9");
    assert_text(css_unescape(STR("\\0"), &memory), "\xEF\xBF\xBD");
    assert_text(css_unescape(STR("plain"), &memory), "plain");
    arena_release(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sheet_is_rules_and_at_rules),
        cmocka_unit_test(brackets_strings_and_comments_hide_braces),
        cmocka_unit_test(what_never_ends_is_said),
        cmocka_unit_test(deep_brackets_count_as_open),
        cmocka_unit_test(declarations_have_names_and_values),
        cmocka_unit_test(importance_is_taken_off),
        cmocka_unit_test(broken_declarations_end_at_the_next_semicolon),
        cmocka_unit_test(rules_in_rules_are_told_apart),
        cmocka_unit_test(lists_are_cut_at_commas_outside_of_brackets),
        cmocka_unit_test(escapes_are_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
