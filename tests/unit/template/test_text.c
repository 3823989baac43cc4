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

static void what_a_mail_hides_is_left_out(void **state)
{
    (void)state;
    assert_text(text_from_html,
                "<div style=\"color:red; display:none !important\">Pre<div>header</div> x</div>"
                "<span hidden>a</span><b style='visibility: hidden'>c</b>"
                "<div style='max-height:0;mso-hide:all'>d</div><p hidden>e<p>Shown</p>"
                "<img width=1 height=1 alt=pixel><img style='width:1px;height:1px' alt=pixel>"
                "<img hidden alt=pixel><img width=1 height=20 alt=line>",
                "Shown\n\nline\n");
    assert_text(text_from_html, "<a style='mso-hide:all' href='https://x.org'>Button</a>",
                "Button <https://x.org>\n");
    assert_text(text_from_html, "<div hidden>never <div>closed</div>", "never\nclosed\n");
}

static void hidden_text_keeps_its_tags(void **state)
{
    (void)state;
    assert_text(text_from_html,
                "<div hidden>{% if a %}x {{ a }}{% else %}y{% endif %}</div>{{ b }}",
                "{% if a %}{% else %}{% endif %}{{ b }}\n");
    assert_text(text_from_html, "{% if a %}<div hidden>{% else %}<div>{% endif %}b</div></div>",
                "{% if a %}{% else %}{% endif %}b\n");
    assert_text(text_from_html, "<b {% if a %} hidden {% endif %}>b</b>",
                "{% if a %}{% endif %}b\n");
}

static void filler_is_left_out_and_words_stay_whole(void **state)
{
    (void)state;
    assert_text(text_from_html,
                "<p>&#847;&zwnj;&nbsp;&#8199;&#8288;&shy;&zwj; a&#8288;b&zwj;&zwnj; c&zwj;</p>"
                "&#x1F469;&zwj;&#x1F4BB; &zwj;d 1&#8199;000",
                "ab c\n\n\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb d 1 000\n");
}

static void references_of_windows_mean_what_browsers_show(void **state)
{
    (void)state;
    assert_text(text_from_html, "It&#146;s &#x80;5&#133; &#150; &#159;",
                "It\xe2\x80\x99s \xe2\x82\xac"
                "5\xe2\x80\xa6 \xe2\x80\x93 \xc5\xb8\n");
}

static void comments_end_where_browsers_end_them(void **state)
{
    (void)state;
    assert_text(text_from_html,
                "a<!-- x --!>b<!-->c<!--->d<!--!> -- > x -- --->e<!-- x --! x --->f<!-- x --",
                "abcdef\n");
}

static void text_does_not_touch_an_address(void **state)
{
    (void)state;
    assert_text(text_from_html,
                "<a href='https://x.org/1'>a</a>Give <a href='https://x.org/2'>b</a>, "
                "<a href='https://x.org/3'>c</a>\xc3\xa9 <a href='https://x.org/4'>d</a>{{ e }} "
                "(<a href='https://x.org/5'>f</a>) <a href='https://x.org/6'>g</a>.",
                "a <https://x.org/1> Give b <https://x.org/2>, c <https://x.org/3> \xc3\xa9 "
                "d <https://x.org/4> {{ e }} (f <https://x.org/5>) g <https://x.org/6>.\n");
}

static void blocks_have_lines_of_their_own(void **state)
{
    (void)state;
    assert_text(text_from_html,
                "a<figure>b<figcaption>c</figcaption></figure>d<details><summary>e</summary>f"
                "</details>g<aside>h</aside>i<nav>j</nav>k<legend>l</legend>m<table><caption>n"
                "</caption><tr><td>o</table>",
                "a\n\nb\nc\n\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\n");
}

static void html_lists_count_as_they_say(void **state)
{
    (void)state;
    assert_text(text_from_html,
                "<ol start=3><li>a<li>b<li value='9'>c<li>d</ol><ol start=0><li>e</ol>"
                "<ol start='99999999999999999999'><li>f<li value=x>g</ol>",
                "3. a\n4. b\n9. c\n10. d\n\n0. e\n\n1. f\n2. g\n");
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
        cmocka_unit_test(what_a_mail_hides_is_left_out),
        cmocka_unit_test(hidden_text_keeps_its_tags),
        cmocka_unit_test(filler_is_left_out_and_words_stay_whole),
        cmocka_unit_test(references_of_windows_mean_what_browsers_show),
        cmocka_unit_test(comments_end_where_browsers_end_them),
        cmocka_unit_test(text_does_not_touch_an_address),
        cmocka_unit_test(blocks_have_lines_of_their_own),
        cmocka_unit_test(html_lists_count_as_they_say),
        cmocka_unit_test(braces_that_are_text_do_not_become_liquid),
        cmocka_unit_test(broken_html_ends_well),
        cmocka_unit_test(too_deep_nesting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
