/*
 * Style sheets moved into style attributes, and what stays where it is. With "-" as its argument
 * the program is a filter from standard input to standard output: so
 * tests/system/test_css_chromium.py has pages inlined to look at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "template/inline_css.h"
#include "template/markdown.h"

static void check_once(const char *html, const char *wanted)
{
    struct buf out = BUF_INIT;
    struct err err = {""};
    buf_add_text(&out, "");
    assert_int_equal(css_inline(str_of(html), &out, &err), 0);
    assert_string_equal(out.at, wanted);
    buf_release(&out);
}

/* What was inlined once is as it should be. */
static void check(const char *html, const char *wanted)
{
    check_once(html, wanted);
    check_once(wanted, wanted);
}

static void a_rule_goes_to_what_it_matches(void **state)
{
    (void)state;
    check("<style>p{color:red}</style><p>x</p><b>y</b>", "<p style=\"color:red\">x</p><b>y</b>");
    check(
        "<style> P , .a { Color : red ; margin : 0 auto } </style><p>x<i class=\"a\">",
        "<p style=\"Color:red;margin:0 auto\">x<i style=\"Color:red;margin:0 auto\" class=\"a\">");
    check("<html>\n<body  class=x>\n<style>body{margin:0}</style>\n<p  >",
          "<html>\n<body style=\"margin:0\"  class=x>\n\n<p  >");
    check("<p>no sheet, {{ nothing }} < changes", "<p>no sheet, {{ nothing }} < changes");
}

static void rules_without_an_element_go(void **state)
{
    (void)state;
    check("a<style>.x{color:red}p{}</style>b<p>", "ab<p>");
}

static void the_cascade_is_specificity_then_order(void **state)
{
    (void)state;
    check("<style>#a{color:red}.b{color:blue}p{color:green}</style><p id=a class=b>",
          "<p style=\"color:red\" id=a class=b>");
    check("<style>p{color:red;margin:0}p{color:blue}</style><p>",
          "<p style=\"margin:0;color:blue\">");
    check("<style>p p,p{color:red}</style><style>div p{color:blue}p{color:green}</style><div><p>",
          "<div><p style=\"color:blue\">");
    check("<style>i,.a{color:red}b i{color:blue}</style><b><i class=a>",
          "<b><i style=\"color:red\" class=a>");
}

static void shorthands_keep_their_order(void **state)
{
    (void)state;
    check("<style>p{margin-top:1px}p{margin:0}p.a{margin-top:2px}</style><p class=a>",
          "<p style=\"margin:0;margin-top:2px\" class=a>");
    check("<style>.a{margin-top:1px}p{margin:0}</style><p class=a>",
          "<p style=\"margin:0;margin-top:1px\" class=a>");
}

static void importance_wins_and_is_taken_off(void **state)
{
    (void)state;
    check("<style>p{color:red!important}#a{color:blue}</style><p id=a>",
          "<p style=\"color:red\" id=a>");
    check("<style>p{color:red!important;color:blue}</style><p>", "<p style=\"color:red\">");
    check("<style>p{margin:0!important}#a{margin-top:1px}</style><p id=a>",
          "<p style=\"margin-top:1px;margin:0\" id=a>");
    check("<style>p{color:red!important}#a{color:blue!important}</style><p id=a>",
          "<p style=\"color:blue\" id=a>");
}

static void the_own_style_comes_last(void **state)
{
    (void)state;
    check("<style>p{color:red;margin:0}</style><p style=\"color: blue\">",
          "<p style=\"margin:0;color: blue\">");
    check("<style>p{color:red!important;margin:0}</style><p style='color: blue'>",
          "<p style='margin:0;color:red!important;color: blue'>");
    check("<style>p{border:0!important}</style><p style='border-top: 1px'>",
          "<p style='border:0!important;border-top: 1px'>");
    check("<style>p{color:red!important}</style><p style='color: blue!important'>",
          "<p style='color: blue!important'>");
    check("<style>p{color:red}</style><p style>", "<p style=\"color:red\">");
    check("<style>p{color:red}</style><p style=\"\">", "<p style=\"color:red\">");
    check("<style>p{color:red}</style><p class=x style=margin:0 id=y>",
          "<p class=x style=\"color:red;margin:0\" id=y>");
}

static void fallbacks_stay(void **state)
{
    (void)state;
    check("<style>p{background:red;background:linear-gradient(red,blue)}</style><p>",
          "<p style=\"background:red;background:linear-gradient(red,blue)\">");
    check("<style>p{width:9px}p{width:calc(1px + 1em)}</style><p>",
          "<p style=\"width:9px;width:calc(1px + 1em)\">");
    check("<style>p{display:block}p{display:-webkit-box}</style><p>",
          "<p style=\"display:block;display:-webkit-box\">");
}

static void quotes_and_references_are_safe(void **state)
{
    (void)state;
    check("<style>p{font-family:\"A B\",x}</style><p>", "<p style='font-family:\"A B\",x'>");
    check("<style>p{font-family:'A B',x}</style><p>", "<p style=\"font-family:'A B',x\">");
    check("<style>p{font-family:\"A B\",'C'}</style><p>",
          "<p style=\"font-family:&quot;A B&quot;,'C'\">");
    check("<style>p{font-family:\"A B\"}</style><p style=\"margin:0\">",
          "<p style=\"font-family:&quot;A B&quot;;margin:0\">");
    check("<style>p{font-family:'A'}</style><p style='margin:0'>",
          "<p style='font-family:&#39;A&#39;;margin:0'>");
    check("<style>p{background:url(a?b&lt=c)}</style><p>",
          "<p style=\"background:url(a?b&amp;lt=c)\">");
    check("<style>p{color:red}</style><p style='font-family:&quot;A;B&quot;'>",
          "<p style='color:red;font-family:&quot;A;B&quot;'>");
}

static void space_and_comments_in_values_shrink(void **state)
{
    (void)state;
    check("<style>p{margin:0\n  1px/*x*/2px /*y*/;content:'a  b'}</style><p>",
          "<p style=\"margin:0 1px 2px;content:'a  b'\">");
}

static void at_rules_and_states_stay(void **state)
{
    (void)state;
    check("<style>\n@import 'x';\n/* c */\np{margin:0}\n@media x{p{margin:1px}}\n</style><p>",
          "<style>\n@import 'x';\n@media x{p{margin:1px}}\n</style><p style=\"margin:0\">");
    check("<style>a , a:hover,a::before{ color : red }</style><a>",
          "<style>a:hover, a::before{ color : red }</style><a style=\"color:red\">");
    check("<style>a,a:is(b){color:red}p{margin:0}</style><a><p>",
          "<style>a,a:is(b){color:red}</style><a><p style=\"margin:0\">");
    check("<style>:root{color:red}</style><html>",
          "<style>:root{color:red}</style><html style=\"color:red\">");
}

static void rules_for_mail_programs_stay(void **state)
{
    (void)state;
    const char hooks[] = "<style>#outlook a{padding:0} .ExternalClass{width:100%} "
                         "u + .body p{margin:0} [data-ogsc] p{color:red} "
                         "a[x-apple-data-detectors]{color:inherit!important}</style><body "
                         "class=body><p><a>";
    check(hooks, hooks);
}

static void sheets_that_say_so_stay_whole(void **state)
{
    (void)state;
    static const char *const sheets[] = {
        "<style data-inline=off>p{color:red}</style><p>",
        "<style data-embed>p{color:red}</style><p>",
        "<style media=print>p{color:red}</style><p>",
        "<style type=text/x>p{color:red}</style><p>",
        "<style {% if x %}media=print{% endif %}>p{color:red}</style><p>",
        "<!--[if mso]><style>p{color:red}</style><![endif]--><p>",
        "<!--[if !mso]><!--><style>p{color:red}</style><!--<![endif]--><p>",
        "<svg><style>p{color:red}</style></svg><p>",
        "<textarea><style>p{color:red}</style></textarea><p>",
    };
    for (size_t i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++)
        check(sheets[i], sheets[i]);
    check("<style type='text/css' media=ALL data-inline=on>p{color:red}</style><p>",
          "<p style=\"color:red\">");
    check("<!--[if !mso]><!-->x<!--<![endif]--><style>p{color:red}</style><p>",
          "<!--[if !mso]><!-->x<!--<![endif]--><p style=\"color:red\">");
}

static void liquid_in_text_is_kept(void **state)
{
    (void)state;
    check("{% assign c = 'x>y' %}<head>{{ a }}<style>td{color:red}</style></head><body>"
          "<table>{% for r in rows %}<tr><td>{{ r | default: \"<td>\" }}{% endfor %}</table>",
          "{% assign c = 'x>y' %}<head>{{ a }}</head><body>"
          "<table>{% for r in rows %}<tr><td style=\"color:red\">{{ r | default: \"<td>\" }}"
          "{% endfor %}</table>");
}

static void liquid_in_values_goes_along(void **state)
{
    (void)state;
    check("<style>p{color:red;color:{{ c | default: \"a&b\" }};margin:0}</style><p>",
          "<p style=\"color:red;color:{{ c | default: \"a&b\" }};margin:0\">");
}

static void liquid_in_the_own_style_overrides_nothing(void **state)
{
    (void)state;
    check_once("<style>p{color:red}</style><p style=\"{% if x %}color:blue{% endif %}\">",
               "<p style=\"color:red;{% if x %}color:blue{% endif %}\">");
    check_once("<style>p{color:red!important}</style><p style='{{ x }}'>",
               "<p style='color:red!important;{{ x }}'>");
}

static void what_perhaps_matches_is_left_to_the_sheet(void **state)
{
    (void)state;
    check("<style>p{color:red;margin:0}.a{color:blue}#i{color:green}</style><p class=\"{{ c }}\">"
          "<p><p id=i class=\"{{ c }}\">",
          "<style>p{color:red;margin:0}.a{color:blue}</style>"
          "<p style=\"margin:0\" class=\"{{ c }}\"><p style=\"color:red;margin:0\">"
          "<p style=\"margin:0;color:green\" id=i class=\"{{ c }}\">");
}

static void important_stays_where_its_rule_does(void **state)
{
    (void)state;
    const char sheet[] = "<style>p{color:red!important}.a{color:tan!important}</style>";
    char html[200], wanted[200];
    snprintf(html, sizeof(html), "%s<p class='{{ c }}'><p>", sheet);
    snprintf(wanted, sizeof(wanted), "%s<p class='{{ c }}'><p style=\"color:red!important\">",
             sheet);
    check(html, wanted);
}

static void elements_that_liquid_writes_get_nothing(void **state)
{
    (void)state;
    const char *const left[] = {
        "<style>p{color:red}</style><p {{ attributes }}>",
        "<style>p{color:red}</style><p {% if x %}style=\"margin:0\"{% endif %}>",
        "<style>p{color:red}</style><p style{% if x %}=margin:0{% endif %}>",
    };
    for (size_t i = 0; i < 3; i++)
        check(left[i], left[i]);
    check("<style>p{color:red}</style><p {% if x %}id=a{% endif %} style=\"margin:0\">",
          "<p {% if x %}id=a{% endif %} style=\"color:red;margin:0\">");
}

static void rules_between_tags_stay(void **state)
{
    (void)state;
    check("<style>p{color:red;margin:0}{% if x %} p{color:blue} {% endif %}b{margin:0}</style>"
          "<p><b>",
          "<style>p{color:red;margin:0}{% if x %} p{color:blue} {% endif %}</style>"
          "<p style=\"margin:0\"><b style=\"margin:0\">");
    check("<style>{% assign c = 1 %}p{color:red}</style><p>",
          "<style>{% assign c = 1 %}</style><p style=\"color:red\">");
    check("<style>.x{ {% if y %} color:red {% endif %} }p{margin:0}</style><p>",
          "<style>.x{ {% if y %} color:red {% endif %} }</style><p style=\"margin:0\">");
    check("{% if x %}<style>p{color:red}</style><p>{% else %}<b>{% endif %}",
          "{% if x %}<p style=\"color:red\">{% else %}<b>{% endif %}");
}

static void every_rule_stays_where_partials_bring_elements(void **state)
{
    (void)state;
    check("<style>p{color:red} .a{margin:0}</style><p>{% render 'x' %}",
          "<style>p{color:red} .a{margin:0}</style><p style=\"color:red\">{% render 'x' %}");
    check("<style>p{color:red}</style><p>{{ html | raw }}",
          "<style>p{color:red}</style><p style=\"color:red\">{{ html | raw }}");
}

static void every_rule_stays_where_captures_bring_elements(void **state)
{
    (void)state;
    const char markup[] = "<style>.a p{color:red}</style>{% capture k %}<p>x</p>{% endcapture %}"
                          "<div class=\"a\">{{ k }}</div>";
    check(markup, markup);
    check("<style>.a p{color:red}b{margin:0}</style>{% capture k %}x{% endcapture %}<b>{{ k }}",
          "{% capture k %}x{% endcapture %}<b style=\"margin:0\">{{ k }}");
}

static void rules_between_rounds_of_a_loop_stay(void **state)
{
    (void)state;
    const char left[] = "<style>li+li{left:0}</style><ul>{% for x in l %}<li>{{ x }}</li>"
                        "{% endfor %}</ul>";
    check(left, left);
}

static void links_get_what_is_not_for_visited_ones(void **state)
{
    (void)state;
    check("<style>.btn:link,.btn:visited{color:#fff}a{color:red}</style><a class=btn href=x><a>",
          "<style>.btn:visited{color:#fff}</style><a style=\"color:#fff\" class=btn href=x>"
          "<a style=\"color:red\">");
}

static void elements_without_a_tag_leave_the_rule(void **state)
{
    (void)state;
    check("<style>tbody{color:red}td{margin:0}</style><table><tr><td>",
          "<style>tbody{color:red}</style><table><tr><td style=\"margin:0\">");
    check("<style>b{color:red}</style><p><b>x<p>y",
          "<style>b{color:red}</style><p><b style=\"color:red\">x<p>y");
}

static void no_liquid_comes_to_be(void **state)
{
    (void)state;
    check_once("{<style>p{}</style>{ x }}", "{<style></style>{ x }}");
    check_once("<style>p{}</style {% assign x = 1 %}>", "<style></style {% assign x = 1 %}>");
    check_once("<style>p{--a:{/**/{ x } }}</style><p>", "<p style=\"--a:{ { x } }\">");
}

static void escaped_class_names_are_found(void **state)
{
    (void)state;
    check("<style>.sm\\:w-1\\/2{width:50%}</style><p class=sm:w-1/2>",
          "<p style=\"width:50%\" class=sm:w-1/2>");
}

static void broken_css_is_dropped_as_browsers_do(void **state)
{
    (void)state;
    check("<style>p{color red;margin:0;*zoom:1}</style><p>", "<p style=\"margin:0\">");
    check("<style>p,{color:red}b{margin:0}</style><p><b>",
          "<style>p,{color:red}</style><p><b style=\"margin:0\">");
    check("<style>b{margin:0}p{color:red</style><p><b>",
          "<style>p{color:red</style><p><b style=\"margin:0\">");
    check("<style>p{color:red;&:hover{color:blue}}</style><p>",
          "<style>p{color:red;&:hover{color:blue}}</style><p>");
}

static void note(void *ctx, unsigned line, const char *sentence)
{
    buf_addf(ctx, "%u: %s\n", line, sentence);
}

static void faults_are_reported(void **state)
{
    (void)state;
    struct buf out = BUF_INIT, notes = BUF_INIT;
    struct err err;
    struct css_report report = {&notes, note};
    const char html[] = "<style>\np{color red}\n\n,b{}\n i{a:b;c{d:e}}\nu{</style><p>";
    assert_int_equal(css_inline_reported(str_of(html), &report, &out, &err), 0);
    assert_string_equal(
        notes.at,
        "2: \"color red\" is no declaration (name: value;) and is dropped.\n"
        "4: \",b{}\" is no selector, so mail programs drop the whole rule.\n"
        "5: \"c{d:e}\" is a rule in a rule, which few mail programs know; write it as a rule of "
        "its own.\n"
        "6: The rule that starts with \"u{\" never ends; is a \"}\" missing?\n");
    buf_release(&out);
    buf_release(&notes);
}

static void check_refused(const char *start, const char *again, size_t times, const char *sentence)
{
    struct buf html = BUF_INIT, out = BUF_INIT;
    struct err err = {""};
    buf_add_text(&html, start);
    for (size_t i = 0; i < times; i++)
        buf_add_text(&html, again);
    buf_add_text(&out, "before");
    assert_int_equal(css_inline(buf_str(&html), &out, &err), -1);
    assert_non_null(strstr(err.text, sentence));
    assert_string_equal(out.at, "before");
    buf_release(&html);
    buf_release(&out);
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    const char sheet[] = "<style>p{color:red}</style>";
    check_refused(sheet, "x", TEMPLATE_SOURCE_MAX, "longer than");
    check_refused(sheet, "<div>", 5000, "Line 1: More than 512 elements are open");
    check_refused(sheet, "<p><b id=1><b id=2><b id=3>x</p>", 30000, "elements");
    check_refused(sheet, "{% if x %}", 1000, "Liquid blocks nest");
    check_refused("<style>", "p{}", 5000, "more than 4096 rules");
    check_refused("<style>p{color:rgb(255,255,255);margin:0 auto 0 auto;padding:1px 2px}</style>",
                  "<p>", 100000, "longer than 4 MiB");
}

/* Takes seconds if it is quadratic somewhere, and for ever if it is worse. */
static void hostile_sheets_end(void **state)
{
    (void)state;
    struct buf html = BUF_INIT, out = BUF_INIT;
    struct err err;
    buf_add_text(&html, "<style>");
    for (int i = 0; i < 4096; i++)
        buf_addf(&html, "x div > p ~ i > div%d td ~ td{a:b}", i % 7);
    buf_add_text(&html, "</style>");
    for (int i = 0; i < 200; i++)
        buf_add_text(&html, "<div>");
    buf_add_text(&html, "<table>");
    for (int i = 0; i < 20000; i++)
        buf_add_text(&html, "<tr><td><td>");
    css_inline(buf_str(&html), &out, &err);
    buf_release(&html);
    buf_release(&out);
}

static int filter(void)
{
    struct buf in = BUF_INIT, out = BUF_INIT;
    struct err err = {""};
    for (size_t n = 1; n; in.len += n)
        n = fread(buf_reserve(&in, 4096), 1, 4096, stdin);
    int result = css_inline(buf_str(&in), &out, &err);
    fprintf(stderr, "%s", err.text);
    fwrite(out.at, 1, out.len, stdout);
    buf_release(&in);
    buf_release(&out);
    return result < 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "-") == 0)
        return filter();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_goes_to_what_it_matches),
        cmocka_unit_test(rules_without_an_element_go),
        cmocka_unit_test(the_cascade_is_specificity_then_order),
        cmocka_unit_test(shorthands_keep_their_order),
        cmocka_unit_test(importance_wins_and_is_taken_off),
        cmocka_unit_test(the_own_style_comes_last),
        cmocka_unit_test(fallbacks_stay),
        cmocka_unit_test(quotes_and_references_are_safe),
        cmocka_unit_test(space_and_comments_in_values_shrink),
        cmocka_unit_test(at_rules_and_states_stay),
        cmocka_unit_test(rules_for_mail_programs_stay),
        cmocka_unit_test(sheets_that_say_so_stay_whole),
        cmocka_unit_test(liquid_in_text_is_kept),
        cmocka_unit_test(liquid_in_values_goes_along),
        cmocka_unit_test(liquid_in_the_own_style_overrides_nothing),
        cmocka_unit_test(what_perhaps_matches_is_left_to_the_sheet),
        cmocka_unit_test(important_stays_where_its_rule_does),
        cmocka_unit_test(elements_that_liquid_writes_get_nothing),
        cmocka_unit_test(rules_between_tags_stay),
        cmocka_unit_test(every_rule_stays_where_partials_bring_elements),
        cmocka_unit_test(every_rule_stays_where_captures_bring_elements),
        cmocka_unit_test(rules_between_rounds_of_a_loop_stay),
        cmocka_unit_test(links_get_what_is_not_for_visited_ones),
        cmocka_unit_test(elements_without_a_tag_leave_the_rule),
        cmocka_unit_test(no_liquid_comes_to_be),
        cmocka_unit_test(escaped_class_names_are_found),
        cmocka_unit_test(broken_css_is_dropped_as_browsers_do),
        cmocka_unit_test(faults_are_reported),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(hostile_sheets_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
