#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/render_line.h"

static struct render_desk desk;

/* Each line is answered at the same desk, whatever came before. */
static void answers(const char *line, const char *expected)
{
    json_t *json = render_line(&desk, str_of(line));
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(json);
}

static int tidy_up(void **state)
{
    (void)state;
    render_desk_release(&desk);
    clock_hold(-1);
    return 0;
}

static void a_template_is_rendered_with_its_data(void **state)
{
    (void)state;
    answers("{\"template\": \"Hi {{ name }}, {{ a.b[1] }}\", \"data\": {\"name\": \"Ann\", \"a\": "
            "{\"b\": [1, 2.5]}}}",
            "{\"output\":\"Hi Ann, 2.5\"}");
    answers("{\"template\": \"{{ name }}\"}", "{\"output\":\"\"}");
    answers("{\"template\": \"\"}", "{\"output\":\"\"}");
    answers("{\"data\": {\"x\": \"\\u0000\\u00e9\\n\"}, \"template\": \"{{ x }}\"}",
            "{\"output\":\"\xef\xbf\xbd\xc3\xa9\\n\"}");
}

static void values_are_escaped_when_asked(void **state)
{
    (void)state;
    answers("{\"template\": \"<{{ x }}>\", \"data\": {\"x\": \"<\"}}", "{\"output\":\"<<>\"}");
    answers("{\"template\": \"<{{ x }}>\", \"data\": {\"x\": \"<\"}, \"escape\": true}",
            "{\"output\":\"<&lt;>\"}");
    answers("{\"template\": \"<{{ x }}>\", \"data\": {\"x\": \"<\"}, \"escape\": false}",
            "{\"output\":\"<<>\"}");
}

static void now_is_the_clock_or_what_is_said(void **state)
{
    (void)state;
    clock_hold(INT64_C(86400000000));
    answers("{\"template\": \"{{ 'now' | date: '%F %T' }}\"}",
            "{\"output\":\"1970-01-02 00:00:00\"}");
    answers("{\"template\": \"{{ 'now' | date: '%F %T' }}\", \"now\": \"2024-01-01T00:01:58Z\"}",
            "{\"output\":\"2024-01-01 00:01:58\"}");
    answers("{\"template\": \"x\", \"now\": \"yesterday\"}",
            "{\"error\":\"\\\"now\\\" is no moment: write it as in \\\"2024-01-31T18:30:00Z\\\" or "
            "\\\"2024-01-31T19:30:00+01:00\\\".\",\"line\":null,\"column\":null}");
}

static void an_unknown_zone_or_language_is_an_error(void **state)
{
    (void)state;
    answers("{\"template\": \"x\", \"timezone\": \"../UTC\"}",
            "{\"error\":\"\\\"../UTC\\\" is no name of a time zone: write it as in "
            "\\\"Europe/Brussels\\\" or \\\"UTC\\\".\",\"line\":null,\"column\":null}");
    answers("{\"template\": \"x\", \"language\": \"tlh\"}",
            "{\"error\":\"The names of days and months are not known in the language "
            "\\\"tlh\\\".\",\"line\":null,\"column\":null}");
    answers("{\"template\": \"x\", \"language\": \"\"}", "{\"output\":\"x\"}");
}

static void the_language_is_that_of_dates_and_numbers(void **state)
{
    (void)state;
    answers("{\"template\": \"{{ 46443 | number_with_delimiter }}\", \"language\": \"fr\"}",
            "{\"output\":\"46\xe2\x80\xaf"
            "443\"}");
}

static void partials_are_part_of_the_line(void **state)
{
    (void)state;
    answers("{\"template\": \"{% render 'a' %}{% include 'b' %}\", \"partials\": {\"b\": \"B\", "
            "\"a\": \"A\"}}",
            "{\"output\":\"AB\"}");
    answers("{\"template\": \"x\", \"partials\": {\"a\": 1}}",
            "{\"error\":\"The partial \\\"a\\\" must be a string.\",\"line\":null,"
            "\"column\":null}");
}

static void an_abort_is_no_error(void **state)
{
    (void)state;
    answers("{\"template\": \"x{% abort_message 'no country' %}y\"}",
            "{\"aborted\":\"no country\"}");
}

static void a_fault_in_the_template_has_its_place(void **state)
{
    (void)state;
    json_t *json = render_line(&desk, STR("{\"template\": \"a\\nb {{ x | nonsense }}\"}"));
    assert_int_equal(json_integer_value(json_object_get(json, "line")), 2);
    assert_int_equal(json_integer_value(json_object_get(json, "column")), 3);
    assert_non_null(strstr(json_string_value(json_object_get(json, "error")), "nonsense"));
    json_decref(json);
    json = render_line(&desk, STR("{\"template\": \"ab{{ 1 | divided_by: 0 }}\"}"));
    assert_int_equal(json_integer_value(json_object_get(json, "line")), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "column")), 3);
    json_decref(json);
}

static void what_is_no_request_is_an_error(void **state)
{
    (void)state;
    const char *cases[][2] = {
        {"", "This is no JSON: '[' or '{' expected near end of file (column 0)."},
        {"hello", "This is no JSON: '[' or '{' expected near 'hello' (column 5)."},
        {"[1]", "The line must be a JSON object with the field \\\"template\\\"."},
        {"{}", "The line has no field \\\"template\\\"."},
        {"{\"template\": 1}", "The field \\\"template\\\" must be a string."},
        {"{\"template\": null}", "The field \\\"template\\\" must be a string."},
        {"{\"data\": []}", "The field \\\"data\\\" must be an object."},
        {"{\"escape\": 1}", "The field \\\"escape\\\" must be true or false."},
        {"{\"templte\": \"\"}",
         "There is no field \\\"templte\\\": did you mean \\\"template\\\"?"},
        {"{\"wholly else\": \"\"}",
         "There is no field \\\"wholly else\\\": there are template, data, now, timezone, "
         "partials, language and escape."},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf expected = BUF_INIT;
        buf_addf(&expected, "{\"error\":\"%s\",\"line\":null,\"column\":null}", cases[i][1]);
        answers(cases[i][0], expected.at);
        buf_release(&expected);
    }
}

/* A sentence that quotes is cut where it is too long, be it inside of a character. */
static void an_answer_is_always_json(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        struct buf line = BUF_INIT;
        buf_add_text(&line, "{\"");
        buf_add(&line, "ab", shift);
        for (int i = 0; i < 300; i++)
            buf_add_text(&line, "\xe2\x82\xac");
        buf_add_text(&line, "\": 1}");
        json_t *json = render_line(&desk, buf_str(&line));
        const char *sentence = json_string_value(json_object_get(json, "error"));
        assert_non_null(sentence);
        assert_non_null(strstr(sentence, "There is no field"));
        json_decref(json);
        buf_release(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_template_is_rendered_with_its_data, tidy_up),
        cmocka_unit_test_teardown(values_are_escaped_when_asked, tidy_up),
        cmocka_unit_test_teardown(now_is_the_clock_or_what_is_said, tidy_up),
        cmocka_unit_test_teardown(an_unknown_zone_or_language_is_an_error, tidy_up),
        cmocka_unit_test_teardown(the_language_is_that_of_dates_and_numbers, tidy_up),
        cmocka_unit_test_teardown(partials_are_part_of_the_line, tidy_up),
        cmocka_unit_test_teardown(an_abort_is_no_error, tidy_up),
        cmocka_unit_test_teardown(a_fault_in_the_template_has_its_place, tidy_up),
        cmocka_unit_test_teardown(what_is_no_request_is_an_error, tidy_up),
        cmocka_unit_test_teardown(an_answer_is_always_json, tidy_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
