/* Contacts over the control socket: one, all, and how many. */
#include "unit/api/house.h"

static void open_with_people(struct house *h)
{
    json_decref(import(h, "/v1/contacts/import?list=one",
                       STR("email,first name\nAnna+x@a.example,Anna \"A\"\nb@b.example,=1\n")));
    json_decref(import(h, "/v1/contacts/import?list=two", STR("email\nb@b.example\n")));
}

static void a_contact_is_shown_whole(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_t *anna = get(h, "/v1/contacts/anna%2Bx%40a.example");
    assert_text(anna, "email", "Anna+x@a.example");
    assert_text(json_object_get(anna, "attributes"), "first_name", "Anna \"A\"");
    assert_int_equal(json_array_size(json_object_get(anna, "lists")), 1);
    assert_true(json_is_false(json_object_get(anna, "suppressed")));
    assert_true(json_is_string(json_object_get(anna, "created_at")));
    json_decref(anna);
    refused(h, "GET", "/v1/contacts/c@b.example", STR(""), 404, "\"c@b.example\"");
    refused(h, "GET", "/v1/contacts/c", STR(""), 400, "\"c\"");
}

static void assert_suppressed(struct house *h, const char *verb, bool wanted)
{
    char target[64];
    snprintf(target, sizeof(target), "/v1/contacts/b@b.example/%s", verb);
    json_t *contact = ask(h, "POST", target, STR(""), 200);
    assert_int_equal(json_is_true(json_object_get(contact, "suppressed")), wanted);
    json_decref(contact);
}

static void suppression_is_set_and_taken_back(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    assert_suppressed(h, "suppress", true);
    assert_suppressed(h, "suppress", true);
    assert_suppressed(h, "unsuppress", false);
    refused(h, "POST", "/v1/contacts/c@b.example/suppress", STR(""), 404, "c@b.example");
    refused(h, "POST", "/v1/contacts/c/suppress", STR(""), 400, "\"c\"");
}

static void assert_export(struct house *h, const char *target, const char *want)
{
    struct buf text = ask_raw(h, "GET", target, STR(""), 200);
    assert_int_equal(text.len, strlen(want));
    assert_memory_equal(text.at, want, text.len);
    buf_release(&text);
}

static void contacts_are_exported_as_csv(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    assert_export(h, "/v1/contacts",
                  "email,first_name\r\nAnna+x@a.example,\"Anna \"\"A\"\"\"\r\nb@b.example,'=1\r\n");
    assert_export(h, "/v1/contacts?to=list:two&raw=true", "email,first_name\r\nb@b.example,=1\r\n");
    assert_export(h, "/v1/contacts?to=not%20all", "email,first_name\r\n");
    refused(h, "GET", "/v1/contacts?to=list:three", STR(""), 400, "three");
}

static void audiences_are_counted(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_t *answer = get(h, "/v1/count?to=list:one+and+not+list:two");
    assert_int_equal(number(answer, "contacts"), 1);
    json_decref(answer);
    refused(h, "GET", "/v1/count?to=list:one+and", STR(""), 400, "column");
}

static void lists_have_their_sizes(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_t *answer = get(h, "/v1/lists");
    const json_t *lists = json_object_get(answer, "lists");
    assert_int_equal(json_array_size(lists), 2);
    assert_text(json_array_get(lists, 0), "name", "one");
    assert_int_equal(number(json_array_get(lists, 0), "contacts"), 2);
    assert_int_equal(number(json_array_get(lists, 1), "contacts"), 1);
    json_decref(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(a_contact_is_shown_whole),     API_TEST(suppression_is_set_and_taken_back),
        API_TEST(contacts_are_exported_as_csv), API_TEST(audiences_are_counted),
        API_TEST(lists_have_their_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
