/* POST /v1/messages/check and …/preview. */
#include "unit/api/house.h"

static void import_anna(struct house *h)
{
    json_decref(import(h, "/v1/contacts/import?list=signers",
                       STR("email,first_name\nanna@dest.example,Anna\n")));
}

static const json_t *finding(const json_t *answer, size_t i)
{
    return json_array_get(json_object_get(answer, "findings"), i);
}

static void a_check_names_lines_and_columns(void **state)
{
    struct house *h = *state;
    import_anna(h);
    json_t *answer = ask(h, "POST", "/v1/messages/check",
                         STR("{\"message\": \"Subject: x\\nPreheader: y\\n\\n"
                             "{{ contact.first_nam }}\\n\"}"),
                         200);
    assert_int_equal(number(answer, "errors"), 0);
    assert_int_equal(number(answer, "warnings"), 1);
    const json_t *first = finding(answer, 0);
    assert_text(first, "severity", "warning");
    assert_true(json_is_null(json_object_get(first, "file")));
    assert_int_equal(number(first, "line"), 4);
    assert_int_equal(number(first, "column"), 4);
    assert_text(first, "text",
                "No contact has the attribute \"first_nam\": did you mean \"first_name\"?");
    json_decref(answer);
}

static void a_check_of_nonsense_is_an_answer(void **state)
{
    struct house *h = *state;
    json_t *answer = ask(h, "POST", "/v1/messages/check",
                         STR("{\"message\": \"\\u001b[31m\", \"identity\": \"none\"}"), 200);
    assert_int_equal(number(answer, "errors"), 1);
    assert_text(finding(answer, 0), "severity", "error");
    json_decref(answer);
}

static void a_check_takes_files(void **state)
{
    struct house *h = *state;
    json_t *answer = ask(h, "POST", "/v1/messages/check",
                         STR("{\"message\": \"Subject: x\\nPreheader: y\\nAttach: a.txt\\n\\n"
                             "hi\\n\", \"files\": {\"a.txt\": \"aGk=\"}}"),
                         200);
    assert_int_equal(json_array_size(json_object_get(answer, "findings")), 0);
    json_decref(answer);
}

static void bodies_that_are_refused(void **state)
{
    struct house *h = *state;
    refused(h, "POST", "/v1/messages/check", STR("{}"), 400, "\"message\" is missing");
    refused(h, "POST", "/v1/messages/check", STR("[]"), 400, "must be a JSON object");
    refused(h, "POST", "/v1/messages/check", STR("{\"message\": \"x\", \"to\": \"all\"}"), 400,
            "There is no field \"to\"; there are message, message_name, identity, files.");
    refused(h, "POST", "/v1/messages/preview", STR("{\"message\": \"x\"}"), 400,
            "\"contact\" is missing");
    refused(h, "POST", "/v1/messages/preview",
            STR("{\"message\": \"x\", \"contact\": \"a@b.org\", \"eml\": 1}"), 400, "\"eml\"");
}

#define HELLO \
    "\"message\": \"Subject: Hello {{ contact.first_name }}\\n\\n{{ contact.first_name }}\""

static void a_preview_shows_all_parts(void **state)
{
    struct house *h = *state;
    import_anna(h);
    json_t *answer = ask(h, "POST", "/v1/messages/preview",
                         STR("{" HELLO ", \"contact\": \"ANNA@dest.example\"}"), 200);
    assert_true(json_is_false(json_object_get(answer, "skipped")));
    assert_text(answer, "from", "Example <news@send.example>");
    assert_text(answer, "to", "anna@dest.example");
    assert_text(answer, "subject", "Hello Anna");
    assert_non_null(strstr(json_string_value(json_object_get(answer, "text")), "Anna"));
    assert_non_null(strstr(json_string_value(json_object_get(answer, "html")), ">Anna</p>"));
    assert_null(json_object_get(answer, "eml"));
    json_decref(answer);
    answer = ask(h, "POST", "/v1/messages/preview",
                 STR("{" HELLO ", \"contact\": \"anna@dest.example\", \"eml\": true}"), 200);
    assert_non_null(
        strstr(json_string_value(json_object_get(answer, "eml")), "\r\nSubject: Hello Anna\r\n"));
    json_decref(answer);
}

static void a_preview_for_who_gets_nothing(void **state)
{
    struct house *h = *state;
    import_anna(h);
    json_decref(ask(h, "POST", "/v1/contacts/anna%40dest.example/suppress", STR(""), 200));
    json_t *answer = ask(h, "POST", "/v1/messages/preview",
                         STR("{" HELLO ", \"contact\": \"anna@dest.example\"}"), 200);
    assert_true(json_is_true(json_object_get(answer, "skipped")));
    assert_text(answer, "why", "the contact is suppressed");
    assert_null(json_object_get(answer, "html"));
    json_decref(answer);
}

static void previews_that_cannot_be(void **state)
{
    struct house *h = *state;
    import_anna(h);
    refused(h, "POST", "/v1/messages/preview", STR("{" HELLO ", \"contact\": \"no@dest.example\"}"),
            404, "There is no contact");
    refused(h, "POST", "/v1/messages/preview", STR("{" HELLO ", \"contact\": \"no\"}"), 400,
            "no @");
    refused(h, "POST", "/v1/messages/preview",
            STR("{\"message\": \"Subject: x\\n\\n{{ a | b }}\", \"message_name\": \"a.md\", "
                "\"contact\": \"anna@dest.example\"}"),
            400, "a.md: Line 3, column 1: there is no filter named \"b\"");
    refused(h, "POST", "/v1/messages/preview",
            STR("{" HELLO ", \"contact\": \"anna@dest.example\", \"identity\": \"none\"}"), 400,
            "There is no identity \"none\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(a_check_names_lines_and_columns),
        API_TEST(a_check_of_nonsense_is_an_answer),
        API_TEST(a_check_takes_files),
        API_TEST(bodies_that_are_refused),
        API_TEST(a_preview_shows_all_parts),
        API_TEST(a_preview_for_who_gets_nothing),
        API_TEST(previews_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
