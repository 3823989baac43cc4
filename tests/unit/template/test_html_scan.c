/*
 * What html_scan finds, beside what MyHTML's tokenizer finds in the same text: the same start tags
 * with the same attributes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <myhtml/api.h>

#include "base/buf.h"
#include "template/html_scan.h"
#include "template/html_view.h"
#include "template/link_target.h"
#include "unit/template/mails.h"

/* name="value", the name in small letters. */
static void add_attribute(struct buf *out, struct str name, struct str value)
{
    buf_add_byte(out, ' ');
    for (size_t i = 0; i < name.len; i++)
        buf_add_byte(out,
                     (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] | 32 : name.at[i]));
    buf_add_text(out, "=\"");
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] != '\r' || (i + 1 < value.len && value.at[i + 1] != '\n'))
            buf_add_byte(out, value.at[i] == '\r' ? '\n' : value.at[i]);
    buf_add_byte(out, '"');
}

/* The library does not hand the context of this callback on. */
static struct buf *tokens;

static void *on_token(myhtml_tree_t *tree, myhtml_token_node_t *token, void *ctx)
{
    struct buf *out = tokens;
    (void)ctx;
    size_t len;
    myhtml_tag_id_t id = myhtml_token_node_tag_id(token);
    if (id <= MyHTML_TAG__DOCTYPE || id == MyHTML_TAG__END_OF_FILE ||
        myhtml_token_node_is_close(token))
        return NULL;
    const char *name = myhtml_tag_name_by_id(tree, id, &len);
    buf_add_byte(out, '<');
    buf_add(out, name, len);
    for (myhtml_tree_attr_t *a = myhtml_token_node_attribute_first(token); a;
         a = myhtml_attribute_next(a)) {
        size_t key_len, value_len;
        const char *key = myhtml_attribute_key(a, &key_len);
        const char *value = myhtml_attribute_value(a, &value_len);
        if (key_len) /* it has one without a name for " /" */
            add_attribute(out, (struct str){key, key_len}, (struct str){value, value_len});
    }
    buf_add_text(out, ">\n");
    return NULL;
}

static void tokens_of_myhtml(struct str html, struct buf *out)
{
    myhtml_t *my = myhtml_create();
    myhtml_tree_t *tree = myhtml_tree_create();
    myhtml_init(my, MyHTML_OPTIONS_PARSE_MODE_SINGLE, 1, 0);
    myhtml_tree_init(tree, my);
    tokens = out;
    myhtml_callback_after_token_done_set(tree, on_token, NULL);
    myhtml_parse(tree, MyENCODING_UTF_8, html.at, html.len);
    myhtml_tree_destroy(tree);
    myhtml_destroy(my);
}

static void tokens_of_scan(struct str html, struct buf *out)
{
    struct html_scan scan;
    struct html_scan_attribute a;
    struct arena memory = ARENA_INIT;
    struct str name;
    html_scan_init(&scan, html);
    while (html_scan_next(&scan, &name)) {
        size_t start = out->len;
        buf_add_byte(out, '<');
        for (size_t i = 0; i < name.len; i++)
            buf_add_byte(
                out, (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] | 32 : name.at[i]));
        while (html_scan_attribute(&scan, &a))
            add_attribute(out, a.name, link_value_decode(a.value, &memory));
        buf_add_text(out, ">\n");
        if (!html_scan_close(&scan))
            buf_cut(out, start);
    }
    arena_release(&memory);
}

static void assert_same_tokens(struct str html, struct str for_myhtml)
{
    struct buf ours = BUF_INIT, theirs = BUF_INIT;
    tokens_of_scan(html, &ours);
    tokens_of_myhtml(for_myhtml, &theirs);
    assert_string_equal(ours.len ? ours.at : "", theirs.len ? theirs.at : "");
    buf_release(&ours);
    buf_release(&theirs);
}

static void hostile_tags_are_the_same(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "<a title=\">\" href=\"x\"><a title='>\"' href = 'x'><A\nHREF=x><a disabled href='x'/>",
        "<a/href='x'/b><a x='1'href='x'><a href='x' href='y'><a href><a href=><a href=\"\">",
        "<a href/='x'><a ='x' href='y'><a \"href='x'><a\vhref='x'><a href=x/y / z><a href=`x y`>",
        "< a><a<b><a/ ><1><é><a=b c><a b=c=d><a 'b'='c'>",
        "</a href='>'><b></p title='> <a>'><i></><u></ a>b</3><s>",
        "<!-- <a> --><b><!-- > <a> --!><i><!--><u>--><!---><s><!----><a><!-- <!-- --><b>-->",
        "<!DOCTYPE html \"<a>\"><b><?php <a> ?><i><!x <a>'><u>'>",
        "<style>\"<a>\"</style><b><script>'<a>'</scripts></SCRIPT ><i><title><a></title/><u>",
        "<textarea><a></textarea\n><b><xmp><a></xmp><i><iframe><a></iframe><u><noscript><a>",
        "<style><a></styl></style",
        "<plaintext><a></plaintext><b>",
        "<!-- <a>",
        "<!-- <a> --",
        "<a href='https://x.org/?a=1&copy=2&copy;&lt&amp;amp;&#38;&#x26;&notit;&reg'>",
        "<p>a &lt;a href=x&gt; <img src=x alt><br/><area shape=rect coords=\"1,2\" href=x>",
    };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        assert_same_tokens(str_of(sources[i]), str_of(sources[i]));
}

/* Without the marks of conditional comments, MyHTML sees what Outlook does. */
static void blank(struct buf *html, struct str mark)
{
    for (char *hit; (hit = memmem(html->at, html->len, mark.at, mark.len));)
        memset(hit, ' ', mark.len);
}

static void same_in_outlook(struct str html)
{
    struct buf bare = BUF_INIT;
    buf_add_str(&bare, html);
    blank(&bare, STR("<!--[if mso]>"));
    blank(&bare, STR("<![endif]-->"));
    assert_same_tokens(html, buf_str(&bare));
    buf_release(&bare);
}

static void real_mails_are_the_same(void **state)
{
    (void)state;
    mails_each(same_in_outlook);
}

static void the_view_has_no_liquid(void **state)
{
    (void)state;
    static const struct {
        const char *source, *view;
    } cases[] = {
        {"a{{ b }}c{% if d %}e{% endif %}f", "a\xff"
                                             "cef"},
        {"a {{- b -}} c {%- if d -%} e", "a\xff"
                                         "ce"},
        {"a {% if b -%}  {%- c = d %} e", "a \xff e"},
        {"a{% raw %}{{ b }}{% endraw %}c{% comment %}d{% endcomment -%} e", "a\xff"
                                                                            "ce"},
        {"{% # a %}{% assign b = 1 %}{% echo c %}\xff\xfe", "\xff\x80\xfe"},
        {"a{{ b", "a\xff"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena memory = ARENA_INIT;
        struct html_view view;
        html_view_make(&view, str_of(cases[i].source), &memory);
        assert_int_equal(view.text.len, strlen(cases[i].view));
        assert_memory_equal(view.text.at, cases[i].view, view.text.len);
        arena_release(&memory);
    }
}

static void offsets_lead_back_to_the_source(void **state)
{
    (void)state;
    struct arena memory = ARENA_INIT;
    struct html_view view;
    /*                                0    5         15 */
    html_view_make(&view, STR("ab{% if c %}d{{ e }}f"), &memory);
    assert_int_equal(view.text.len, 5);
    assert_int_equal(html_view_start(&view, 1), 1);
    assert_int_equal(html_view_end(&view, 1), 2);
    assert_int_equal(html_view_start(&view, 2), 12);
    assert_int_equal(html_view_start(&view, 3), 13);
    assert_int_equal(html_view_end(&view, 3), 20);
    assert_int_equal(html_view_start(&view, 4), 20);
    assert_int_equal(html_view_start(&view, 5), 21);
    assert_int_equal(html_view_tags(&view, 1), 0);
    assert_int_equal(html_view_tags(&view, 2), 1);
    arena_release(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_tags_are_the_same),
        cmocka_unit_test(real_mails_are_the_same),
        cmocka_unit_test(the_view_has_no_liquid),
        cmocka_unit_test(offsets_lead_back_to_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
