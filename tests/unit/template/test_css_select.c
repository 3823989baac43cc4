/* Which elements a selector matches; those that have an id are named by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/buf.h"
#include "template/css_select.h"

struct page {
    struct arena memory;
    struct css_liquid liquid;
    struct css_tree tree;
};

static void page_open(struct page *p, const char *html)
{
    struct err err = {""};
    *p = (struct page){.memory = ARENA_INIT};
    assert_int_equal(css_liquid_init(&p->liquid, str_of(html), &p->memory, &err), 0);
    assert_int_equal(css_tree_init(&p->tree, &p->liquid, &p->memory, &err), 0);
}

static void page_close(struct page *p)
{
    css_tree_release(&p->tree);
    arena_release(&p->memory);
}

/* The ids of what matches, in order, with a "?" behind those that perhaps do. */
static void check(const char *html, const char *selector, const char *wanted)
{
    struct page p;
    struct css_selector s;
    struct buf seen = BUF_INIT;
    uint64_t work = 0;
    page_open(&p, html);
    assert_int_equal(css_selector_parse(str_of(selector), &p.memory, &s), CSS_MATCHES);
    buf_add_text(&seen, "");
    for (size_t i = 0; i < p.tree.count; i++) {
        struct str id = css_element_value(&p.tree.elements[i], STR("id"));
        enum css_answer answer = css_selector_match(&s, &p.tree.elements[i], &p.tree, &work);
        if (!id.len || !answer)
            continue;
        buf_addf(&seen, "%s%.*s%s", seen.len ? " " : "", STR_ARG(id),
                 answer == CSS_MAYBE ? "?" : "");
    }
    assert_string_equal(seen.at, wanted);
    buf_release(&seen);
    page_close(&p);
}

static const char page[] =
    "<!DOCTYPE html><html id=root><body id=body>"
    "<div id=d1 class='box big' title='Hello big World' lang=fr-BE>"
    "<p id=p1 class=first>x</p><b id=b1>y</b><p id=p2>z</p><p id=p3 class='last BIG'>z</p></div>"
    "<div id=d2><div id=d3><P id=p4 data-x=''>x</P></div><a id=a1 href='x.png' ALIGN=Center></a>"
    "</div>";

static void simple_selectors(void **state)
{
    (void)state;
    check(page, "p", "p1 p2 p3 p4");
    check(page, "P", "p1 p2 p3 p4");
    check(page, "*", "root body d1 p1 b1 p2 p3 d2 d3 p4 a1");
    check(page, ".big", "d1");
    check(page, ".BIG", "p3");
    check(page, "div.box.big", "d1");
    check(page, "#p2", "p2");
    check(page, "b#p2", "");
    check(page, ":root", "root");
    check(page, ".bo\\78", "d1");
}

static void attribute_selectors(void **state)
{
    (void)state;
    check(page, "[title]", "d1");
    check(page, "[data-x]", "p4");
    check(page, "[DATA-X='']", "p4");
    check(page, "[title='Hello big World']", "d1");
    check(page, "[title=Hello]", "");
    check(page, "[title~=big]", "d1");
    check(page, "[title~=bi]", "");
    check(page, "[lang|=fr]", "d1");
    check(page, "[lang|=f]", "");
    check(page, "[title^=\"Hello b\"]", "d1");
    check(page, "[href$='.png']", "a1");
    check(page, "[title*='big W']", "d1");
    check(page, "[title*='']", "");
    check(page, "[title*='BIG w']", "");
    check(page, "[title*='BIG w' i]", "d1");
    check(page, "[title*='BIG w'i]", "d1");
    check(page, "[align=center]", "a1");
    check(page, "[align=center s]", "");
}

static void combinators(void **state)
{
    (void)state;
    check(page, "div p", "p1 p2 p3 p4");
    check(page, "div > p", "p1 p2 p3 p4");
    check(page, "body>p", "");
    check(page, "body > div > p", "p1 p2 p3");
    check(page, "div div p", "p4");
    check(page, "b + p", "p2");
    check(page, "b ~ p", "p2 p3");
    check(page, ".first~p+p", "p3");
    check(page, "div + div p", "p4");
    check(page, "body div/**/ /**/p#p4", "p4");
    check(page, "p p", "");
}

static void backtracking_finds_the_other_ancestor(void **state)
{
    (void)state;
    check("<div class=a id=1><div class=b id=2><div class=a id=3><div id=4><i id=5>", ".a > .b i",
          "5");
    check("<i class=a></i><i class=b></i><i class=c></i><i class=b></i><u id=u></u>", ".a + .b ~ u",
          "u");
}

static void positions(void **state)
{
    (void)state;
    check(page, "p:first-child", "p1 p4");
    check(page, ":last-child", "root body p3 d2 p4 a1");
    check(page, "p:only-child", "p4");
    check(page, "b:only-of-type", "b1");
    check(page, "p:nth-child(2n+1)", "p1 p2 p4");
    check(page, "#d1 :nth-child(even)", "b1 p3");
    check(page, "#d1 :nth-child(-n+2)", "p1 b1");
    check(page, "#d1 :nth-child( 3 )", "p2");
    check(page, "#d1 :nth-child(n + 3)", "p2 p3");
    check(page, "#d1 p:nth-of-type(2)", "p2");
    check(page, "#d1 p:last-of-type", "p3");
    check(page, "#d1 p:first-of-type", "p1");
    check(page, "#d1 :nth-last-child(2)", "p2");
    check(page, "#d1 :nth-child(0)", "");
}

static void negations(void **state)
{
    (void)state;
    check(page, "#d1 > :not(p)", "b1");
    check(page, "p:not(.first):not([class])", "p2 p4");
    check(page, "p:not(:first-child)", "p2 p3");
}

static void links_are_what_leads_somewhere(void **state)
{
    (void)state;
    const char html[] = "<a id=a href=x></a><a id=b></a><map><area id=c href=''></map>"
                        "<a id=d href='{{ u }}'></a><a id=e {% if u %}href=x{% endif %}></a>"
                        "<p id=f href=x></p>";
    check(html, ":link", "a c d e?");
    check(html, "a:any-LINK", "a d e?");
    check(html, "a:not(:link)", "b e?");
}

static void specificity_counts_ids_classes_and_types(void **state)
{
    (void)state;
    struct arena memory = ARENA_INIT;
    static const struct {
        const char *selector;
        uint32_t a, b, c;
    } cases[] = {
        {"*", 0, 0, 0},
        {"p", 0, 0, 1},
        {"ul li", 0, 0, 2},
        {"h1 + *[rel=up]", 0, 1, 1},
        {"li.red.level", 0, 2, 1},
        {"#x34y", 1, 0, 0},
        {"#s12:not(foo)", 1, 0, 1},
        {"a:only-child", 0, 1, 1},
        {":root", 0, 1, 0},
        {"a:link", 0, 1, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct css_selector s;
        assert_int_equal(css_selector_parse(str_of(cases[i].selector), &memory, &s), CSS_MATCHES);
        assert_int_equal(s.specificity, cases[i].a << 20 | cases[i].b << 10 | cases[i].c);
    }
    arena_release(&memory);
}

static void check_verdict(const char *selector, enum css_verdict wanted)
{
    struct arena memory = ARENA_INIT;
    struct css_selector s;
    assert_int_equal(css_selector_parse(str_of(selector), &memory, &s), wanted);
    arena_release(&memory);
}

static void what_cannot_be_matched_is_told_apart(void **state)
{
    (void)state;
    check_verdict("a:hover", CSS_STATE);
    check_verdict("a:not(:visited)", CSS_STATE);
    check_verdict("a:link:hover", CSS_STATE);
    check_verdict("p::before", CSS_STATE);
    check_verdict("p:first-line b", CSS_STATE);
    check_verdict(":is(a, b)", CSS_UNKNOWN);
    check_verdict("a::-webkit-x", CSS_UNKNOWN);
    check_verdict("a::link", CSS_UNKNOWN);
    check_verdict(":nth-child(2 of p)", CSS_UNKNOWN);
    check_verdict("a:not(b c)", CSS_UNKNOWN);
    check_verdict("a:hover >", CSS_WRONG);
    static const char *const wrong[] = {"",
                                        ">a",
                                        "a >",
                                        "a,b",
                                        "a..b",
                                        ".1a",
                                        "#1",
                                        "a b!",
                                        "[a",
                                        "[a=]",
                                        "[a=b",
                                        "a[b=c x]",
                                        "&a",
                                        "a**",
                                        "a:",
                                        ":nth-child(x)",
                                        ":nth-child(2 n)",
                                        "a > > b",
                                        "%",
                                        "svg|a",
                                        "[xml|lang]",
                                        "a/**/b"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        check_verdict(wrong[i], CSS_WRONG);
}

static void invented_elements_match(void **state)
{
    (void)state;
    check("<table id=t><tr id=r><td id=d>", "table > tr", "");
    check("<table id=t><tr id=r><td id=d>", "html > body > table > tbody > tr", "r");
}

static void liquid_in_attributes_may_match(void **state)
{
    (void)state;
    check("<p id=p class='a {{ b }}'>", ".a", "p");
    check("<p id=p class='a {{ b }}'>", ".c", "p?");
    check("<p id=p class='a-{{ b }}'>", ".a-x", "p?");
    check("<p id=p class='a-{{ b }}'>", ".c", "");
    check("<p id=p class='a {% if x %}b{% endif %} d'>", ".b", "p?");
    check("<p id=p class='a {% if x %}b{% endif %} d'>", ".a", "p");
    check("<p id=p class='a {% if x %}b{% endif %} d'>", ".d", "p");
    check("<p id=p {% if x %}class=a{% endif %}>", ".a", "p?");
    check("<p id=p {% if x %}class=a{% endif %}>", "p", "p");
    check("<p id=p title='{{ x }}'>", "[title]", "p");
    check("<p id=p title='{{ x }}'>", "[title=x]", "p?");
    check("<p id=p class='a {{ b }}'>", ":not(.c)", "p?");
    check("<p id=p class='a {{ b }}'>", "p:not(.a)", "");
}

static void an_ancestors_liquid_class_is_none_of_the_literal_ones(void **state)
{
    (void)state;
    check("<div class='{{ x }}'><p id=p></p></div><i class=foot></i>", ".foot p", "");
    check("<div class='{{ x }}'><p id=p></p></div>", ".foot p", "p?");
}

static void liquid_among_siblings_makes_positions_unsure(void **state)
{
    (void)state;
    check("<ul>{% for x in y %}<li id=l>{% endfor %}</ul>", "li:first-child", "l?");
    check("<ul>{% for x in y %}<li id=l>{% endfor %}</ul>", "ul > li", "l");
    check("<div>{% if x %}<p id=a></p>{% endif %}<p id=b></p></div>", "p + p", "b?");
    check("<div>{{ x }}<p id=a></p>{% assign y = 1 %}<p id=b></p></div>", "p + p", "b");
    check("{% if x %}<div><p id=a></p><p id=b></p></div>{% endif %}", "p + p", "b");
}

static void a_loops_other_rounds_are_siblings(void **state)
{
    (void)state;
    check("<ul>{% for x in y %}<li id=l>{% endfor %}</ul>", "li + li", "l?");
    check("<ul>{% for x in y %}<li id=l>{% endfor %}</ul>", "li + p + li", "");
    check("<table>{% for x in y %}<tr><td id=d>{% endfor %}</table>", "tr ~ tr td", "d?");
    check("<div>{% for x in y %}<p id=p></p><h2 id=h></h2>{% endfor %}</div>", "h2 + p", "p?");
    check("<div>{% for x in y %}<p id=p></p>{% if x %}<h2></h2>{% endif %}{% endfor %}</div>",
          "h2 + p", "p?");
    check("<div>{% for x in y %}<p id=p></p>{% endfor %}<h2></h2></div>", "h2 ~ p", "");
    check("<div>{% for x in y %}{% else %}<p id=p></p>{% endfor %}</div>", "p + p", "");
    check("{% for x in y %}<div>{% if x %}<p id=p></p>{% endif %}</div>{% endfor %}", "p + p", "");
    check("<div>{% if x %}<p id=p></p>{% endif %}</div>", "p + p", "");
}

static void liquid_around_a_wrapper_makes_it_unsure(void **state)
{
    (void)state;
    const char html[] = "<td>{% if x %}<div class=w>{% endif %}<p id=p></p>{% if x %}</div>"
                        "{% endif %}</td>";
    check(html, ".w p", "p?");
    check(html, "p", "p");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_selectors),
        cmocka_unit_test(attribute_selectors),
        cmocka_unit_test(combinators),
        cmocka_unit_test(backtracking_finds_the_other_ancestor),
        cmocka_unit_test(positions),
        cmocka_unit_test(negations),
        cmocka_unit_test(links_are_what_leads_somewhere),
        cmocka_unit_test(specificity_counts_ids_classes_and_types),
        cmocka_unit_test(what_cannot_be_matched_is_told_apart),
        cmocka_unit_test(invented_elements_match),
        cmocka_unit_test(liquid_in_attributes_may_match),
        cmocka_unit_test(an_ancestors_liquid_class_is_none_of_the_literal_ones),
        cmocka_unit_test(liquid_among_siblings_makes_positions_unsure),
        cmocka_unit_test(a_loops_other_rounds_are_siblings),
        cmocka_unit_test(liquid_around_a_wrapper_makes_it_unsure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
