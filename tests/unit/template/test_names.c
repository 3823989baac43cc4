/* The names of the outside that a template uses. */
#include "unit/template/rendered.h"

static void add_name(void *ctx, struct str name, unsigned line, unsigned column)
{
    buf_addf(ctx, "%.*s %u:%u;", STR_ARG(name), line, column);
}

static void one_partial(const void *ctx, size_t index, struct str *name, struct str *source)
{
    assert_int_equal(index, 0);
    *name = STR("shop/card");
    *source = str_of(ctx);
}

static void assert_names_with(const char *source, const char *partial, const char *expected)
{
    struct template_error error;
    struct template_partials partials = {partial, 1, one_partial};
    struct template_options options = {.first_line = 5, .partials = partial ? &partials : NULL};
    struct template *t = template_compile(str_of(source), &options, &error);
    struct buf names = BUF_INIT;
    if (!t)
        fail_msg("%s", error.text);
    buf_add_text(&names, "");
    template_each_name(t, add_name, &names);
    assert_string_equal(names.at, expected);
    template_free(t);
    buf_release(&names);
}

static void assert_names(const char *source, const char *expected)
{
    assert_names_with(source, NULL, expected);
}

static void names_of_the_outside_are_told_once_with_their_first_place(void **state)
{
    (void)state;
    assert_names("Dear {{ contact.first_name | default: friend }}\n"
                 "{% if contact.first_name == job.name %}{{ contact.city }}{% endif %}",
                 "contact.first_name 5:9;friend 5:39;job.name 6:29;contact.city 6:43;");
    assert_names("no names {{ 'text' }} {{ true }}", "");
}

static void what_the_template_sets_is_its_own(void **state)
{
    (void)state;
    assert_names("{% assign a = b %}{% capture c %}{% endcapture %}{% increment d %}{{ a }}{{ c }}"
                 "{{ d }}{% for x in list %}{{ x.y }}{{ forloop.index }}{% endfor %}",
                 "b 5:15;list 5:100;");
}

static void a_name_ends_where_it_is_computed(void **state)
{
    (void)state;
    assert_names("{{ a.b[c].d }}{{ e['f g'].h }}{{ i[0] }}{{ ['j'].k }}",
                 "a.b 5:4;c 5:8;e.f g.h 5:18;i 5:34;");
}

static void names_in_partials_count_too(void **state)
{
    (void)state;
    assert_names_with("{% render 'shop/card', contact: contact, who: a.b %}",
                      "{{ contact.x }}\n{{ who.z }}{{ job.y }}",
                      "contact 5:33;a.b 5:47;contact.x 1:4;job.y 2:15;");
    assert_names_with("{% render 'shop/card' for items %}", "{{ card.x }}{{ forloop.index }}",
                      "items 5:27;");
    assert_names_with("{% include which with items as thing %}", "{{ card.x }}{{ thing.z }}",
                      "which 5:12;items 5:23;card.x 1:4;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_the_outside_are_told_once_with_their_first_place),
        cmocka_unit_test(what_the_template_sets_is_its_own),
        cmocka_unit_test(a_name_ends_where_it_is_computed),
        cmocka_unit_test(names_in_partials_count_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
