#include "unit/template/rendered.h"

static void members_of_the_outside_are_written(void **state)
{
    (void)state;
    assert_rendered(
        "Bonjour {{ contact.first_name }}, {{ contact.tags[0] }}/{{ contact.tags.last }}!",
        "Bonjour élodie, torture/women!");
}

static void unknown_names_are_nothing(void **state)
{
    (void)state;
    assert_rendered("[{{ nobody }}{{ contact.nothing.at.all }}{{ contact.tags[99] }}]", "[]");
}

static void dashes_eat_white_space(void **state)
{
    (void)state;
    assert_rendered("a \n{{- 'b' -}}\t c {%- if true -%} d {%- endif %} e", "abcd e");
}

static void conditions_choose_a_branch(void **state)
{
    (void)state;
    assert_rendered(
        "{% if contact.count > 50000 %}a{% elsif contact.count == 46443 %}b{% else %}c{% endif %}",
        "b");
    assert_rendered("{% unless contact.first_name == blank %}x{% endunless %}", "x");
    assert_rendered("{% if contact.tags contains 'women' and contact.nothing == nil %}x{% endif %}",
                    "x");
}

static void a_cell_that_is_a_number_counts_as_one(void **state)
{
    (void)state;
    assert_rendered("{% if contact.amount > 80 and 81 > contact.amount %}x{% endif %}", "x");
    assert_rendered("{% if contact.amount == 80.5 and contact.amount == '80.5' %}x{% endif %}",
                    "x");
    assert_rendered("{% if contact.city > 1 or contact.city == 12 %}x{% else %}y{% endif %}", "y");
    assert_rendered("{{ contact.amount }}", "80.5");
}

static void logic_binds_from_the_right(void **state)
{
    (void)state;
    /* true or (false and false), not (true or false) and false */
    assert_rendered("{% if true or false and false %}yes{% else %}no{% endif %}", "yes");
}

static void case_takes_every_value_that_matches(void **state)
{
    (void)state;
    assert_rendered("{% case 2 %}{% when 1, 2 or 3 %}low{% else %}high{% endcase %}", "low");
    assert_rendered("{% case 9 %}{% when 1 %}low{% else %}high{% endcase %}", "high");
}

static void loops_know_where_they_are(void **state)
{
    (void)state;
    assert_rendered("{% for t in contact.tags reversed %}{{ forloop.index }}{{ t }}"
                    "{% unless forloop.last %}, {% endunless %}{% endfor %}",
                    "1women, 2Éducation, 3torture");
    assert_rendered("{% for i in (1..9) limit: 3 offset: 2 %}{{ i }}{% endfor %}", "345");
    assert_rendered("{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}"
                    "{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
                    "13");
    assert_rendered("{% for i in nothing %}x{% else %}none{% endfor %}", "none");
}

static void loop_variables_go_and_assigned_ones_stay(void **state)
{
    (void)state;
    assert_rendered("{% assign i = 'a' %}{% for i in (1..2) %}{{ i }}{% assign k = i %}{% endfor "
                    "%}{{ i }}{{ k }}",
                    "12a2");
}

static void forloop_may_outlive_its_loop(void **state)
{
    (void)state;
    assert_rendered("{% for i in (1..2) %}{% assign f = forloop %}{% endfor %}{{ f.length }}", "2");
}

static void values_are_escaped_in_html(void **state)
{
    (void)state;
    assert_html("<i>{{ contact.name }}</i>",
                "<i>&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jerry&#39;&lt;/b&gt;</i>");
    assert_html("{{ contact.name | raw }}", "<b>\"Tom\" & 'Jerry'</b>");
    assert_html("{{ contact.name | raw | upcase }}",
                "&lt;B&gt;&quot;TOM&quot; &amp; &#39;JERRY&#39;&lt;/B&gt;");
    assert_rendered("{{ contact.name }}", "<b>\"Tom\" & 'Jerry'</b>");
}

static void markup_is_escaped_once(void **state)
{
    (void)state;
    assert_html("{{ '<' | escape }}", "&lt;");
    assert_html("{{ contact.address | newline_to_br }}", "1 &lt;High&gt; St<br />\nParis");
    assert_html("{% capture c %}<b>{{ '&' }}</b> {% endcapture %}{{ c | strip | append: '<' }}",
                "<b>&amp;</b>&lt;");
}

static void output_is_always_utf8(void **state)
{
    (void)state;
    assert_rendered("{{ contact.bytes }}", "a\xef\xbf\xbd"
                                           "b\xef\xbf\xbd\xef\xbf\xbd");
    assert_html("{{ contact.bytes | raw }}", "a\xef\xbf\xbd"
                                             "b\xef\xbf\xbd\xef\xbf\xbd");
}

static void blank_blocks_leave_no_lines(void **state)
{
    (void)state;
    assert_rendered("a{% if true %}\n  {% assign x = 1 %}\n{% endif %}b", "ab");
}

static void raw_and_comments_are_not_read(void **state)
{
    (void)state;
    assert_rendered(
        "{% raw %}{{ x }}{% if %}{% endraw %}|{% comment %}{% if %}{% endcomment %}|{% # x %}",
        "{{ x }}{% if %}||");
}

static void assert_limited(const char *source, struct render_limits limits, const char *sentence)
{
    struct render_options options = {.limits = limits};
    const char *said = rendered_with(source, &options);
    if (!strstr(said, sentence))
        fail_msg("\"%s\" does not say \"%s\"", said, sentence);
}

static void what_grows_too_much_is_stopped(void **state)
{
    (void)state;
    assert_limited("{% for i in (1..1000000000000) %}{% endfor %}", (struct render_limits){0},
                   "go round more than 100000 times");
    assert_limited("{% for i in (1..99999) %}xxxxxxxxxx{% endfor %}",
                   (struct render_limits){.output = 1000}, "longer than 1000 bytes");
    assert_limited("{% assign a = 'xxxxxxxx' %}{% for i in (1..60) %}{% assign a = a | append: a %}"
                   "{% endfor %}",
                   (struct render_limits){0}, "Line 1, column 5");
    assert_limited("{% assign a = (1..100000000000) | reverse %}", (struct render_limits){0},
                   "need more than");
    assert_limited("{% assign a = (1..900000) | join: '' %}{% for i in (1..99999) %}{{ a | size "
                   "}}{% endfor %}",
                   (struct render_limits){0}, "too much work");
}

/* `big` is 1 MB of white space, `other` the same elsewhere; `many` has 100000 nils, as `more`. */
static bool big_lookup(void *ctx, struct str name, struct value *out)
{
    static char big[1000000], other[1000000];
    static struct value many[100000], more[100000], one[1];
    (void)ctx;
    if (big[0] != ' ') {
        memset(big, ' ', sizeof(big));
        memset(other, ' ', sizeof(other));
    }
    one[0] = value_str((struct str){big, sizeof(big)});
    if (str_eq(name, STR("big")))
        *out = one[0];
    else if (str_eq(name, STR("other")))
        *out = value_str((struct str){other, sizeof(other)});
    else if (str_eq(name, STR("many")))
        *out = value_array(many, 100000);
    else if (str_eq(name, STR("more")))
        *out = value_array(more, 100000);
    else if (str_eq(name, STR("one")))
        *out = value_array(one, 1);
    else
        return false;
    return true;
}

static void assert_worked(const char *inside, uint64_t rounds, bool enough)
{
    char source[300];
    struct arena scratch = ARENA_INIT;
    struct buf out = BUF_INIT;
    struct template_error error = {0};
    struct template_scope scope = {NULL, big_lookup};
    struct render_options options = {.limits.work = 8 << 20};
    snprintf(source, sizeof(source), "{%% for i in (1..%u) %%}%s{%% endfor %%}", (unsigned)rounds,
             inside);
    struct template *t = template_compile(str_of(source), NULL, &error);
    bool done = t && template_render(t, &scope, &options, &scratch, &out, &error) == 0;
    if (done == enough || (enough && !strstr(error.text, "too much work")))
        fail_msg("%u rounds of %s: \"%s\"", (unsigned)rounds, inside, error.text);
    template_free(t);
    arena_release(&scratch);
    buf_release(&out);
}

static void all_that_takes_time_is_counted(void **state)
{
    (void)state;
    static const char *const slow[] = {
        "{% if big == blank %}{% endif %}",
        "{% if big == other %}{% endif %}",
        "{% if big < other %}{% endif %}",
        "{% if many == more %}{% endif %}",
        "{% if many contains 1 %}{% endif %}",
        "{% if one contains other %}{% endif %}",
        "{% case big %}{% when 1, other %}{% endcase %}",
        "{% case one %}{% when many %}{% when blank, other %}{% endcase %}{{ many }}",
        "{{ many }}",
        "{% assign x = one | where: other, big %}",
        "{% assign x = one | has: other, other %}",
        "{% assign x = one | sum %}",
        "{% assign x = 1 | date: big %}",
        "{% for k in (other..0) %}{% endfor %}",
    };
    for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
        assert_worked(slow[i], 100, true);
}

/* Tags alone come to the limit too, but only in large numbers. */
static void what_is_quick_counts_little(void **state)
{
    (void)state;
    static const char *const quick[] = {
        "{% assign x = 1 %}{% assign x = 1 %}{% assign x = 1 %}{% assign x = 1 %}",
        "{% if x %}{% elsif x == 1 or x == 2 and x %}{% endif %}",
        "{% assign y = [i] %}",
        "{% assign y = forloop.index %}",
        "{% assign y = i | plus: 1 %}",
        "{% case i %}{% when 0, '' %}{% when nil %}{% endcase %}",
    };
    for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
        assert_worked(quick[i], 99999, false);
    assert_worked("{% assign y = i | plus: 1 | plus: 1 | plus: 1 %}", 99999, true);
    assert_worked(
        "{% if x == 1 %}{% elsif x == 2 or x == 3 or x == 4 or x == 5 or x == 6 or x == 7 "
        "or x == 8 or x == 9 or x == 10 or x == 11 or x == 12 %}{% endif %}",
        99999, true);
    assert_worked("{% assign y = [i] %}{% assign y = [i] %}{% assign y = [i] %}", 99999, true);
}

static void a_failure_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct arena scratch = ARENA_INIT;
    struct template_error error;
    struct template *t = template_compile(STR("one\ntwo {{ 1 | divided_by: 0 }}"), NULL, &error);
    buf_add_text(&out, "before");
    assert_int_equal(template_render(t, NULL, &(struct render_options){0}, &scratch, &out, &error),
                     -1);
    assert_string_equal(out.at, "before");
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 5);
    assert_string_equal(error.text, "Line 2, column 5: \"divided_by\" cannot divide by 0.");
    template_free(t);
    arena_release(&scratch);
    buf_release(&out);
}

static void a_warm_rendering_needs_no_new_memory(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct arena scratch = ARENA_INIT;
    struct template_error error;
    struct template_scope scope = {NULL, rendered_lookup};
    struct render_options options = {.escape = ESCAPE_HTML};
    struct template *t = template_compile(
        STR("{% for t in contact.tags %}{{ t | upcase | append: contact.name }}{% endfor %}"), NULL,
        &error);
    template_render(t, &scope, &options, &scratch, &out, &error);
    char *at = out.at;
    size_t size = out.size;
    void *chunk = scratch.first;
    for (int i = 0; i < 100; i++) {
        buf_reset(&out);
        arena_reset(&scratch);
        assert_int_equal(template_render(t, &scope, &options, &scratch, &out, &error), 0);
    }
    assert_ptr_equal(out.at, at);
    assert_int_equal(out.size, size);
    assert_ptr_equal(scratch.first, chunk);
    assert_ptr_equal(scratch.current, chunk);
    template_free(t);
    arena_release(&scratch);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_the_outside_are_written),
        cmocka_unit_test(unknown_names_are_nothing),
        cmocka_unit_test(dashes_eat_white_space),
        cmocka_unit_test(conditions_choose_a_branch),
        cmocka_unit_test(a_cell_that_is_a_number_counts_as_one),
        cmocka_unit_test(logic_binds_from_the_right),
        cmocka_unit_test(case_takes_every_value_that_matches),
        cmocka_unit_test(loops_know_where_they_are),
        cmocka_unit_test(loop_variables_go_and_assigned_ones_stay),
        cmocka_unit_test(forloop_may_outlive_its_loop),
        cmocka_unit_test(values_are_escaped_in_html),
        cmocka_unit_test(markup_is_escaped_once),
        cmocka_unit_test(output_is_always_utf8),
        cmocka_unit_test(blank_blocks_leave_no_lines),
        cmocka_unit_test(raw_and_comments_are_not_read),
        cmocka_unit_test(what_grows_too_much_is_stopped),
        cmocka_unit_test(all_that_takes_time_is_counted),
        cmocka_unit_test(what_is_quick_counts_little),
        cmocka_unit_test(a_failure_leaves_the_buffer_as_it_was),
        cmocka_unit_test(a_warm_rendering_needs_no_new_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
