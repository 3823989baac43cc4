/* What a contact chooses, and what is done to it, over the control socket. */
#include "unit/api/house.h"

static void open_with_people(struct house *h)
{
    json_decref(
        import(h, "/v1/contacts/import?list=one", STR("email\na@b.example\nb@b.example\n")));
}

/* POST for b@b.example; the contact as it is then. */
static json_t *change(struct house *h, const char *what)
{
    char target[100];
    snprintf(target, sizeof(target), "/v1/contacts/b@b.example/%s", what);
    return ask(h, "POST", target, STR(""), 200);
}

static void assert_names(const json_t *contact, const char *key, const char *want)
{
    const json_t *names = json_object_get(contact, key);
    assert_true(json_is_array(names));
    assert_int_equal(json_array_size(names), want ? 1 : 0);
    if (want)
        assert_string_equal(json_string_value(json_array_get(names, 0)), want);
}

static void everything_is_left_and_taken_back(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_t *contact = change(h, "unsubscribe");
    assert_true(json_is_true(json_object_get(contact, "unsubscribed")));
    assert_names(contact, "lists", "one");
    json_decref(contact);
    contact = change(h, "resubscribe");
    assert_true(json_is_false(json_object_get(contact, "unsubscribed")));
    json_decref(contact);
}

static void a_list_is_left_alone(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_t *contact = change(h, "unsubscribe?list=one");
    assert_true(json_is_false(json_object_get(contact, "unsubscribed")));
    assert_names(contact, "lists", NULL);
    assert_names(contact, "left_lists", "one");
    json_decref(contact);
    contact = change(h, "resubscribe?list=one");
    assert_names(contact, "lists", "one");
    assert_names(contact, "left_lists", NULL);
    json_decref(contact);
}

static void an_import_does_not_put_back(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_decref(change(h, "unsubscribe?list=one"));
    json_t *summary = import(h, "/v1/contacts/import?list=one",
                             STR("email,name\na@b.example,A\nb@b.example,B\nB@B.example,Bob\n"));
    assert_int_equal(number(summary, "left"), 1);
    assert_int_equal(number(summary, "updated"), 2);
    json_decref(summary);
    json_t *contact = get(h, "/v1/contacts/b@b.example");
    assert_names(contact, "lists", NULL);
    assert_text(json_object_get(contact, "attributes"), "name", "Bob");
    json_decref(contact);
}

static void a_topic_is_left_alone(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_t *contact = change(h, "unsubscribe?topic=Torture");
    assert_names(contact, "left_topics", "torture");
    json_decref(contact);
    contact = change(h, "resubscribe?topic=torture");
    assert_names(contact, "left_topics", NULL);
    json_decref(contact);
}

static void what_is_not_understood_changes_nothing(void **state)
{
    struct house *h = *state;
    open_with_people(h);
#define B "/v1/contacts/b@b.example/"
    refused(h, "POST", B "unsubscribe?lst=one", STR(""), 400, "\"lst\"");
    refused(h, "POST", B "unsubscribe?list=", STR(""), 400, "empty");
    refused(h, "POST", B "unsubscribe?list=two", STR(""), 404, "\"two\"");
    refused(h, "POST", B "unsubscribe?list=one&list=two", STR(""), 400, "twice");
    refused(h, "POST", B "unsubscribe?list=one&topic=x", STR(""), 400, "not both");
    refused(h, "POST", B "unsubscribe?topic=a%20b", STR(""), 400, "no label");
    refused(h, "POST", B "consent", STR(""), 400, "granted");
    refused(h, "POST", B "consent?state=yes", STR(""), 400, "granted");
    refused(h, "POST", B "erase?keep_suppressed=1", STR(""), 400, "true or false");
    refused(h, "POST", "/v1/contacts/c@b.example/unsubscribe?list=one", STR(""), 404, "c@b");
    json_t *contact = get(h, "/v1/contacts/b@b.example");
    assert_true(json_is_false(json_object_get(contact, "unsubscribed")));
    assert_names(contact, "lists", "one");
    assert_names(contact, "left_lists", NULL);
    json_decref(contact);
}

static void assert_consent(struct house *h, const char *what, const char *want)
{
    json_t *contact = change(h, what);
    assert_text(contact, "consent", want);
    json_decref(contact);
}

static void consent_is_noted(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    assert_consent(h, "consent?state=granted", "granted");
    assert_consent(h, "consent?state=refused", "refused");
    json_decref(import(h, "/v1/contacts/import?consent=granted",
                       STR("email\na@b.example\nb@b.example\nc@b.example\n")));
    assert_consent(h, "unsuppress", "refused");
    json_t *other = get(h, "/v1/contacts/a@b.example"), *new = get(h, "/v1/contacts/c@b.example");
    assert_text(other, "consent", "granted");
    assert_text(new, "consent", "granted");
    json_decref(other);
    json_decref(new);
    assert_consent(h, "consent?state=unknown", "unknown");
}

static void who_is_erased_is_gone(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_t *answer = change(h, "erase");
    assert_true(json_is_true(json_object_get(answer, "erased")));
    json_decref(answer);
    refused(h, "GET", "/v1/contacts/b@b.example", STR(""), 404, "no contact");
    json_t *summary = import(h, "/v1/contacts/import?list=one", STR("email\nb@b.example\n"));
    assert_int_equal(number(summary, "added"), 1);
    json_decref(summary);
}

/* An old file must not write to them again, whatever the one who erases thinks of. */
static void who_wanted_no_mail_stays_away_without_asking(void **state)
{
    struct house *h = *state;
    const char *const wishes[] = {"suppress", "unsubscribe", "consent?state=refused"};
    open_with_people(h);
    for (size_t i = 0; i < 3; i++) {
        json_decref(change(h, wishes[i]));
        json_t *answer = change(h, "erase");
        assert_true(json_is_true(json_object_get(answer, "suppressed")));
        json_decref(answer);
        json_t *summary = import(h, "/v1/contacts/import?list=one", STR("email\nb@b.example\n"));
        assert_int_equal(number(summary, "rejected"), 1);
        json_decref(summary);
        json_decref(change(h, "unsuppress"));
        json_decref(import(h, "/v1/contacts/import?list=one", STR("email\nb@b.example\n")));
    }
}

static void who_is_erased_for_good_stays_away(void **state)
{
    struct house *h = *state;
    open_with_people(h);
    json_decref(change(h, "erase?keep_suppressed=true"));
    refused(h, "GET", "/v1/contacts/b@b.example", STR(""), 404, "was erased");
    json_t *summary =
        import(h, "/v1/contacts/import?list=one", STR("email\nB@b.example\nc@b.example\n"));
    assert_int_equal(number(summary, "rejected"), 1);
    assert_int_equal(number(summary, "added"), 1);
    char target[64];
    snprintf(target, sizeof(target), "/v1/imports/%lld/rejects", (long long)number(summary, "id"));
    json_decref(summary);
    struct buf rejects = ask_raw(h, "GET", target, STR(""), 200);
    assert_non_null(strstr(rejects.at, "was erased"));
    buf_release(&rejects);
    json_decref(change(h, "unsuppress"));
    refused(h, "GET", "/v1/contacts/b@b.example", STR(""), 404, "no contact");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(everything_is_left_and_taken_back),
        API_TEST(a_list_is_left_alone),
        API_TEST(an_import_does_not_put_back),
        API_TEST(a_topic_is_left_alone),
        API_TEST(what_is_not_understood_changes_nothing),
        API_TEST(consent_is_noted),
        API_TEST(who_is_erased_is_gone),
        API_TEST(who_wanted_no_mail_stays_away_without_asking),
        API_TEST(who_is_erased_for_good_stays_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
