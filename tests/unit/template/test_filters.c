#include "unit/template/rendered.h"

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

static void dates_are_written(void **state)
{
    (void)state;
    assert_rendered("{{ 'now' | date: '%Y-%m-%d %H:%M' }}", "2024-02-29 13:05");
    assert_rendered("{{ '2026-01-05T23:30:00+02:00' | date: '%-d %B %Y, %R' }}",
                    "5 January 2026, 21:30");
    assert_rendered("{{ 0 | date: '%F' }}{{ 'soon' | date: '%F' }}", "1970-01-01soon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_is_mapped_beyond_ascii),
        cmocka_unit_test(default_replaces_what_is_missing),
        cmocka_unit_test(text_is_cut_by_characters),
        cmocka_unit_test(text_is_replaced),
        cmocka_unit_test(arrays_are_joined_sorted_and_split),
        cmocka_unit_test(arithmetic_is_as_on_paper),
        cmocka_unit_test(numbers_beyond_64_bits_become_real),
        cmocka_unit_test(big_numbers_are_grouped),
        cmocka_unit_test(html_is_made_and_removed),
        cmocka_unit_test(dates_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
