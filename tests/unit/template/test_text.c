#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/markdown.h"
#include "template/text.h"

static void assert_text(int (*from)(struct str, struct buf *, struct err *), const char *source,
                        const char *expected)
{
    struct buf text = BUF_INIT;
    struct err err;
    if (from(str_of(source), &text, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(text.at, expected);
    buf_release(&text);
}

static void markdown_reads_like_a_letter(void **state)
{
    (void)state;
    assert_text(
        text_from_markdown,
        "# Élodie\n\nA *b* **c** `d`\nsame paragraph  \nnew line\n\n## Two\n\n***\n",
        "Élodie\n======\n\nA _b_ *c* d same paragraph\nnew line\n\nTwo\n---\n\n----------\n");
}

static void links_are_written_once(void **state)
{
    (void)state;
    assert_text(text_from_markdown,
                "[Share](https://x.org/a?b&c) <https://y.org> <a@b.org> ![alt](i.png)",
                "Share <https://x.org/a?b&c> https://y.org a@b.org alt\n");
}

static void lists_and_quotes_keep_their_shape(void **state)
{
    (void)state;
    assert_text(text_from_markdown, "- a\n  - b\n  - c\n- d\n\n9. x\n10. y\n\n> q\n>\n> - r\n\nend",
                "- a\n  - b\n  - c\n- d\n\n9. x\n10. y\n\n> q\n>\n> - r\n\nend\n");
    assert_text(text_from_markdown, "- a\n\n  b\n\n- c\n", "- a\n\n  b\n\n- c\n");
}

static void tags_take_no_line_of_their_own(void **state)
{
    (void)state;
    assert_text(text_from_markdown,
                "Hello\n\n{% if a == \"<\" %}\nmore {{ b }}\n{% endif %}\n\nend",
                "Hello\n\n{% if a == \"<\" %}more {{ b }}\n\n{% endif %}end\n");
    assert_text(text_from_markdown, "- a\n{% for x in y %}\n- {{ x }}\n{% endfor %}\n- b\n\nend",
                "- a\n{% for x in y %}- {{ x }}\n{% endfor %}- b\n\nend\n");
    assert_text(text_from_markdown, "{% for x in y %}\n- {{ x }}\n{% endfor %}\n\nend",
                "{% for x in y %}- {{ x }}\n{% endfor %}\nend\n");
}

static void raw_html_in_markdown_becomes_text(void **state)
{
    (void)state;
    assert_text(text_from_markdown, "a <a href=\"{{ u }}\">b</a><br>c\n\n<div><p>d</p></div>\n",
                "a b <{{ u }}>\nc\n\nd\n");
}

static void code_is_indented(void **state)
{
    (void)state;
    assert_text(text_from_markdown, "```\na  b\n\nc\n```\n", "    a  b\n\n    c\n");
}

static void html_reads_like_a_letter(void **state)
{
    (void)state;
    assert_text(
        text_from_html,
        "<html><head><title>t</title><style>p{}</style></head><body><h1>Caf&eacute;</h1>\n"
        "<p>One\n two &amp; <b>three</b>&nbsp;four</p><script>x</script><!-- no -->"
        "<p>See <a href='https://x.org/?a&amp;b'>it</a>, <a "
        "href=\"https://y.org\">https://y.org</a>"
        "<br>next</p><hr><img alt='a cat' src=x></body></html>",
        "Café\n====\n\nOne two & three four\n\nSee it <https://x.org/?a&b>, https://y.org\nnext\n\n"
        "----------\n\na cat\n");
}

static void html_lists_and_tables_keep_their_lines(void **state)
{
    (void)state;
    assert_text(
        text_from_html,
        "<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</ul><blockquote><p>q</p></blockquote>"
        "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>",
        "- a\n  1. b\n  2. c\n- d\n\n> q\n\n1 2\n3\n");
}

static void liquid_in_html_survives(void **state)
{
    (void)state;
    assert_text(text_from_html,
                "<p>Hi {{ a | default: \"<x>\" }}</p>\n<table>{% for r in rows %}<tr><td>{{ r "
                "}}</td></tr>{% endfor %}"
                "</table><p {% if a %}class=x{% endif %}>b</p>",
                "Hi {{ a | default: \"<x>\" }}\n\n{% for r in rows %}{{ r }}\n{% endfor %}\n{% if "
                "a %}{% endif %}b\n");
}

static void braces_that_are_text_do_not_become_liquid(void **state)
{
    (void)state;
    assert_text(text_from_html, "&#123;&#123; a }}", "{{ '{' }}{ a }}\n");
}

static void broken_html_ends_well(void **state)
{
    (void)state;
    assert_text(text_from_html, "a <b c=\"d", "a\n");
    assert_text(text_from_html, "1 < 2 &bogus; &#xD800; </ol></a></li><style>never closed",
                "1 < 2 &bogus; \xef\xbf\xbd\nnever closed\n");
}

static void too_deep_nesting_is_refused(void **state)
{
    (void)state;
    struct buf source = BUF_INIT, text = BUF_INIT;
    struct err err;
    for (int i = 0; i < 1000; i++)
        buf_add_text(&source, "<ul><li>");
    assert_int_equal(text_from_html(buf_str(&source), &text, &err), -1);
    buf_reset(&source);
    for (int i = 0; i < 1000; i++)
        buf_add_text(&source, ">");
    buf_add_text(&source, "a");
    assert_int_equal(text_from_markdown(buf_str(&source), &text, &err), -1);
    assert_non_null(strstr(err.text, "too deep"));
    buf_release(&source);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_reads_like_a_letter),
        cmocka_unit_test(links_are_written_once),
        cmocka_unit_test(lists_and_quotes_keep_their_shape),
        cmocka_unit_test(tags_take_no_line_of_their_own),
        cmocka_unit_test(raw_html_in_markdown_becomes_text),
        cmocka_unit_test(code_is_indented),
        cmocka_unit_test(html_reads_like_a_letter),
        cmocka_unit_test(html_lists_and_tables_keep_their_lines),
        cmocka_unit_test(liquid_in_html_survives),
        cmocka_unit_test(braces_that_are_text_do_not_become_liquid),
        cmocka_unit_test(broken_html_ends_well),
        cmocka_unit_test(too_deep_nesting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
