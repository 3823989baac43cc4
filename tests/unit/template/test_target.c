/* Rendering into a target: the same bytes, in pieces. */
#include "unit/template/rendered.h"

/* What a target was given: as it was given, and with each constant as [text], each value as (text).
 */
struct pieces {
    const struct template *template;
    struct buf text;
    struct buf shown;
};

static void take_constant(void *ctx, uint32_t number)
{
    struct pieces *p = ctx;
    assert_true(number < template_constant_count(p->template));
    struct str text = template_constant(p->template, number);
    buf_add_str(&p->text, text);
    buf_addf(&p->shown, "[%.*s]", STR_ARG(text));
}

static void take_value(void *ctx, struct str text)
{
    struct pieces *p = ctx;
    assert_true(text.len > 0);
    buf_add_str(&p->text, text);
    buf_addf(&p->shown, "(%.*s)", STR_ARG(text));
}

/* A template's rendering, plain and in pieces. */
struct both {
    struct template *template;
    struct pieces pieces;
    struct buf plain, work;
    int plain_result, result;
    struct template_error plain_error, error;
};

static struct template *compiled(const char *source)
{
    struct template_error error;
    struct template *t = template_compile(str_of(source), NULL, &error);
    if (!t)
        fail_msg("%s: %s", source, error.text);
    return t;
}

static int render(const struct template *t, struct render_options options,
                  const struct render_target *target, struct buf *out, struct template_error *error)
{
    struct arena scratch = ARENA_INIT;
    struct template_scope scope = {NULL, rendered_lookup};
    options.now_s = RENDERED_NOW;
    options.target = target;
    int result = template_render(t, &scope, &options, &scratch, out, error);
    arena_release(&scratch);
    return result;
}

static void both_init(struct both *b, const char *source, struct render_options options)
{
    struct render_target target = {&b->pieces, take_constant, take_value};
    *b = (struct both){.template = compiled(source)};
    b->pieces.template = b->template;
    buf_add_text(&b->pieces.text, "");
    buf_add_text(&b->pieces.shown, "");
    buf_add_text(&b->work, "before");
    b->plain_result = render(b->template, options, NULL, &b->plain, &b->plain_error);
    b->result = render(b->template, options, &target, &b->work, &b->error);
    assert_string_equal(b->work.at, "before");
}

static void both_release(struct both *b)
{
    template_free(b->template);
    buf_release(&b->plain);
    buf_release(&b->work);
    buf_release(&b->pieces.text);
    buf_release(&b->pieces.shown);
}

static void assert_pieces_with(struct render_options options, const char *source,
                               const char *expected)
{
    struct both b;
    both_init(&b, source, options);
    assert_int_equal(b.result, 0);
    assert_string_equal(b.pieces.shown.at, expected);
    assert_string_equal(b.pieces.text.at, b.plain.at);
    both_release(&b);
}

static void assert_pieces(const char *source, const char *expected)
{
    assert_pieces_with((struct render_options){0}, source, expected);
}

static void constants_go_by_number_and_values_as_text(void **state)
{
    (void)state;
    assert_pieces("Hi {{ contact.first_name }}, {{ contact.count }}!",
                  "[Hi ](élodie)[, ](46443)[!]");
    assert_pieces("only text", "[only text]");
    assert_pieces("{{ 'only' }}{{ 1 }}", "(only)(1)");
    assert_pieces("", "");
}

static void constants_are_counted_once(void **state)
{
    (void)state;
    struct template *t = compiled("a{% for i in (1..3) %}b{% endfor %}{% raw %}{{{% endraw %}");
    assert_int_equal(template_constant_count(t), 3);
    assert_true(str_eq(template_constant(t, 0), STR("a")));
    assert_true(str_eq(template_constant(t, 1), STR("b")));
    assert_true(str_eq(template_constant(t, 2), STR("{{")));
    template_free(t);
    t = compiled("{{ x }}");
    assert_int_equal(template_constant_count(t), 0);
    template_free(t);
}

/* More than the parser's first array holds. */
static void there_may_be_many_constants(void **state)
{
    (void)state;
    struct buf source = BUF_INIT;
    for (int i = 0; i < 100; i++)
        buf_addf(&source, "%d,{{ nobody }}", i);
    struct template *t = compiled(source.at);
    assert_int_equal(template_constant_count(t), 100);
    for (uint32_t i = 0; i < 100; i++) {
        char expected[16];
        snprintf(expected, sizeof(expected), "%u,", i);
        assert_true(str_eq(template_constant(t, i), str_of(expected)));
    }
    template_free(t);
    buf_release(&source);
}

static void what_is_empty_is_no_value(void **state)
{
    (void)state;
    assert_pieces("a{{ nobody }}{{ '' }}b{{ contact.nothing.at.all }}", "[a][b]");
}

static void a_value_is_one_piece(void **state)
{
    (void)state;
    struct render_options html = {.escape = ESCAPE_HTML};
    assert_pieces("{{ contact.tags }}", "(tortureÉducationwomen)");
    assert_pieces("{{ contact.tags | join: ', ' | upcase }}", "(TORTURE, ÉDUCATION, WOMEN)");
    assert_pieces_with(html, "<i>{{ contact.name }}</i>",
                       "[<i>](&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jerry&#39;&lt;/b&gt;)[</i>]");
    assert_pieces("{{ contact.bytes }}", "(a\xef\xbf\xbd"
                                         "b\xef\xbf\xbd\xef\xbf\xbd)");
}

static void conditions_give_the_branch_taken(void **state)
{
    (void)state;
    assert_pieces("{% if contact.count > 50000 %}a{% elsif true %}b{{ 1 }}{% else %}c{% endif %}d",
                  "[b](1)[d]");
    assert_pieces("{% unless contact.nothing %}x{% endunless %}", "[x]");
    assert_pieces(
        "{% case 2 %}{% when 1, 2 or 2 %}low {% when 2 %}{{ 2 }}{% else %}high{% endcase %}",
        "[low ][low ](2)");
}

static void loops_give_their_text_in_every_round(void **state)
{
    (void)state;
    assert_pieces("{% for t in contact.tags %}<{{ t }}>{% unless forloop.last %}, {% endunless %}"
                  "{% endfor %}",
                  "[<](torture)[>][, ][<](Éducation)[>][, ][<](women)[>]");
    assert_pieces("{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}"
                  "{% if i == 4 %}{% break %}{% endif %}{{ i }};{% else %}none{% endfor %}",
                  "(1)[;](3)[;]");
    assert_pieces("{% for i in nothing %}x{% else %}none{% endfor %}", "[none]");
}

static void a_capture_gives_nothing_until_it_is_written(void **state)
{
    (void)state;
    assert_pieces("a{% capture c %}b{{ contact.count }}{% endcapture %}-{{ c }}", "[a][-](b46443)");
    assert_pieces("{% capture c %}never{% endcapture %}a", "[a]");
    assert_pieces("{% capture c %}1{% capture d %}2{{ 3 }}{% endcapture %}{{ d }}4{% endcapture %}5"
                  "{{ c }}",
                  "[5](1234)");
}

/* The way out of a loop leads through the capture. */
static void a_capture_that_is_left_by_break_keeps_the_target(void **state)
{
    (void)state;
    assert_pieces(
        "{% for i in (1..3) %}{% capture c %}x{% break %}{% endcapture %}{% endfor %}a{{ c }}",
        "[a](x)");
}

static void values_made_on_the_way_are_not_given(void **state)
{
    (void)state;
    assert_pieces("{% assign a = contact.tags | join: '+' %}[{{ a | size }}]", "[[](23)[]]");
    assert_pieces("{% if contact.first_name contains 'lod' %}x{% endif %}", "[x]");
}

static void raw_is_a_constant(void **state)
{
    (void)state;
    assert_pieces("{% raw %}{{ x }}{% endraw %}|{% comment %}y{% endcomment %}{% # z %}|",
                  "[{{ x }}][|][|]");
}

static void dashes_eat_white_space_of_constants(void **state)
{
    (void)state;
    assert_pieces("a \n{{- 'b' -}}\t c {%- if true -%} d {%- endif %} {{- 1 -}} ",
                  "[a](b)[c][d](1)");
    assert_pieces("{%- raw -%} x {%- endraw -%} y", "[x][y]");
}

static void blank_blocks_give_nothing(void **state)
{
    (void)state;
    assert_pieces("a{% if true %}\n  {% assign x = 1 %}\n{% endif %}b{{ x }}", "[a][b](1)");
    assert_pieces("a{% if true %}{% raw %} {% endraw %}{% endif %}b", "[a][ ][b]");
}

static const char *const letters[] = {
    "Dear {{ contact.first_name }},\n\n{% for t in contact.tags %}* {{ t }}\n{% endfor %}Bye",
    "{% capture c %}<b>{{ contact.count }}</b>{% endcapture %}{% if c %}yes {{ c }}{% endif %}.",
    "{{ contact.name }}{% raw %}{{ contact }}{% endraw %}{{ contact.tags | join: ', ' | append: "
    "'!' }}",
    "a{%- case contact.city -%} {% when '12 Oaks' %} b {{ contact.address | newline_to_br }}{% "
    "endcase %}",
};

/* From no room at all to enough: the same success, or the same sentence. */
static void every_output_limit_holds_as_it_does_without_a_target(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        size_t succeeded = 0;
        for (size_t limit = 1; limit < 400; limit++) {
            struct render_options options = {.limits.output = limit, .escape = ESCAPE_HTML};
            struct both b;
            both_init(&b, letters[i], options);
            assert_int_equal(b.result, b.plain_result);
            assert_true(b.pieces.text.len <= limit);
            if (b.result == 0)
                assert_string_equal(b.pieces.text.at, b.plain.at);
            else
                assert_string_equal(b.error.text, b.plain_error.text);
            succeeded += b.result == 0;
            both_release(&b);
        }
        assert_in_range(succeeded, 1, 390);
    }
}

static void the_limit_counts_what_was_given(void **state)
{
    (void)state;
    struct both b;
    both_init(&b, "12345{{ 678 }}9", (struct render_options){.limits.output = 9});
    assert_int_equal(b.result, 0);
    both_release(&b);
    both_init(&b, "12345{{ 678 }}9", (struct render_options){.limits.output = 8});
    assert_int_equal(b.result, -1);
    assert_string_equal(b.error.text, "Line 1, column 15: the output is longer than 8 bytes.");
    assert_string_equal(b.pieces.shown.at, "[12345](678)");
    both_release(&b);
}

static void assert_stops(struct render_options options, const char *source, const char *given)
{
    struct both b;
    both_init(&b, source, options);
    assert_int_equal(b.result, -1);
    assert_int_equal(b.plain_result, -1);
    assert_string_equal(b.error.text, b.plain_error.text);
    assert_string_equal(b.pieces.shown.at, given);
    both_release(&b);
}

static void nothing_is_given_after_a_failure(void **state)
{
    (void)state;
    struct render_options little = {.limits.work = 45},
                          short_texts = {.limits.output = 8, .escape = ESCAPE_HTML};
    assert_stops((struct render_options){0}, "one {{ 1 | divided_by: 0 }} two", "[one ]");
    assert_stops((struct render_options){0},
                 "{% capture c %}x{{ 1 | divided_by: 0 }}{% endcapture %}{{ c }}", "");
    assert_stops(short_texts, "a{{ contact.name }}b", "[a]");
    assert_stops(little, "a{% if contact.first_name.size == 6 %}b{% endif %}", "[a]");
    assert_stops(little, "a{% case contact.first_name.size %}{% when 6 %}b{% endcase %}c", "[a]");
}

static void a_failure_names_its_line(void **state)
{
    (void)state;
    struct both b;
    both_init(&b, "one\ntwo {{ 1 | divided_by: 0 }}", (struct render_options){0});
    assert_int_equal(b.result, -1);
    assert_int_equal(b.error.line, 2);
    assert_int_equal(b.error.column, 5);
    both_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_go_by_number_and_values_as_text),
        cmocka_unit_test(constants_are_counted_once),
        cmocka_unit_test(there_may_be_many_constants),
        cmocka_unit_test(what_is_empty_is_no_value),
        cmocka_unit_test(a_value_is_one_piece),
        cmocka_unit_test(conditions_give_the_branch_taken),
        cmocka_unit_test(loops_give_their_text_in_every_round),
        cmocka_unit_test(a_capture_gives_nothing_until_it_is_written),
        cmocka_unit_test(a_capture_that_is_left_by_break_keeps_the_target),
        cmocka_unit_test(values_made_on_the_way_are_not_given),
        cmocka_unit_test(raw_is_a_constant),
        cmocka_unit_test(dashes_eat_white_space_of_constants),
        cmocka_unit_test(blank_blocks_give_nothing),
        cmocka_unit_test(every_output_limit_holds_as_it_does_without_a_target),
        cmocka_unit_test(the_limit_counts_what_was_given),
        cmocka_unit_test(nothing_is_given_after_a_failure),
        cmocka_unit_test(a_failure_names_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
