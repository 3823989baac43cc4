/* The tags that are no blocks of conditions or loops: echo, liquid, cycle, increment, decrement,
 * doc, abort_message. */
#include "unit/template/rendered.h"

static void echo_writes_as_braces_do(void **state)
{
    (void)state;
    assert_rendered("{% echo contact.first_name | upcase %}{% echo %}!", "ÉLODIE!");
    assert_html("{% echo '<' %}{% echo '<' | raw %}", "&lt;<");
    assert_rendered("{% if true %} {% echo '' %} {% endif %}", "  ");
    assert_rendered("{% echo 1 2 %}",
                    "Line 1, column 11: \"2\" is not expected here; %} should follow.");
}

static void a_line_of_liquid_is_a_tag(void **state)
{
    (void)state;
    assert_rendered("{% liquid\n"
                    "  assign n = 2\r\n"
                    "\n"
                    "  # a comment\n"
                    "  for i in (1..3)\n"
                    "    if i == n\n"
                    "      continue\n"
                    "    endif\n"
                    "    echo i\n"
                    "  endfor\n"
                    "  comment\n"
                    "    echo 'never'\n"
                    "  endcomment\n"
                    "  doc\n"
                    "    {{ echo\n"
                    "  enddoc\n"
                    "%}{{ n }}",
                    "132");
    assert_rendered("{% liquid liquid liquid echo 'deep' %}{% liquid %}", "deep");
    assert_rendered("a {%- liquid\n echo 'b'\n-%} c", "abc");
}

static void liquid_says_in_which_line_something_is_wrong(void **state)
{
    (void)state;
    assert_rendered("{% liquid\n echo 1\n ehco 2\n%}",
                    "Line 3, column 2: there is no tag named \"ehco\".");
    assert_rendered("{% liquid\n assign x 1\n%}",
                    "Line 2, column 11: \"1\" is not expected here; \"=\" should follow.");
    assert_rendered("{% liquid\n echo 1 | upcase 2\n%}",
                    "Line 2, column 18: \"2\" is not expected here; the end of the line should "
                    "follow.");
    assert_rendered("x\n{% liquid\n\techo 1 | divided_by: 0\n%}",
                    "Line 3, column 2: \"divided_by\" cannot divide by 0.");
    assert_rendered("{% liquid raw %}{% endraw %}",
                    "Line 1, column 11: {% raw %} cannot stand inside {% liquid %}.");
}

static void blocks_and_liquid_do_not_cross(void **state)
{
    (void)state;
    assert_rendered("{% if true %}{% liquid endif %}",
                    "Line 1, column 24: {% endif %} stands here without the tag that it belongs "
                    "to.");
    assert_rendered("{% liquid if true %}{% endif %}",
                    "Line 1, column 11: the tag \"{% if %}\" is never closed; add {% endif %}.");
}

static void a_cycle_goes_round(void **state)
{
    (void)state;
    assert_rendered("{% for i in (1..5) %}{% cycle 'a', \"b\" , i %}{% endfor %}", "ab3ab");
    assert_html("{% cycle '<' %}", "&lt;");
}

static void cycles_are_told_apart_by_items_or_by_name(void **state)
{
    (void)state;
    assert_rendered("{% cycle 'a','b' %}{% cycle \"a\", \"b\" %}{% cycle a, b %}", "ab");
    assert_rendered("{% cycle 'x': 1, 2 %}{% cycle 'y': 1, 2 %}{% cycle 'x': 1, 2 %}", "112");
    assert_rendered("{% assign k = 'x' %}{% cycle 'x': 1, 2 %}{% cycle k: 1, 2 %}", "12");
    assert_rendered("{% cycle 'x': 1, 2, 3 %}{% cycle 'x': 1, 2, 3 %}{% cycle 'x': 7 %}|"
                    "{% cycle 'x': 1, 2 %}",
                    "12|1");
}

static void a_cycle_needs_items(void **state)
{
    (void)state;
    assert_rendered("{% cycle %}", "Line 1, column 9: \"{% cycle %}\" ends too early: a name, a "
                                   "number or a quoted text is missing.");
    assert_rendered("{% cycle 'x': %}", "Line 1, column 14: \"{% cycle 'x': %}\" ends too early: "
                                        "a name, a number or a quoted text is missing.");
}

static void counters_count(void **state)
{
    (void)state;
    assert_rendered("{% increment n %}{% increment n %}{{ n }}{% decrement n %}", "0121");
    assert_rendered("{% decrement n %}{% decrement n %}{{ n }}", "-1-2-2");
    assert_rendered("{% assign n = 'own' %}{% increment n %}{% increment n %}{{ n }}", "01own");
    assert_rendered("{% increment n | plus: 1 %}",
                    "Line 1, column 16: \"|\" is not expected here; %} should follow.");
}

static bool largest(void *ctx, struct str name, struct value *out)
{
    (void)ctx;
    *out = value_int(INT64_MAX);
    return str_eq(name, STR("n"));
}

static void a_counter_starts_where_the_outside_has_it(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct arena scratch = ARENA_INIT;
    struct template_error error;
    struct template_scope scope = {NULL, largest};
    struct template *t = template_compile(STR("{% increment n %} {{ n }}"), NULL, &error);
    assert_int_equal(
        template_render(t, &scope, &(struct render_options){0}, &scratch, &out, &error), 0);
    assert_string_equal(out.at, "9223372036854775807 -9223372036854775808");
    template_free(t);
    arena_release(&scratch);
    buf_release(&out);
}

static void a_doc_is_not_read(void **state)
{
    (void)state;
    assert_rendered("a{% doc %}{% if %}{{ x {% raw %}{% enddoc %}b", "ab");
    assert_rendered("a {%- doc -%} x {%- enddoc -%} b", "ab");
    assert_rendered("{% doc %}x",
                    "Line 1, column 1: the tag \"{% doc %}\" is never closed; add {% enddoc %}.");
    assert_rendered("{% doc x %}{% enddoc %}", "Line 1, column 1: {% doc %} takes nothing more.");
}

static void assert_aborts(const char *source, const char *reason, unsigned line)
{
    struct buf out = BUF_INIT;
    struct arena scratch = ARENA_INIT;
    struct template_error error = {0};
    struct template_scope scope = {NULL, rendered_lookup};
    struct template *t = template_compile(str_of(source), NULL, &error);
    if (!t)
        fail_msg("%s", error.text);
    buf_add_text(&out, "before");
    assert_int_equal(
        template_render(t, &scope, &(struct render_options){0}, &scratch, &out, &error),
        TEMPLATE_ABORTED);
    assert_string_equal(error.text, reason);
    assert_int_equal(error.line, line);
    assert_string_equal(out.at, "before");
    template_free(t);
    arena_release(&scratch);
    buf_release(&out);
}

static void abort_message_ends_the_rendering_for_a_reason(void **state)
{
    (void)state;
    assert_aborts("Hi\n{% abort_message 'No city' %} there", "No city", 2);
    assert_aborts("{% if contact.count > 9 %}{% for i in (1..3) %}{% capture c %}"
                  "{% abort_message contact.first_name | append: ' has ' | append: contact.count "
                  "%}{% endcapture %}{% endfor %}{% endif %}",
                  "élodie has 46443", 1);
    assert_rendered("{% unless contact.first_name %}{% abort_message 'x' %}{% endunless %}ok",
                    "ok");
    assert_rendered("{% abort_message %}", "Line 1, column 1: {% abort_message %} needs a reason: "
                                           "{% abort_message 'No city' %}.");
}

static void the_reason_of_an_abort_is_clean(void **state)
{
    (void)state;
    assert_aborts("{% abort_message contact.bytes %}", "a b\xef\xbf\xbd\xef\xbf\xbd", 1);
    assert_aborts("{% abort_message contact.address %}", "1 <High> St Paris", 1);
    assert_aborts("{% abort_message nobody %}", "The message is not for this contact.", 1);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
    (void)state;
    struct buf source = BUF_INIT, expected = BUF_INIT;
    buf_add_text(&source, "{% abort_message '");
    for (int i = 0; i < 300; i++)
        buf_add_text(&source, "é");
    for (int i = 0; i < 199; i++)
        buf_add_text(&expected, "é");
    buf_add_text(&source, "' %}");
    assert_aborts(source.at, expected.at, 1);
    buf_release(&source);
    buf_release(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echo_writes_as_braces_do),
        cmocka_unit_test(a_line_of_liquid_is_a_tag),
        cmocka_unit_test(liquid_says_in_which_line_something_is_wrong),
        cmocka_unit_test(blocks_and_liquid_do_not_cross),
        cmocka_unit_test(a_cycle_goes_round),
        cmocka_unit_test(cycles_are_told_apart_by_items_or_by_name),
        cmocka_unit_test(a_cycle_needs_items),
        cmocka_unit_test(counters_count),
        cmocka_unit_test(a_counter_starts_where_the_outside_has_it),
        cmocka_unit_test(a_doc_is_not_read),
        cmocka_unit_test(abort_message_ends_the_rendering_for_a_reason),
        cmocka_unit_test(the_reason_of_an_abort_is_clean),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
