#include "unit/template/rendered.h"

#include "template/language.h"

static void case_is_mapped_beyond_ascii(void **state)
{
    (void)state;
    assert_rendered("{{ contact.first_name | upcase }} {{ contact.first_name | capitalize }} {{ "
                    "'ÀŽ' | downcase }}",
                    "ÉLODIE Élodie àž");
}

static void default_replaces_what_is_missing(void **state)
{
    (void)state;
    assert_rendered(
        "{{ contact.nobody | default: 'Friend' }}{{ '' | default: 'a' }}{{ 0 | default: 'b' }}",
        "Frienda0");
    assert_rendered("{{ false | default: 'x', allow_false: true }}", "false");
}

static void text_is_cut_by_characters(void **state)
{
    (void)state;
    assert_rendered(
        "{{ 'éééééé' | truncate: 4 }}|{{ 'éé' | size }}|{{ 'a b c' | truncatewords: 2 }}",
        "é...|2|a b...");
}

static void text_is_replaced(void **state)
{
    (void)state;
    assert_rendered("{{ 'a-b-c' | replace: '-', '+' }} {{ 'a-b-c' | replace_first: '-', '+' }} {{ "
                    "'a-b' | remove: '-' }}",
                    "a+b+c a+b-c ab");
    assert_rendered("{{ 'ab' | replace: '', '.' }}", ".a.b.");
    assert_rendered("{{ 'a-b-c' | replace_last: '-', '+' }} {{ 'a-b-c' | remove_first: '-' }} {{ "
                    "'a-b-c' | remove_last: '-' }}",
                    "a-b+c ab-c a-bc");
    assert_rendered(
        "{{ 'aaa' | replace_last: 'aa', 'b' }}{{ 'é' | replace_last: '', 'x' }}{{ 'ab' | "
        "remove_last: 'abc' }}",
        "abéxab");
}

static void white_space_is_squished(void **state)
{
    (void)state;
    assert_rendered("[{{ \"  a \t b\n\nc \" | squish }}]", "[a b c]");
    assert_rendered("[{{ ' ' | squish }}{{ nobody | squish }}]", "[]");
}

static void parts_are_cut_by_characters(void **state)
{
    (void)state;
    assert_rendered(
        "{{ 'élodie' | slice: 0 }} {{ 'élodie' | slice: 1, 3 }} {{ 'été' | slice: -2, 2 "
        "}} {{ 'été' | slice: -4, 2 }}",
        "é lod té ");
    assert_rendered("{{ 'abc' | slice: 1, 9223372036854775807 }}|{{ 'abc' | slice: "
                    "-9223372036854775807, 3 }}|{{ 'abc' | slice: 3 }}",
                    "bc||");
    assert_rendered(
        "{{ contact.tags | slice: 1, 5 | join: ' ' }} {{ contact.tags | slice: 7 | size "
        "}} {{ (1..1000000000) | slice: -3, 2 | join: ' ' }}",
        "Éducation women 0 999999998 999999999");
    assert_rendered("{{ 'abc' | slice: 1.5 }}",
                    "Line 1, column 1: the arguments of \"slice\" must be whole numbers.");
}

static void arrays_are_joined_sorted_and_split(void **state)
{
    (void)state;
    assert_rendered("{{ 'b,a,c' | split: ',' | sort | join: '+' }}", "a+b+c");
    assert_rendered("{{ 'b,a,c' | split: ',' | reverse | first }}{{ contact.tags | size }}", "c3");
    assert_rendered("{{ contact.tags | join: ', ' }}", "torture, Éducation, women");
}

static void arithmetic_is_as_on_paper(void **state)
{
    (void)state;
    assert_rendered(
        "{{ 10.1 | minus: 2.2 }} {{ '3' | plus: 4 }} {{ -7 | divided_by: 2 }} {{ -7 | modulo: 3 }}",
        "7.9 7 -4 2");
    assert_rendered("{{ 5.666 | round: 2 }} {{ 4.2 | ceil }} {{ -4.2 | floor }} {{ -3 | abs }}",
                    "5.67 5 -5 3");
}

static void numbers_are_kept_in_bounds(void **state)
{
    (void)state;
    assert_rendered("{{ 5 | at_least: 8 }} {{ 5.5 | at_most: '5' }} {{ 'x' | at_least: -1 }} {{ "
                    "9223372036854775807 | at_most: 1.0 }}",
                    "8 5 0 1.0");
}

static void numbers_beyond_64_bits_become_real(void **state)
{
    (void)state;
    assert_rendered("{{ 9223372036854775807 | plus: 1 }}", "9.22337203685478e+18");
    assert_rendered("{{ -9223372036854775807 | minus: 1 | divided_by: -1 }}",
                    "9.223372036854776e+18");
    assert_rendered("{{ -9223372036854775807 | minus: 1 | abs | round }}", "9.22337203685478e+18");
}

static void big_numbers_are_grouped(void **state)
{
    (void)state;
    assert_rendered("{{ contact.count | number_with_delimiter }} {{ -1234567.5 | "
                    "number_with_delimiter: ' ', ',' }}",
                    "46,443 -1 234 567,5");
    assert_rendered("{{ '999' | number_with_delimiter }} {{ 'many' | number_with_delimiter }}",
                    "999 many");
}

static void html_is_made_and_removed(void **state)
{
    (void)state;
    assert_rendered("{{ '<a href=\"x\">T &amp; J</a><style>p{}</style><!-- c -->!' | strip_html }}",
                    "T &amp; J!");
    assert_rendered("{{ \"a\r\nb\" | newline_to_br }}{{ \"a\nb\" | strip_newlines }}",
                    "a<br />\nbab");
    assert_rendered("{{ 'é &/' | url_encode }}", "%C3%A9+%26%2F");
}

static void character_references_are_escaped_once(void **state)
{
    (void)state;
    assert_rendered("{{ '&lt;b&gt; & <i> &#39; &amp &; &#; &#x;&frac12;' | escape_once }}",
                    "&lt;b&gt; &amp; &lt;i&gt; &#39; &amp;amp &amp;; &amp;#; &amp;#x;&frac12;");
    assert_html("{{ contact.name | escape_once }}{{ contact.name | escape | escape_once }}",
                "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jerry&#39;&lt;/b&gt;"
                "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jerry&#39;&lt;/b&gt;");
    assert_rendered("{{ contact.bytes | escape_once }}", "a\xef\xbf\xbd"
                                                         "b\xef\xbf\xbd\xef\xbf\xbd");
}

/* What comes out of a code may be anything; it is escaped like what comes from a contact. */
static void what_is_decoded_is_no_markup(void **state)
{
    (void)state;
    assert_html("{{ '%3Cb%3E' | url_decode }}", "&lt;b&gt;");
    assert_html("{{ '%3Cb%3E' | raw | url_decode }}", "&lt;b&gt;");
    assert_html("{{ 'PGI+' | base64_decode }}{{ 'PGI-' | raw | base64_url_safe_decode }}",
                "&lt;b&gt;&lt;b&gt;");
    assert_html("{% capture x %}%3Cb%3E{% endcapture %}{{ x | url_decode }}", "&lt;b&gt;");
}

static void parts_of_markup_are_no_markup(void **state)
{
    (void)state;
    static const char capture[] = "{% capture x %}<b>{{ contact.name }}</b>{% endcapture %}";
    static const char *const pairs[][2] = {
        {"{{ x | slice: 0, 4 }}", "&lt;b&gt;&amp;"},
        {"{{ x | split: '>' | first }}", "&lt;b"},
        {"{{ x | remove_first: 'b' | slice: 0, 2 }}", "&lt;&gt;"},
        {"{{ '<i>' | replace_last: 'i', x | slice: 0, 4 }}", "&lt;&lt;b&gt;"},
        {"{{ x | map: '<b>' | join }}", "&lt;b&gt;"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char source[300];
        snprintf(source, sizeof(source), "%s%s", capture, pairs[i][0]);
        assert_html(source, pairs[i][1]);
    }
}

static void whole_markup_stays_markup(void **state)
{
    (void)state;
    static const char capture[] = "{% capture x %} <b>{{ 'a&b' }}</b>  c {% endcapture %}";
    static const char *const pairs[][2] = {
        {"{{ x | squish }}", "<b>a&amp;b</b> c"},
        {"{{ x | compact | first | strip }}", "<b>a&amp;b</b>  c"},
        {"{{ x | find: 'a' | strip }}", "<b>a&amp;b</b>  c"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char source[300];
        snprintf(source, sizeof(source), "%s%s", capture, pairs[i][0]);
        assert_html(source, pairs[i][1]);
    }
}

static void codes_are_written_and_read(void **state)
{
    (void)state;
    assert_rendered("{{ 'a+b%20%C3%A9%4' | url_decode }} {{ '%zz%' | url_decode }}",
                    "a b é%4 %zz%");
    assert_rendered(
        "{{ '' | base64_encode }}|{{ 'a' | base64_encode }}|{{ 'ab' | base64_encode }}|{{ "
        "'abc' | base64_encode }}",
        "|YQ==|YWI=|YWJj");
    assert_rendered(
        "{{ 'é?~' | base64_encode }} {{ 'é?~' | base64_url_safe_encode }} {{ 'w6k_fg' | "
        "base64_url_safe_decode }}",
        "w6k/fg== w6k_fg== é?~");
}

static void what_is_no_base64_is_an_error(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "5", "YQ", "YQ=", "YR==", "YQ==YQ==", "Y Q=", "YWJj=", "a-_b", "=", "===="};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char source[80];
        snprintf(source, sizeof(source), "{{ '%s' | base64_decode }}", texts[i]);
        assert_rendered(source, "Line 1, column 1: \"base64_decode\" was given a text that is no "
                                "Base64.");
    }
}

static void decoded_bytes_are_cleaned(void **state)
{
    (void)state;
    assert_rendered("{{ 'AP/D' | base64_decode }}", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_rendered("{{ '%00%FF' | url_decode }}", "\xef\xbf\xbd\xef\xbf\xbd");
}

static void dates_are_written(void **state)
{
    (void)state;
    assert_rendered("{{ 'now' | date: '%Y-%m-%d %H:%M' }}", "2024-02-29 13:05");
    assert_rendered("{{ '2026-01-05T23:30:00+02:00' | date: '%-d %B %Y, %R' }}",
                    "5 January 2026, 21:30");
    assert_rendered("{{ 0 | date: '%F' }}{{ 'soon' | date: '%F' }}", "1970-01-01soon");
}

static const char *in_language(const char *tag, const char *source)
{
    return rendered_with(source,
                         &(struct render_options){.now_s = RENDERED_NOW,
                                                  .language = template_language_find(str_of(tag))});
}

static void numbers_are_written_in_the_language(void **state)
{
    (void)state;
    static const char source[] =
        "{{ contact.count | number_with_delimiter }} {{ 1234.5 | number_with_delimiter }}";
    assert_string_equal(in_language("en", source), "46,443 1,234.5");
    assert_string_equal(in_language("fr-BE", source), "46\u202f443 1\u202f234,5");
    assert_string_equal(in_language("es", source), "46.443 1234,5");
    assert_string_equal(in_language("sv", source), "46\u00a0443 1\u00a0234,5");
    assert_string_equal(in_language("tlh", source), "46,443 1,234.5");
    assert_string_equal(in_language("es", "{{ 1234.5 | number_with_delimiter: ' ' }}"), "1 234,5");
    assert_string_equal(in_language("fr", "{{ 1234.5 | number_with_delimiter: '_', '.' }}"),
                        "1_234.5");
}

static void numbers_get_places(void **state)
{
    (void)state;
    assert_rendered("{{ 1234.5 | number: 2 }} {{ 120 | number: 2 }} {{ 0.125 | number: 2 }} {{ "
                    "-0.004 | number: 2 }} {{ 99.95 | number: 1 }} {{ 2.5 | number: 0 }}",
                    "1,234.50 120.00 0.13 0.00 100.0 3");
    assert_rendered("{{ contact.amount | number: 2 }} {{ contact.city | number: 2 }} {{ nobody | "
                    "number: 2 }}{{ 1234567.25 | number }}",
                    "80.50 12 Oaks 1,234,567.25");
    assert_string_equal(in_language("fr", "{{ 1234.5 | number: 2 }} €"), "1\u202f234,50 €");
    assert_rendered("{{ 1 | number: 16 }}",
                    "Line 1, column 1: the argument of \"number\" must be a "
                    "whole number from 0 to 15.");
}

static void dates_are_written_in_the_language(void **state)
{
    (void)state;
    static const char source[] = "{{ 'now' | date: '%A %-d %B %Y' }}, {{ 'now' | date: '%a %b' }}";
    assert_string_equal(in_language("", source), "Thursday 29 February 2024, Thu Feb");
    assert_string_equal(in_language("fr", source), "jeudi 29 février 2024, jeu. févr.");
    assert_string_equal(in_language("nl", source), "donderdag 29 februari 2024, do feb");
    assert_string_equal(in_language("pl", source), "czwartek 29 lutego 2024, czw. lut");
    assert_string_equal(in_language("pl", "{{ 'now' | date: '%OB %Y' }}"), "luty 2024");
}

static int32_t two_hours_east(const void *ctx, int64_t unix_s, const char **name)
{
    (void)ctx, (void)unix_s;
    *name = "EET";
    return 7200;
}

static void dates_are_written_in_the_zone(void **state)
{
    (void)state;
    static const struct template_zone zone = {NULL, two_hours_east};
    const struct render_options options = {.now_s = RENDERED_NOW, .zone = &zone};
    assert_string_equal(
        rendered_with("{{ 'now' | date: '%R %Z' }} {{ '2024-01-01' | date: '%s' }} {{ '2024-01-01 "
                      "23:00Z' | date: '%F %R %z' }}",
                      &options),
        "15:05 EET 1704060000 2024-01-02 01:00 +0200");
}

static void dates_survive_hostile_values(void **state)
{
    (void)state;
    assert_rendered("{{ 9223372036854775807 | date: '%Y' }} {{ '99999999999999999999' | date: '%Y' "
                    "}} {{ contact.bytes | date: '%Y' | size }}",
                    "9223372036854775807 99999999999999999999 5");
    assert_rendered("{{ 'now' | date: contact.bytes }}", "a\xef\xbf\xbd"
                                                         "b\xef\xbf\xbd\xef\xbf\xbd");
    assert_rendered("{{ 'now' | date: '%' }}{{ 'now' | date: '%Q%-' }}", "%%Q%-");
    assert_html("{{ 'now' | date: contact.name }}",
                "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jerry&#39;&lt;/b&gt;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_is_mapped_beyond_ascii),
        cmocka_unit_test(default_replaces_what_is_missing),
        cmocka_unit_test(text_is_cut_by_characters),
        cmocka_unit_test(text_is_replaced),
        cmocka_unit_test(white_space_is_squished),
        cmocka_unit_test(parts_are_cut_by_characters),
        cmocka_unit_test(arrays_are_joined_sorted_and_split),
        cmocka_unit_test(arithmetic_is_as_on_paper),
        cmocka_unit_test(numbers_are_kept_in_bounds),
        cmocka_unit_test(numbers_beyond_64_bits_become_real),
        cmocka_unit_test(big_numbers_are_grouped),
        cmocka_unit_test(html_is_made_and_removed),
        cmocka_unit_test(character_references_are_escaped_once),
        cmocka_unit_test(what_is_decoded_is_no_markup),
        cmocka_unit_test(parts_of_markup_are_no_markup),
        cmocka_unit_test(whole_markup_stays_markup),
        cmocka_unit_test(codes_are_written_and_read),
        cmocka_unit_test(what_is_no_base64_is_an_error),
        cmocka_unit_test(decoded_bytes_are_cleaned),
        cmocka_unit_test(dates_are_written),
        cmocka_unit_test(numbers_are_written_in_the_language),
        cmocka_unit_test(numbers_get_places),
        cmocka_unit_test(dates_are_written_in_the_language),
        cmocka_unit_test(dates_are_written_in_the_zone),
        cmocka_unit_test(dates_survive_hostile_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
