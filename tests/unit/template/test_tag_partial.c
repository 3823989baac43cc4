/* render and include: scopes, arguments, limits, errors, targets. */
#include "unit/template/rendered.h"

struct source {
    const char *name, *text;
};

static const struct source sources[] = {
    {"hello", "Hello {{ who }}."},
    {"line", "[{{ line }}{{ forloop.index }}]"},
    {"shop/line", "<{{ line }}>"},
    {"set", "{% assign x = 'in' %}{{ x }}{{ who }}"},
    {"count", "{% increment n %}{% cycle 'a', 'b' %}"},
    {"stop", "{{ i }}{% break %}never"},
    {"skip", "{% if i == 2 %}{% continue %}{% endif %}{{ i }}"},
    {"nested", "({% include 'hello' %})"},
    {"self", "x{% render 'self' %}"},
    {"circle", "{% include 'round' %}"},
    {"round", "{% include 'circle' %}"},
    {"double", "{% render 'again' %}{% render 'again' %}"},
    {"again", "{% for i in (1..40) %}{% for k in (1..40) %}.{% endfor %}{% endfor %}"},
    {"wrong", "one\n  {% if %}"},
    {"fails", "one\ntwo {{ 1 | divided_by: 0 }}"},
    {"bytes", "\xff"},
    {"blank", " \n {% assign y = 1 %} \n"},
    {"abort", "{% abort_message 'Enough' %}"},
    {"names", "{{ contact.first_name }}{{ forloop.name }}"},
};

static void source_at(const void *ctx, size_t index, struct str *name, struct str *source)
{
    (void)ctx;
    *name = str_of(sources[index].name);
    *source = str_of(sources[index].text);
}

static const struct template_partials all = {NULL, sizeof(sources) / sizeof(sources[0]), source_at};

/* What can be named without compiling what is wrong. */
static void good_at(const void *ctx, size_t index, struct str *name, struct str *source)
{
    source_at(ctx, index < 2 ? index : index + 1, name, source);
}

static const struct template_partials good = {NULL, 6, good_at};

struct shown {
    const struct template *template;
    struct buf text, pieces;
};

static void take_constant(void *ctx, uint32_t number)
{
    struct shown *s = ctx;
    assert_true(number < template_constant_count(s->template));
    struct str text = template_constant(s->template, number);
    buf_add_str(&s->text, text);
    buf_addf(&s->pieces, "[%.*s]", STR_ARG(text));
}

static void take_value(void *ctx, struct str text)
{
    struct shown *s = ctx;
    buf_add_str(&s->text, text);
    buf_addf(&s->pieces, "(%.*s)", STR_ARG(text));
}

/* Renders without and with a target, which must say the same. 0, -1 or TEMPLATE_ABORTED; the output
 * or the error's sentence in *out, the pieces in *pieces. */
static int render_both(const struct template *t, struct render_options options, struct buf *out,
                       struct buf *pieces, struct template_error *error)
{
    struct shown s = {.template = t};
    struct render_target target = {&s, take_constant, take_value};
    struct template_scope scope = {NULL, rendered_lookup};
    struct arena scratch = ARENA_INIT;
    struct template_error again = {0};
    struct buf work = BUF_INIT;
    int result = template_render(t, &scope, &options, &scratch, out, error);
    arena_reset(&scratch);
    options.target = &target;
    assert_int_equal(template_render(t, &scope, &options, &scratch, &work, &again), result);
    if (result == 0)
        assert_true(str_eq(buf_str(&s.text), buf_str(out)));
    else
        assert_string_equal(again.text, error->text);
    buf_add_str(pieces, buf_str(&s.pieces));
    buf_release(&work);
    buf_release(&s.text);
    buf_release(&s.pieces);
    arena_release(&scratch);
    return result;
}

static void assert_all(const char *source, const struct template_partials *partials,
                       struct render_options options, const char *expected, const char *pieces)
{
    struct template_error error = {0};
    struct template_options compile = {.partials = partials};
    struct buf out = BUF_INIT, shown = BUF_INIT;
    struct template *t = template_compile(str_of(source), &compile, &error);
    buf_add_text(&out, "");
    if (!t || render_both(t, options, &out, &shown, &error) != 0)
        buf_add_text(&out, error.text);
    assert_string_equal(out.at, expected);
    if (pieces)
        assert_string_equal(shown.at, pieces);
    template_free(t);
    buf_release(&out);
    buf_release(&shown);
}

static void assert_partial(const char *source, const char *expected)
{
    assert_all(source, &all, (struct render_options){0}, expected, NULL);
}

static void a_rendered_partial_sees_its_arguments_and_the_outside(void **state)
{
    (void)state;
    assert_partial("{% render 'hello' %}", "Hello .");
    assert_partial("{% render 'hello', who: 'Ann' %}", "Hello Ann.");
    assert_partial("{% render 'hello' who: contact.tags[0] %}", "Hello torture.");
    assert_partial("{% assign who = 'Ann' %}{% render 'hello' %}{{ who }}", "Hello .Ann");
    assert_partial("{% for i in (1..2) %}{% render 'names' %}{% endfor %}", "élodieélodie");
    assert_partial("{% render 'hello', who: 'Ann' %}{{ who }}", "Hello Ann.");
}

static void a_rendered_partial_keeps_to_itself(void **state)
{
    (void)state;
    assert_partial("{% render 'set' %}{{ x }}", "in");
    assert_partial("{% increment n %}{% render 'count' %}{% render 'count' %}{% increment n %}"
                   "{% cycle 'a', 'b' %}",
                   "00a0a1a");
    assert_partial("{% for i in (1..2) %}{% render 'stop', i: i %};{% endfor %}", "1;2;");
}

static void with_and_for_give_a_value_under_the_name_of_the_partial(void **state)
{
    (void)state;
    assert_partial("{% render 'line' with 'a' %}", "[a]");
    assert_partial("{% render 'shop/line' with 'a' %}", "<a>");
    assert_partial("{% render 'hello' with 'a' as who %}", "Hello a.");
    assert_partial("{% render 'line' for contact.tags %}", "[torture1][Éducation2][women3]");
    assert_partial("{% render 'hello' for (1..2) as who %}", "Hello 1.Hello 2.");
    assert_partial("{% render 'line' for 'text' %}", "[text]");
    assert_partial("{% assign e = '' | split: ',' %}{% render 'line' for e %}", "");
    assert_partial("{% include 'line' for contact.tags %}", "[torture][Éducation][women]");
    assert_partial("{% include 'line' with contact.tags %}", "[torture][Éducation][women]");
    assert_partial("{% include 'hello' with 'a' as who %}{{ who }}", "Hello a.");
    assert_partial("{% include 'hello', with: 1, for: 2, who: 3 %}", "Hello 3.");
}

static bool outside_line(void *ctx, struct str name, struct value *out)
{
    static const struct value items[] = {
        {.kind = VALUE_INT, .whole = 1}, {.kind = VALUE_NIL}, {.kind = VALUE_INT, .whole = 2}};
    (void)ctx;
    if (str_eq(name, STR("list")))
        *out = value_array(items, 3);
    else if (str_eq(name, STR("line")) || str_eq(name, STR("who")))
        *out = value_str(STR("outside"));
    else
        return false;
    return true;
}

static void assert_beside_outside(const char *source, const char *expected)
{
    struct template_error error;
    struct template_options compile = {.partials = &all};
    struct template_scope scope = {NULL, outside_line};
    struct arena scratch = ARENA_INIT;
    struct buf out = BUF_INIT;
    struct template *t = template_compile(str_of(source), &compile, &error);
    assert_int_equal(
        template_render(t, &scope, &(struct render_options){0}, &scratch, &out, &error), 0);
    assert_string_equal(out.at, expected);
    template_free(t);
    arena_release(&scratch);
    buf_release(&out);
}

static void nil_hides_the_name_of_the_outside(void **state)
{
    (void)state;
    assert_beside_outside("{% render 'line' %}", "[outside]");
    assert_beside_outside("{% render 'line' for list %}", "[11][2][23]");
    assert_beside_outside("{% render 'line' for nobody %}", "[]");
    assert_beside_outside("{% render 'line' with nobody %}", "[]");
    assert_beside_outside("{% render 'hello' for list as who %}", "Hello 1.Hello .Hello 2.");
    assert_beside_outside("{% render 'line' with nobody, line: 3 %}", "[3]");
}

static void an_included_partial_shares_everything(void **state)
{
    (void)state;
    assert_partial("{% assign who = 'Ann' %}{% include 'set' %}{{ x }}", "inAnnin");
    assert_partial("{% include 'set', x: 1 %}{{ x }}", "1in");
    assert_partial("{% increment n %}{% include 'count' %}{% include 'count' %}{% increment n %}",
                   "01a2b3");
    assert_partial("{% for i in (1..3) %}{% include 'line' %}{% endfor %}", "[1][2][3]");
    assert_partial("{% assign who = 1 %}{% include 'hello', who: 2 %}{{ who }}", "Hello 2.1");
}

static void jumps_leave_an_included_partial(void **state)
{
    (void)state;
    assert_partial("{% for i in (1..3) %}{% include 'stop' %};{% endfor %}!", "1!");
    assert_partial("{% for i in (1..3) %}{% include 'skip' %};{% endfor %}", "1;3;");
    assert_partial("a{% include 'stop' %}b", "a");
}

static void a_name_may_be_known_only_when_rendering(void **state)
{
    (void)state;
    struct render_options none = {0};
    assert_all("{% assign p = 'hel' | append: 'lo' %}{% include p, who: 'Ann' %}", &good, none,
               "Hello Ann.", "[Hello ](Ann)[.]");
    assert_all("{% for p in (1..2) %}{% include p %}{% endfor %}", &good, none,
               "Line 1, column 22: there is no partial named \"1\".", NULL);
    assert_all("{% include contact.address %}", NULL, none,
               "Line 1, column 1: there is no partial named \"1 <High> St Paris\".", NULL);
    assert_all("{% include p %}", &all, none,
               "Partial \"wrong\", line 2, column 8: \"{% if %}\" ends too early: a name, a number "
               "or a quoted text is missing.",
               NULL);
}

static void what_names_no_partial_is_said(void **state)
{
    (void)state;
    assert_partial("a\n{% render 'nobody' %}",
                   "Line 2, column 1: there is no partial named \"nobody\".");
    assert_all("{% include 'hello' %}", NULL, (struct render_options){0},
               "Line 1, column 1: there is no partial named \"hello\".", NULL);
    assert_partial("{% render contact.name %}",
                   "Line 1, column 11: \"contact\" is not expected here; the name of a partial in "
                   "quotes should follow.");
    assert_partial("{% include 1 %}", "Line 1, column 1: the name of a partial stands in quotes: "
                                      "{% include 'footer' %}.");
    assert_partial("{% render 'hello', who %}",
                   "Line 1, column 20: \"who\" is not expected here; an argument such as \"name: "
                   "value\" should follow.");
}

static void an_error_names_the_partial(void **state)
{
    (void)state;
    assert_partial("{% render 'wrong' %}",
                   "Partial \"wrong\", line 2, column 8: \"{% if %}\" ends too early: a name, a "
                   "number or a quoted text is missing.");
    assert_partial("\n\n\n{% render 'hello' %}{% render 'fails' %}",
                   "Partial \"fails\", line 2, column 5: \"divided_by\" cannot divide by 0.");
    assert_partial("{% render 'bytes' %}", "Partial \"bytes\", line 1, column 1: this is not valid "
                                           "UTF-8; save the file as UTF-8.");
    assert_partial("{% render 'hello' %}{{ 1 | divided_by: 0 }}",
                   "Line 1, column 21: \"divided_by\" cannot divide by 0.");
}

static void circles_end_with_an_error(void **state)
{
    (void)state;
    assert_partial("{% render 'self' %}", "Partial \"self\", line 1, column 2: partials stand "
                                          "inside each other more than 20 deep.");
    assert_partial("{% include 'circle' %}", "Partial \"round\", line 1, column 1: partials stand "
                                             "inside each other more than 20 deep.");
    assert_partial("{% if false %}{% render 'self' %}{% endif %}ok", "ok");
}

static void deepest_at(const void *ctx, size_t index, struct str *name, struct str *source)
{
    (void)index;
    *name = STR("deep");
    *source = str_of(ctx);
}

/* As many blocks in each other, in as many partials in each other, as there may be. */
static void the_deepest_template_needs_not_too_much_stack(void **state)
{
    (void)state;
    struct buf source = BUF_INIT;
    for (int i = 0; i < 98; i++)
        buf_add_text(&source, "{% for i in (1..1) %}");
    buf_add_text(&source, "{% include 'deep' %}");
    for (int i = 0; i < 98; i++)
        buf_add_text(&source, "{% endfor %}");
    struct template_partials partials = {source.at, 1, deepest_at};
    assert_all("{% include 'deep' %}", &partials, (struct render_options){0},
               "Partial \"deep\", line 1, column 2059: partials stand inside each other more than "
               "20 deep.",
               NULL);
    buf_release(&source);
}

static void limits_hold_through_partials(void **state)
{
    (void)state;
    struct render_options rounds = {.limits.iterations = 2000}, output = {.limits.output = 20},
                          many = {.limits.iterations = 50};
    assert_all("{% render 'double' %}", &all, rounds,
               "Partial \"again\", line 1, column 23: the loops and partials of this template go "
               "round more than 2000 times.",
               NULL);
    assert_all("{% render 'hello' for (1..100) %}", &all, many,
               "Line 1, column 1: the loops and partials of this template go round more than 50 "
               "times.",
               NULL);
    assert_all("{% render 'hello' %}{% render 'hello' %}{% render 'hello' %}", &all, output,
               "Partial \"hello\", line 1, column 16: the output is longer than 20 bytes.", NULL);
}

static void constants_of_partials_are_numbered_along(void **state)
{
    (void)state;
    struct render_options none = {0};
    assert_all("a{% render 'hello', who: 1 %}b{% include 'nested' %}c", &all, none,
               "aHello 1.b(Hello .)c", "[a][Hello ](1)[.][b][(][Hello ][.][)][c]");
    assert_all("{% capture c %}{% render 'hello' %}{% endcapture %}{{ c | upcase }}", &all, none,
               "HELLO .", "(HELLO .)");
    assert_all("a{% include 'blank' %}b", &all, none, "a \n  \nb", "[a][ \n ][ \n][b]");
}

static void an_abort_reaches_through_partials(void **state)
{
    (void)state;
    struct template_error error;
    struct template_options options = {.partials = &all};
    struct buf out = BUF_INIT, pieces = BUF_INIT;
    struct template *t = template_compile(
        STR("x{% for i in (1..2) %}{% render 'abort' %}{% endfor %}"), &options, &error);
    assert_int_equal(render_both(t, (struct render_options){0}, &out, &pieces, &error),
                     TEMPLATE_ABORTED);
    assert_string_equal(error.text, "Enough");
    template_free(t);
    buf_release(&out);
    buf_release(&pieces);
}

static void a_warm_rendering_needs_no_new_memory(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct arena scratch = ARENA_INIT;
    struct template_error error;
    struct template_scope scope = {NULL, rendered_lookup};
    struct template_options compile = {.partials = &all};
    struct template *t = template_compile(
        STR("{% for i in (1..50) %}{% render 'nested' %}{% include 'count' %}{% endfor %}"),
        &compile, &error);
    template_render(t, &scope, &(struct render_options){0}, &scratch, &out, &error);
    char *at = out.at;
    void *chunk = scratch.first;
    for (int i = 0; i < 10; i++) {
        buf_reset(&out);
        arena_reset(&scratch);
        assert_int_equal(
            template_render(t, &scope, &(struct render_options){0}, &scratch, &out, &error), 0);
    }
    assert_ptr_equal(out.at, at);
    assert_ptr_equal(scratch.first, chunk);
    assert_ptr_equal(scratch.current, chunk);
    template_free(t);
    arena_release(&scratch);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rendered_partial_sees_its_arguments_and_the_outside),
        cmocka_unit_test(a_rendered_partial_keeps_to_itself),
        cmocka_unit_test(with_and_for_give_a_value_under_the_name_of_the_partial),
        cmocka_unit_test(nil_hides_the_name_of_the_outside),
        cmocka_unit_test(an_included_partial_shares_everything),
        cmocka_unit_test(jumps_leave_an_included_partial),
        cmocka_unit_test(a_name_may_be_known_only_when_rendering),
        cmocka_unit_test(what_names_no_partial_is_said),
        cmocka_unit_test(an_error_names_the_partial),
        cmocka_unit_test(circles_end_with_an_error),
        cmocka_unit_test(the_deepest_template_needs_not_too_much_stack),
        cmocka_unit_test(limits_hold_through_partials),
        cmocka_unit_test(constants_of_partials_are_numbered_along),
        cmocka_unit_test(an_abort_reaches_through_partials),
        cmocka_unit_test(a_warm_rendering_needs_no_new_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
