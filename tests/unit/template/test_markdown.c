#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/markdown.h"

static void assert_html(const char *markdown, const char *expected)
{
    struct buf html = BUF_INIT;
    struct err err;
    if (markdown_to_html(str_of(markdown), &html, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(html.at, expected);
    buf_release(&html);
}

static void markdown_becomes_html(void **state)
{
    (void)state;
    assert_html("# T\n\n*a* <b>b</b> \"c\"",
                "<h1>T</h1>\n<p><em>a</em> <b>b</b> &quot;c&quot;</p>\n");
}

static void liquid_survives_everywhere(void **state)
{
    (void)state;
    assert_html("**{{ a | default: \"x<y\" }}** [t]({{ url }}?q={{ b | url_encode }} \"{{ c }}\")",
                "<p><strong>{{ a | default: \"x<y\" }}</strong> <a href=\"{{ url }}?q={{ b | "
                "url_encode }}\" "
                "title=\"{{ c }}\">t</a></p>\n");
    assert_html("![{{ a }}](https://x/{{ b }}.png)",
                "<p><img src=\"https://x/{{ b }}.png\" alt=\"{{ a }}\" /></p>\n");
    assert_html("`{{ a < \"b\" }}`\n\n    {{ c & d }}\n",
                "<p><code>{{ a < \"b\" }}</code></p>\n<pre><code>{{ c & d }}\n</code></pre>\n");
    assert_html("<{{ links.share }}>",
                "<p><a href=\"{{ links.share }}\">{{ links.share }}</a></p>\n");
    assert_html("a {% raw %}*{{ b }}*{% endraw %}", "<p>a {% raw %}*{{ b }}*{% endraw %}</p>\n");
}

static void liquid_survives_among_attributes(void **state)
{
    (void)state;
    assert_html("<div{% if a > 1 %} class=\"{{ b }}\"{% endif %}>x</div>",
                "<div{% if a > 1 %} class=\"{{ b }}\"{% endif %}>x</div>\n");
    assert_html("see <a href=\"{{ u }}\"{% if n %} rel=\"x\"{% endif %}>it</a>",
                "<p>see <a href=\"{{ u }}\"{% if n %} rel=\"x\"{% endif %}>it</a></p>\n");
}

static void a_tag_alone_on_its_line_is_no_paragraph(void **state)
{
    (void)state;
    assert_html("Hello\n{% if a %}\nmore\n{% else %}\nless\n{% endif %}\nend",
                "<p>Hello</p>\n{% if a %}\n<p>more</p>\n{% else %}\n<p>less</p>\n{% endif "
                "%}\n<p>end</p>\n");
    assert_html("> {% if a %}\n> q\n> {% endif %}\n",
                "<blockquote>\n{% if a %}\n<p>q</p>\n{% endif %}\n</blockquote>\n");
    assert_html("```\n{% if a %}\n```\n", "<pre><code>{% if a %}\n</code></pre>\n");
}

static void items_in_a_loop_are_one_list(void **state)
{
    (void)state;
    assert_html("1. a\n{% for x in y %}\n1. {{ x }}\n{% endfor %}\n",
                "<ol>\n<li>a</li>\n{% for x in y %}\n<li>{{ x }}</li>\n{% endfor %}\n</ol>\n");
    assert_html("{% for x in y %}\n- {{ x }}\n{% endfor %}\n",
                "<ul>\n{% for x in y %}\n<li>{{ x }}</li>\n{% endfor %}\n</ul>\n");
}

static void a_condition_around_a_list_stays_around_it(void **state)
{
    (void)state;
    assert_html("{% if a %}\n- b\n{% endif %}\n",
                "{% if a %}\n<ul>\n<li>b</li>\n</ul>\n{% endif %}\n");
    assert_html("{% for x in y %}\n- b\n\ntext\n{% endfor %}\n",
                "{% for x in y %}\n<ul>\n<li>b</li>\n</ul>\n<p>text</p>\n{% endfor %}\n");
}

static void outlook_comments_stay_whole(void **state)
{
    (void)state;
    assert_html("<!--[if mso]>\n{% if a %}\n<table>\n{% endif %}\n<![endif]-->\n",
                "<!--[if mso]>\n{% if a %}\n<table>\n{% endif %}\n<![endif]-->\n");
}

static void what_was_no_liquid_does_not_become_it(void **state)
{
    (void)state;
    assert_html("\\{\\{ a }} \\{% b", "<p>&#123;{ a }} &#123;% b</p>\n");
}

static void what_markdown_would_drop_is_an_error(void **state)
{
    (void)state;
    struct buf html = BUF_INIT;
    struct err err;
    assert_int_equal(markdown_to_html(STR("text\n\n[unused]: {{ a }}\n"), &html, &err), -1);
    assert_non_null(strstr(err.text, "Line 3: \"{{ a }}\""));
    assert_int_equal(html.len, 0);
    buf_release(&html);
}

static void long_sources_are_refused(void **state)
{
    (void)state;
    static char source[TEMPLATE_SOURCE_MAX + 1];
    struct buf html = BUF_INIT;
    struct err err;
    memset(source, 'x', sizeof(source));
    assert_int_equal(markdown_to_html((struct str){source, sizeof(source)}, &html, &err), -1);
    assert_int_equal(markdown_to_html((struct str){source, sizeof(source) - 1}, &html, &err), 0);
    buf_release(&html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_becomes_html),
        cmocka_unit_test(liquid_survives_everywhere),
        cmocka_unit_test(liquid_survives_among_attributes),
        cmocka_unit_test(a_tag_alone_on_its_line_is_no_paragraph),
        cmocka_unit_test(items_in_a_loop_are_one_list),
        cmocka_unit_test(a_condition_around_a_list_stays_around_it),
        cmocka_unit_test(outlook_comments_stay_whole),
        cmocka_unit_test(what_was_no_liquid_does_not_become_it),
        cmocka_unit_test(what_markdown_would_drop_is_an_error),
        cmocka_unit_test(long_sources_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
