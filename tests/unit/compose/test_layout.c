#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/layout.h"

static struct bundle_file files[] = {
    {STR("partials/foot.html"), STR("<p>foot {% include 'mark' %}</p>")},
    {STR("partials/mark.html"), STR("(c) {{ content }}")},
    {STR("partials/foot.txt"), STR("-- foot")},
    {STR("partials/round.html"), STR("{% include 'round' %}")},
};
static const struct bundle bundle = {.files = files, .count = 4};

static int apply(const char *source, const char *ending, struct buf *out, struct err *err)
{
    struct layout layout = {.bundle = &bundle,
                            .ending = ending,
                            .source = str_of(source),
                            .content = STR("Hello {{ content }}{% raw %}{{ content }}{% endraw %}"),
                            .preheader = STR("before")};
    buf_reset(out);
    return layout_apply(&layout, out, err);
}

static void check(const char *source, const char *ending, const char *want)
{
    struct buf out = BUF_INIT;
    struct err err;
    if (apply(source, ending, &out, &err) != 0)
        fail_msg("%s: %s", source, err.text);
    assert_string_equal(out.at, want);
    buf_release(&out);
}

#define HELLO "Hello {{ content }}{% raw %}{{ content }}{% endraw %}"

/* What the message says of itself is left alone. */
static void the_message_takes_its_place(void **state)
{
    (void)state;
    check("<b>{{ content }}</b>", ".html", "<b>" HELLO "</b>");
    check("{{preheader}}: {{content}}!", ".html", "before: " HELLO "!");
    check("", ".html", HELLO);
    check(
        "{% raw %}{{ content }}{% endraw %}{% comment %}{{ content }}{% endcomment %}{{ content }}",
        ".html",
        "{% raw %}{{ content }}{% endraw %}{% comment %}{{ content }}{% endcomment %}" HELLO);
    check("{{ content_of }}{{ content }}{% if content %}{% endif %}", ".html",
          "{{ content_of }}" HELLO "{% if content %}{% endif %}");
}

static void included_partials_take_theirs(void **state)
{
    (void)state;
    check("{{ content }}{% include 'foot' %}", ".txt", HELLO "-- foot");
    check("{% include \"foot\" %}", ".html", "<p>foot (c) " HELLO "</p>");
    check("{{ content }}\n\n{%- include 'foot' -%}\n\n.\n", ".txt", HELLO "-- foot.\n");
    check("{{- content }} \n{%- assign a = 1 -%} .", ".txt", HELLO " \n{%- assign a = 1 -%} .");
    check("{{ content }}{% include name %}{% include 'foot', a: 1 %}{% render 'foot' %}", ".html",
          HELLO "{% include name %}{% include 'foot', a: 1 %}{% render 'foot' %}");
}

static void faults_are_told(void **state)
{
    static const struct {
        const char *source, *ending, *words;
    } cases[] = {
        {"nothing", ".html", "0 times"},
        {"{{ content }}{{ content }}", ".html", "2 times"},
        {"{{ content }}{% include 'none' %}", ".html", "no partial \"none\""},
        {"{{ content }}{% include 'mark' %}", ".txt", "partials/mark.txt"},
        {"{{ content }}{% include 'round' %}", ".html", "includes itself"},
    };
    struct buf out = BUF_INIT;
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(apply(cases[i].source, cases[i].ending, &out, &err), -1);
        assert_non_null(strstr(err.text, cases[i].words));
    }
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_message_takes_its_place),
        cmocka_unit_test(included_partials_take_theirs),
        cmocka_unit_test(faults_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
