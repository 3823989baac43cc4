#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/links.h"
#include "unit/template/mails.h"

struct found {
    struct arena memory;
    struct link *links;
    size_t count;
};

static struct found find(struct str html)
{
    struct found f = {.memory = ARENA_INIT};
    struct err err = {{0}};
    if (links_find(html, &f.memory, &f.links, &f.count, &err) < 0)
        fail_msg("%s", err.text);
    return f;
}

/* The targets, each in brackets, a "*" before those that may be tracked. */
static void assert_links(const char *html, const char *expected)
{
    struct found f = find(str_of(html));
    struct buf got = BUF_INIT;
    buf_add_text(&got, "");
    for (size_t i = 0; i < f.count; i++)
        buf_addf(&got, "%s[%.*s]", f.links[i].trackable ? "*" : "", STR_ARG(f.links[i].target));
    assert_string_equal(got.at ? got.at : "", expected);
    buf_release(&got);
    arena_release(&f.memory);
}

/* Each value becomes "NEW", or what is given. */
static void assert_replaced_with(const char *html, const char *value, const char *expected)
{
    struct found f = find(str_of(html));
    struct buf out = BUF_INIT;
    struct str values[64];
    assert_true(f.count <= 64);
    for (size_t i = 0; i < f.count; i++)
        values[i] = str_of(value);
    links_replace(str_of(html), f.links, f.count, values, &out);
    assert_string_equal(out.at, expected);
    buf_release(&out);
    arena_release(&f.memory);
}

static void assert_replaced(const char *html, const char *expected)
{
    assert_replaced_with(html, "NEW", expected);
}

static void assert_fault(const char *value, const char *fault)
{
    struct buf html = BUF_INIT;
    buf_addf(&html, "<a href=\"%s\">", value);
    struct found f = find(buf_str(&html));
    assert_int_equal(f.count, 1);
    if (fault && !f.links[0].fault)
        fail_msg("%s has no fault", value);
    if (fault)
        assert_string_equal(f.links[0].fault, fault);
    else if (f.links[0].fault)
        fail_msg("%s", f.links[0].fault);
    assert_false(fault && f.links[0].trackable);
    buf_release(&html);
    arena_release(&f.memory);
}

static void links_of_a_and_area_are_found(void **state)
{
    (void)state;
    assert_links("<p><a href=\"https://x.org/a\">x</a> <area shape=rect href='http://x.org/b'>"
                 "<a class=b href=https://x.org/c/>y</a></p>",
                 "*[https://x.org/a]*[http://x.org/b]*[https://x.org/c/]");
    assert_links("<link href=\"https://x.org\"><base href=\"https://y.org\"><abbr href='z'>"
                 "<v:roundrect href=\"https://x.org\">https://x.org",
                 "");
}

static void a_link_says_where_it_stands(void **state)
{
    (void)state;
    struct str html = STR("<p>\n<a\n class=b href = \"https://x.org/?a&amp;b\" >\n<a href=c>");
    struct found f = find(html);
    assert_int_equal(f.count, 2);
    struct str value = {html.at + f.links[0].at, f.links[0].len};
    assert_true(str_eq(value, STR("https://x.org/?a&amp;b")));
    assert_true(str_eq(f.links[0].target, STR("https://x.org/?a&b")));
    assert_int_equal(f.links[0].quote, '"');
    assert_int_equal(f.links[0].line, 3);
    assert_int_equal(f.links[1].quote, 0);
    assert_int_equal(f.links[1].line, 4);
    arena_release(&f.memory);
}

static void tags_are_cut_as_browsers_do(void **state)
{
    (void)state;
    assert_links("<a title=\">\" href='x1'>", "[x1]");
    assert_links("<a title='\"' href=x2>", "[x2]");
    assert_links("<A\nHREF\n=\n'x3'>", "[x3]");
    assert_links("<a disabled href='x4'/>", "[x4]");
    assert_links("<a/href='x5'>", "[x5]");
    assert_links("<a x='1'href='x6'>", "[x6]");
    assert_links("<a href='x7' href='no'>", "[x7]");
    assert_links("<a href href='no'>", "");
    assert_links("<a href=>", "[]");
    assert_links("<a href=\"\">", "[]");
    assert_links("<a href/='no'>", "");
    assert_links("<a ='no' href='x8'>", "[x8]");
    assert_links("<a \"href='no'>", "");
    assert_links("<a\vhref='no'>", "");
    assert_links("<a href=x9 / title=y>", "[x9]");
    assert_links("< a href='no'>", "");
    assert_links("</a href='no'><a href='x10'>", "[x10]");
    assert_links("</p title='> <a href=no>'><a href='x11'>", "[x11]");
    assert_links("<svg><a xlink:href='no'></a><a data-href='no'></a></svg>", "");
    assert_links("a < b <a href='x12'", "");
    assert_links("<a href=\"x13>text</a> <p>", "");
    assert_links("<a href='x14' title=\">", "");
    assert_links("<a href=\" \n\thttps://x.org/a \r\n\">", "*[https://x.org/a]");
}

static void null_bytes_are_no_end(void **state)
{
    (void)state;
    struct found f = find(STR("<p>\0<a\0href='no'><a hr\0ef='no'><a href='https://x.org/\0'>"));
    assert_int_equal(f.count, 1);
    assert_false(f.links[0].trackable);
    assert_non_null(strstr(f.links[0].fault, "\"https://x.org/?\" has a line break or a control"));
    arena_release(&f.memory);
}

static void what_is_no_markup_is_skipped(void **state)
{
    (void)state;
    assert_links("<!-- <a href='no'> --><a href='y1'>", "[y1]");
    assert_links("<!-- > <a href='no'> --!><a href='y2'>", "[y2]");
    assert_links("<!--><a href='y3'>--><!---><a href='y4'>-->", "[y3][y4]");
    assert_links("<!-- <!-- --><a href='y5'>-->", "[y5]");
    assert_links("<!DOCTYPE html \"<a href='no'>\"><a href='y6'>", "[y6]");
    assert_links("<?php <a href='no'> ?><a href='y7'>", "[y7]");
    assert_links("</ <a href='no'><a href='y8'></><a href='y9'>", "[y8][y9]");
    assert_links("<style>a:before{content:\"<a href='no'>\"}</style><a href='y10'>", "[y10]");
    assert_links("<script>'<a href=\"no\">'</scripts></SCRIPT ><a href='y11'>", "[y11]");
    assert_links("<title><a href='no'></title><textarea><a href='no'></textarea/>", "");
    assert_links("<noscript><a href='y12'></noscript><template><a href='y13'>", "[y12][y13]");
    assert_links("<style><a href='no'>", "");
    assert_links("<!-- <a href='no'>", "");
}

static void conditional_comments_are_read(void **state)
{
    (void)state;
    assert_links("<!--[if mso]><table><a href=\"https://x.org/1\">z</a><![endif]-->"
                 "<!--[if !mso]><!--><a href=\"https://x.org/2\"><!--<![endif]-->"
                 "<![if !mso]><a href=\"https://x.org/3\"><![endif]>",
                 "*[https://x.org/1]*[https://x.org/2]*[https://x.org/3]");
    assert_links("<!--[IF (gte mso 9)|(IE)]><style>a{}<a href='no'><![endif]--><a href='z1'>",
                 "[z1]");
    assert_links("<!--[if mso]><a href=\"no<![endif]--><a href='z2'>", "[z2]");
    assert_links("<!--[if mso]><!--[if gte mso 9]><a href='z3'><![endif]--><a href='z4'>",
                 "[z3][z4]");
    assert_links("<!--[if mso]><!-- <a href='no'><![endif]--><a href='z5'>", "[z5]");
    assert_links("<!--[if mso <a href='no'> --><a href='z6'>", "[z6]");
    assert_links("<!-- [if mso]><a href='no'><![endif]-->", "");
    assert_replaced("<!--[if mso]><a href='a'><![endif]--><a href=b>",
                    "<!--[if mso]><a href='NEW'><![endif]--><a href=NEW>");
}

static void liquid_is_no_markup(void **state)
{
    (void)state;
    assert_links("{% if a < b %}<a title=\"{{ x | default: \"y>\" }}\" href='l1'>{% endif %}",
                 "[l1]");
    assert_links("{{ \"<a href='no'>\" }}<a href='l2'>", "[l2]");
    assert_links("{% raw %}<a href='no'>{% endraw %}{% comment %}<a href='no'>{% endcomment %}"
                 "{% # <a href='no'> %}",
                 "");
    assert_links("<!-- {{ '-->' }} <a href='no'> -->", "");
    assert_links("<a {% if x > 1 %}href='l3'{% else %}href='l4'{% endif %} href='l5'>",
                 "[l3][l4][l5]");
    assert_links("<a {% if x %}class=c{% endif %} href='l6' {{ y }} href='no'>", "[l6]");
    assert_links("<a href='l5{% if x %}y{% endif %}' href='no'>", "[l5{% if x %}y{% endif %}]");
    assert_links("<a class='{% if x %}\"' {%- endif %} href='l7'>", "[l7]");
    assert_links("<{% if x %}a{% endif %} href='l8'>", "[l8]");
    assert_links("<a {%- if x -%} href='no'>", "");
    assert_links("<a href=\"{{ contact.url | default: \"https://x.org\" }}\">",
                 "[{{ contact.url | default: \"https://x.org\" }}]");
    assert_links("{% capture c %}<a href='https://x.org'>{% endcapture %}", "*[https://x.org]");
    assert_links("<a href='https://x.org'> {{ <a href='no'>", "*[https://x.org]");
}

static void fixed_web_addresses_may_be_tracked(void **state)
{
    (void)state;
    assert_links("<a href=\"HTTPS://X.org\"><a href='https://x.org/{{ y }}'>"
                 "<a href='https://x.org/{% if a > b %}c{% else %}d{% endif %}?{{ e }}'>"
                 "<a href='https://x{{ y }}'><a href=https://x.org/{{ y }}>",
                 "*[HTTPS://X.org]*[https://x.org/{{ y }}]"
                 "*[https://x.org/{% if a > b %}c{% else %}d{% endif %}?{{ e }}]"
                 "*[https://x{{ y }}]*[https://x.org/{{ y }}]");
    assert_links("<a href='https://{{ x }}'><a href='http{{ s }}://x.org'><a href='{{ x }}/y'>"
                 "<a href='{{ links.unsubscribe }}'>",
                 "[https://{{ x }}][http{{ s }}://x.org][{{ x }}/y][{{ links.unsubscribe }}]");
    assert_links("<a href=\"{% if a > b %}https://x.org{% endif %}\">",
                 "[{% if a > b %}https://x.org{% endif %}]");
    assert_links("<a href='mailto:a@x.org'><a href='tel:+321'><a href='sms:1'><a href='#top'>"
                 "<a href='data:text/html,x y'><a href='javascript:f( 1 )'><a href='ftp://x.org'>",
                 "[mailto:a@x.org][tel:+321][sms:1][#top]"
                 "[data:text/html,x y][javascript:f( 1 )][ftp://x.org]");
}

static void blocks_that_leave_the_value_are_left_alone(void **state)
{
    (void)state;
    assert_links("<a href='https://x.org/{% if a %}b'>{% else %}'>{% endif %}",
                 "[https://x.org/{% if a %}b]");
    assert_links("{% if a %}<a href='https://x.org/{% endif %}b'>", "[https://x.org/{% endif %}b]");
    assert_links("<a {% if a %}href=https://x.org/b{% endif %} c>", "*[https://x.org/b]");
    assert_links("<a href=https://x.org/{% if a %}b{% endif %} c>",
                 "*[https://x.org/{% if a %}b{% endif %}]");
}

static void authors_can_keep_a_link(void **state)
{
    (void)state;
    assert_links(
        "<a href='https://x.org/1' data-track=off><a DATA-TRACK='OFF' href=https://x.org/2>"
        "<a data-track='on' href='https://x.org/3'>",
        "[https://x.org/1][https://x.org/2]*[https://x.org/3]");
    assert_links("<a clicktracking=off href='https://x.org/1'>"
                 "<a data-msys-clicktrack=\"0\" href='https://x.org/2'>"
                 "<a disable-tracking=true href='https://x.org/3'>",
                 "[https://x.org/1][https://x.org/2][https://x.org/3]");
}

static void references_are_decoded_as_in_attributes(void **state)
{
    (void)state;
    assert_links("<a href='https://x.org/?a=1&amp;b&#38;c&#x26;d&AMP;e'>",
                 "*[https://x.org/?a=1&b&c&d&e]");
    assert_links("<a href='https://x.org/?a=1&copy=2&copyright&reg;&lt&notit;&eacute;&amp'>",
                 "*[https://x.org/?a=1&copy=2&copyright®<&notit;é&]");
    assert_links("<a href='https://x.org/?&amp;amp;&{{ x }}amp;'>",
                 "*[https://x.org/?&amp;&{{ x }}amp;]");
    assert_links("<a href='&#104;ttps:&sol;&sol;x.org'>", "*[https://x.org]");
    assert_links("<a href='&#32;https://x.org&#32;'>", "*[https://x.org]");
}

static void references_make_no_liquid(void **state)
{
    (void)state;
    assert_fault("https://x.org/&#123;&#123; x }}",
                 "The link \"https://x.org/{{ x }}\" has a brace written as a character reference; "
                 "write %7B and %7D for braces.");
    assert_links("<a href='https://x.org/{&#37; if %}'>", "[https://x.org/{% if %}]");
    assert_links("<a href='https://x.org/&lbrace;{{ x }}'>", "[https://x.org/{{{ x }}]");
}

static void faults_are_told(void **state)
{
    (void)state;
    assert_fault("https://x.org/a?b=c#d", NULL);
    assert_fault("https://x.org/{{ x | y: 'a b' }} {%- if a -%} /b {%- endif -%} ", NULL);
    assert_fault("{% if a b %} https://x {% endif %}", NULL);
    assert_fault("https://web.archive.org/web/https://x.org", NULL);
    assert_fault("https://{{ host }}/a", NULL);
    assert_fault("", "The link is empty; give it an address.");
    assert_fault("https://x.org/a b",
                 "The link \"https://x.org/a b\" has a space in it; write %20 for a space.");
    assert_fault("https://x.org/a&nbsp;b", "The link \"https://x.org/a\u00a0b\" has a space in it; "
                                           "write %20 for a space.");
    assert_fault("https://x.org/\na",
                 "The link \"https://x.org/?a\" has a line break or a control character in it; "
                 "remove it.");
    assert_fault("https://x.org](https://y.org",
                 "The link \"https://x.org](https://y.org\" has \"](\" of Markdown in it; write "
                 "[text](address), without spaces between.");
    assert_fault("http:/x.org", "The link \"http:/x.org\" has not two slashes after \"http:\" or "
                                "\"https:\"; write \"https://\".");
    assert_fault("https:x.org", "The link \"https:x.org\" has not two slashes after \"http:\" or "
                                "\"https:\"; write \"https://\".");
    assert_fault("https//x.org", "The link \"https//x.org\" has no colon after \"http\" or "
                                 "\"https\"; write \"https://\".");
    assert_fault("https://", "The link \"https://\" names no host; write \"https://\" and the name "
                             "of a site.");
    assert_fault("https:///x", "The link \"https:///x\" names no host; write \"https://\" and the "
                               "name of a site.");
    assert_fault("http://https://x.org", "The link \"http://https://x.org\" begins with \"http\" "
                                         "twice; remove one of them.");
    assert_fault("https://http//x.org", "The link \"https://http//x.org\" begins with \"http\" "
                                        "twice; remove one of them.");
    assert_fault("www.x.org/é", "The link \"www.x.org/é\" leads nowhere from a mail; begin it "
                                "with \"https://\" and the name of a site.");
    assert_fault("/{{ page }}", "The link \"/{{ page }}\" leads nowhere from a mail; begin it "
                                "with \"https://\" and the name of a site.");
}

static void long_addresses_are_a_fault(void **state)
{
    (void)state;
    struct buf url = BUF_INIT;
    buf_add_text(&url, "https://x.org/");
    while (url.len < 8192)
        buf_add_text(&url, "é");
    assert_fault(url.at, NULL);
    buf_add_text(&url, "a");
    assert_fault(url.at, "The link \"https://x.org/ééééééééééééééééééééééé…\" is longer than "
                         "8,192 bytes; shorten it.");
    buf_release(&url);
}

static void only_values_are_replaced(void **state)
{
    (void)state;
    assert_replaced("<a  title = '>' href = \"x&amp;y\" >\r\n\t<A HREF='y' >&amp;<a href=z>\v",
                    "<a  title = '>' href = \"NEW\" >\r\n\t<A HREF='NEW' >&amp;<a href=NEW>\v");
    assert_replaced("<a href= >", "<a href= NEW>");
    assert_replaced("no link", "no link");
    assert_replaced("", "");
}

static void new_values_keep_within_their_quotes(void **state)
{
    (void)state;
    assert_replaced_with("<a href=x y><a href='x'><a href=\"x\">", "a b\"c'd",
                         "<a href=\"a b&quot;c'd\" y><a href='a b\"c&#39;d'>"
                         "<a href=\"a b&quot;c'd\">");
    assert_replaced_with("<a href=x><a href=\"x\">", "{{ a | b: \"c\" }}",
                         "<a href=\"{{ a | b: \"c\" }}\"><a href=\"{{ a | b: \"c\" }}\">");
    assert_replaced_with("<a href=x>", "https://x.org/?a=1", "<a href=\"https://x.org/?a=1\">");
    assert_replaced_with("<a href=x>", "", "<a href=\"\">");
}

static void old_values_change_nothing(void **state)
{
    (void)state;
    struct str html = STR("<a href={{ a }}>\n<a href=' b \"'>{{ c }}<area href=\"d'\">");
    struct found f = find(html);
    struct buf out = BUF_INIT;
    struct str values[3];
    assert_int_equal(f.count, 3);
    for (size_t i = 0; i < 3; i++)
        values[i] = (struct str){html.at + f.links[i].at, f.links[i].len};
    links_replace(html, f.links, f.count, values, &out);
    assert_true(str_eq(buf_str(&out), html));
    buf_reset(&out);
    memset(values, 0, sizeof(values));
    links_replace(html, f.links, f.count, values, &out);
    assert_true(str_eq(buf_str(&out), html));
    buf_release(&out);
    arena_release(&f.memory);
}

static void escaping_keeps_liquid(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    link_escape(STR("https://x.org/?a&b={{ c | d: \"<&>\" }}'\"<>&amp;"), &out);
    assert_string_equal(out.at, "https://x.org/?a&amp;b={{ c | d: \"<&>\" }}"
                                "&#39;&quot;&lt;&gt;&amp;amp;");
    buf_release(&out);
}

static void there_is_a_limit(void **state)
{
    (void)state;
    struct buf html = BUF_INIT;
    struct arena memory = ARENA_INIT;
    struct link *links;
    struct err err;
    size_t count;
    for (int i = 0; i < LINKS_MAX; i++)
        buf_add_text(&html, "<a href=x>\n");
    assert_int_equal(links_find(buf_str(&html), &memory, &links, &count, &err), 0);
    assert_int_equal(count, LINKS_MAX);
    buf_add_text(&html, "<a href=x>");
    assert_int_equal(links_find(buf_str(&html), &memory, &links, &count, &err), -1);
    assert_string_equal(err.text, "Line 1001: this is link number 1001, and a message may have "
                                  "1000; use fewer.");
    arena_release(&memory);
    buf_release(&html);
}

/* How often `part` is in s. */
static size_t occurrences(struct str s, struct str part)
{
    size_t count = 0;
    for (const char *hit; s.len && (hit = memmem(s.at, s.len, part.at, part.len)); count++)
        s = str_skip(s, (size_t)(hit - s.at) + part.len);
    return count;
}

/* In these mails each `href` is that of a link, in double quotes. */
static void each_link_is_replaced_once(struct str html)
{
    struct found f = find(html);
    struct buf out = BUF_INIT, back = BUF_INIT;
    struct str *values = calloc(f.count + 1, sizeof(*values));
    assert_int_equal(f.count, occurrences(html, STR("href=\"")));
    for (size_t i = 0; i < f.count; i++)
        values[i] = STR("https://t.example/1");
    links_replace(html, f.links, f.count, values, &out);
    assert_int_equal(occurrences(buf_str(&out), STR("href=\"https://t.example/1\"")), f.count);
    struct found again = find(buf_str(&out));
    assert_int_equal(again.count, f.count);
    for (size_t i = 0; i < f.count; i++)
        values[i] = (struct str){html.at + f.links[i].at, f.links[i].len};
    links_replace(buf_str(&out), again.links, again.count, values, &back);
    assert_true(str_eq(buf_str(&back), html));
    free(values);
    arena_release(&f.memory);
    arena_release(&again.memory);
    buf_release(&out);
    buf_release(&back);
}

static void real_mails_are_replaced_and_put_back(void **state)
{
    (void)state;
    mails_each(each_link_is_replaced_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_of_a_and_area_are_found),
        cmocka_unit_test(a_link_says_where_it_stands),
        cmocka_unit_test(tags_are_cut_as_browsers_do),
        cmocka_unit_test(null_bytes_are_no_end),
        cmocka_unit_test(what_is_no_markup_is_skipped),
        cmocka_unit_test(conditional_comments_are_read),
        cmocka_unit_test(liquid_is_no_markup),
        cmocka_unit_test(fixed_web_addresses_may_be_tracked),
        cmocka_unit_test(blocks_that_leave_the_value_are_left_alone),
        cmocka_unit_test(authors_can_keep_a_link),
        cmocka_unit_test(references_are_decoded_as_in_attributes),
        cmocka_unit_test(references_make_no_liquid),
        cmocka_unit_test(faults_are_told),
        cmocka_unit_test(long_addresses_are_a_fault),
        cmocka_unit_test(only_values_are_replaced),
        cmocka_unit_test(new_values_keep_within_their_quotes),
        cmocka_unit_test(old_values_change_nothing),
        cmocka_unit_test(escaping_keeps_liquid),
        cmocka_unit_test(there_is_a_limit),
        cmocka_unit_test(real_mails_are_replaced_and_put_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
