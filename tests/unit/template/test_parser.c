#include "unit/template/rendered.h"

static void assert_error(const char *source, unsigned line, unsigned column, const char *sentence)
{
    struct template_error error = {0};
    struct template *t = template_compile(str_of(source), NULL, &error);
    assert_null(t);
    assert_string_equal(error.text, sentence);
    assert_int_equal(error.line, line);
    assert_int_equal(error.column, column);
}

static void unclosed_tags_are_said_where_they_open(void **state)
{
    (void)state;
    assert_error("Hé {% if a %}\n{% for x in y %}{% endfor %}", 1, 4,
                 "Line 1, column 4: the tag \"{% if %}\" is never closed; add {% endif %}.");
    assert_error("a\nb {% raw %}", 2, 3,
                 "Line 2, column 3: the tag \"{% raw %}\" is never closed; add {% endraw %}.");
    assert_error("Dear {{ name }, hello", 1, 6,
                 "Line 1, column 6: \"{{\" is never closed; add \"}}\".");
}

static void crossed_tags_are_said(void **state)
{
    (void)state;
    assert_error("{% if a %}{% for x in y %}{% endif %}{% endfor %}", 1, 27,
                 "Line 1, column 27: {% endif %} stands inside {% for %}; close that first, with "
                 "{% endfor %}.");
    assert_error("x{% endif %}", 1, 2,
                 "Line 1, column 2: {% endif %} stands here without the tag that it belongs to.");
}

static void unknown_names_of_tags_and_filters_are_said(void **state)
{
    (void)state;
    assert_error("{% iff a %}", 1, 1, "Line 1, column 1: there is no tag named \"iff\".");
    assert_error("{{ a | uppercase }}", 1, 1,
                 "Line 1, column 1: there is no filter named \"uppercase\".");
}

static void the_word_that_is_wrong_is_pointed_at(void **state)
{
    (void)state;
    assert_error("{{ a b }}", 1, 6,
                 "Line 1, column 6: \"b\" is not expected here; a | or }} should follow.");
    assert_error("{% if a == %}", 1, 11,
                 "Line 1, column 11: \"{% if a == %}\" ends too early: a name, a number or a "
                 "quoted text is missing.");
    assert_error("{{ a | default: \xe2\x80\x9cx\xe2\x80\x9d }}", 1, 17,
                 "Line 1, column 17: this is a typographic quote; write ' or \" around text.");
    assert_error("{{ 'abc }}", 1, 4,
                 "Line 1, column 4: the text that starts here has no closing '.");
}

static void argument_counts_are_checked(void **state)
{
    (void)state;
    assert_error("{{ a | append }}", 1, 1,
                 "Line 1, column 1: the filter \"append\" needs exactly 1 argument.");
    assert_error("{{ a | upcase: 1 }}", 1, 1,
                 "Line 1, column 1: the filter \"upcase\" takes no argument.");
    assert_error("{{ a | default: 1, allow: 2 }}", 1, 1,
                 "Line 1, column 1: the filter \"default\" has no argument named \"allow\".");
}

static void broken_bytes_are_refused(void **state)
{
    (void)state;
    assert_error("ok\nno \xe9t\xe9", 2, 4,
                 "Line 2, column 4: this is not valid UTF-8; save the file as UTF-8.");
}

static void a_sentence_is_one_line_of_whole_characters(void **state)
{
    (void)state;
    assert_error("{% if\na == %}", 2, 5,
                 "Line 2, column 5: \"{% if a == %}\" ends too early: a name, a number or a quoted "
                 "text is missing.");
    struct buf source = BUF_INIT;
    struct template_error error;
    for (int i = 0; i < 59; i++)
        buf_add_byte(&source, 'x');
    buf_add_text(&source, "\xc3\xa9");
    struct buf whole = BUF_INIT;
    buf_addf(&whole, "{{ a %s }}", source.at);
    assert_null(template_compile(buf_str(&whole), NULL, &error));
    assert_true(str_is_utf8(str_of(error.text)));
    buf_release(&source);
    buf_release(&whole);
}

static void lines_count_from_where_the_caller_says(void **state)
{
    (void)state;
    struct template_error error;
    struct template_options options = {.first_line = 7};
    assert_null(template_compile(STR("\n{% if %}"), &options, &error));
    assert_int_equal(error.line, 8);
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    struct buf source = BUF_INIT;
    struct template_error error;
    for (int i = 0; i < 100000; i++)
        buf_add_text(&source, "{% if a %}");
    assert_null(template_compile(buf_str(&source), NULL, &error));
    assert_non_null(strstr(error.text, "nested more than 100 deep"));
    buf_reset(&source);
    buf_add_text(&source, "{{ ");
    for (int i = 0; i < 100000; i++)
        buf_add_text(&source, "[");
    buf_add_text(&source, "}}");
    assert_null(template_compile(buf_str(&source), NULL, &error));
    assert_non_null(strstr(error.text, "nested more than 100 deep"));
    buf_release(&source);
}

static void names_may_have_accents_and_hyphens(void **state)
{
    (void)state;
    assert_rendered("{% assign prénom-usuel = 'x' %}{{ prénom-usuel }}", "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unclosed_tags_are_said_where_they_open),
        cmocka_unit_test(crossed_tags_are_said),
        cmocka_unit_test(unknown_names_of_tags_and_filters_are_said),
        cmocka_unit_test(the_word_that_is_wrong_is_pointed_at),
        cmocka_unit_test(argument_counts_are_checked),
        cmocka_unit_test(broken_bytes_are_refused),
        cmocka_unit_test(a_sentence_is_one_line_of_whole_characters),
        cmocka_unit_test(lines_count_from_where_the_caller_says),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(names_may_have_accents_and_hyphens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
