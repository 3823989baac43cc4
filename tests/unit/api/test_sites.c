/* Sites and the queue over the control socket, with delivery threads behind it. */
#include "unit/api/house.h"

#define PEOPLE "email\nanna@a.example\nbob@b.example\ncarl@b.example\n"
#define RELAY "/v1/sites/127.0.0.1%3A25" /* where the route of the test's configuration leads */

static json_t *first(json_t *answer, const char *list)
{
    return json_array_get(json_object_get(answer, list), 0);
}

static size_t length(json_t *answer, const char *list)
{
    assert_true(json_is_array(json_object_get(answer, list)));
    return json_array_size(json_object_get(answer, list));
}

static void without_mail_there_is_no_site(void **state)
{
    json_t *answer = get(*state, "/v1/sites");
    assert_int_equal(length(answer, "sites"), 0);
    assert_int_equal(number(answer, "site_count"), 0);
    assert_int_equal(number(answer, "away_domains"), 0);
    assert_int_equal(length(answer, "restraints_elsewhere"), 0);
    json_decref(answer);
    answer = get(*state, "/v1/queue");
    assert_int_equal(length(answer, "queue"), 0);
    assert_int_equal(number(answer, "queued"), 0);
    json_decref(answer);
    refused(*state, "GET", "/v1/sites?limit=0", STR(""), 400, "\"limit\"");
    refused(*state, "GET", "/v1/queue?limit=x", STR(""), 400, "\"limit\"");
}

static void nobody_knows_some_names(void **state)
{
    static const char name[] = "/v1/sites/mx.none.test%2B1%231a2b%20c";
    char target[96], quoted[] = "\"mx.none.test+1#1a2b c\"";
    refused(*state, "GET", name, STR(""), 404, quoted);
    snprintf(target, sizeof(target), "%s/suspend", name);
    refused(*state, "POST", target, STR("{\"for\": \"1h\"}"), 404, "--force");
    refused(*state, "POST", target, STR("{\"for\": 1}"), 400, "\"for\"");
    snprintf(target, sizeof(target), "%s/resume", name);
    refused(*state, "POST", target, STR(""), 404, quoted);
    struct buf longest = BUF_INIT;
    buf_add_text(&longest, "/v1/sites/");
    for (int i = 0; i < 250; i++)
        buf_add_byte(&longest, 'a');
    buf_add_text(&longest, "/suspend");
    refused(*state, "POST", longest.at, STR("{\"force\": true}"), 400, "250 bytes");
    buf_release(&longest);
}

static void a_site_is_suspended_before_anybody_knows_it(void **state)
{
    struct house *h = *state;
    json_t *answer =
        ask(h, "POST", "/v1/sites/MX.soon.test/suspend",
            STR("{\"for\": \"1h\", \"reason\": \"Not \\\"yet\\\"\", \"force\": true}"), 200);
    assert_text(answer, "name", "mx.soon.test");
    assert_text(answer, "scope", "site");
    json_t *restraint = first(answer, "restraints");
    assert_text(restraint, "action", "suspend");
    assert_text(restraint, "place", "mx.soon.test");
    assert_text(restraint, "text", "Not \"yet\"");
    assert_true(json_is_null(json_object_get(restraint, "rule")));
    assert_true(json_is_string(json_object_get(restraint, "until")));
    json_decref(answer);

    /* Again, with another time: it is still one. */
    answer = ask(h, "POST", "/v1/sites/mx.soon.test/suspend", STR(""), 200);
    assert_int_equal(length(answer, "restraints"), 1);
    assert_true(json_is_null(json_object_get(first(answer, "restraints"), "until")));
    json_decref(answer);
    answer = get(h, "/v1/sites");
    assert_text(first(answer, "restraints_elsewhere"), "place", "mx.soon.test");
    json_decref(answer);

    answer = ask(h, "POST", "/v1/sites/mx.soon.test/resume", STR(""), 200);
    assert_int_equal(number(answer, "lifted"), 1);
    assert_int_equal(length(answer, "restraints"), 0);
    json_decref(answer);
    refused(h, "POST", "/v1/sites/mx.soon.test/resume", STR(""), 404, "mx.soon.test");
}

static void providers_and_sources_are_places(void **state)
{
    struct house *h = *state;
    json_t *answer = get(h, "/v1/sites/Google");
    assert_text(answer, "name", "google");
    assert_text(answer, "scope", "provider");
    json_t *together = json_object_get(json_object_get(answer, "limits"), "together");
    assert_int_equal(number(together, "connections"), 5);
    assert_int_equal(length(answer, "sites"), 0);
    json_decref(answer);
    answer = ask(h, "POST", "/v1/sites/google/suspend", STR(""), 200);
    assert_text(first(answer, "restraints"), "scope", "provider");
    json_decref(answer);
    answer = ask(h, "POST", "/v1/sites/local/suspend", STR("{}"), 200);
    assert_text(answer, "scope", "source");
    assert_text(first(answer, "restraints"), "source", "local");
    json_decref(answer);
    answer = ask(h, "POST", "/v1/sites/local/resume", STR(""), 200);
    assert_int_equal(number(answer, "lifted"), 1);
    json_decref(answer);
    answer = get(h, "/v1/sites/google");
    assert_int_equal(length(answer, "restraints"), 1);
    json_decref(answer);
}

/* -- With mail. */

static void submit(struct house *h, json_int_t id)
{
    static const struct str body =
        STR("{\"message\": \"Subject: Hi\\n\\nHello\", \"to\": \"all\"}");
    json_t *made = ask(h, "POST", "/v1/jobs", body, 201);
    assert_int_equal(number(made, "id"), id);
    json_decref(made);
}

/* Two jobs for three people, at a receiver that is suspended. */
static void begin(struct house *h)
{
    atomic_store(&h->delivers, 1);
    json_decref(
        ask(h, "POST", RELAY "/suspend", STR("{\"force\": true, \"reason\": \"A test\"}"), 200));
    json_decref(import(h, "/v1/contacts/import", STR(PEOPLE)));
    submit(h, 1);
    submit(h, 2);
}

/* The answer once so many wait in so many entries. */
static json_t *await_queue(struct house *h, json_int_t entries, json_int_t queued)
{
    for (int i = 0; i < 10000; i++) {
        json_t *answer = get(h, "/v1/queue");
        json_t *entry = first(answer, "queue");
        if (number(answer, "entry_count") == entries && number(answer, "queued") == queued &&
            json_is_string(json_object_get(entry, "site")))
            return answer;
        json_decref(answer);
        usleep(1000);
    }
    fail_msg("the queue is never as it should be");
    return NULL;
}

static void the_queue_is_shown_by_site_and_job(void **state)
{
    struct house *h = *state;
    begin(h);
    json_t *answer = await_queue(h, 2, 6), *entry = first(answer, "queue");
    assert_text(entry, "site", "127.0.0.1:25");
    assert_text(entry, "site_state", "suspended");
    assert_int_equal(number(entry, "job"), 1);
    assert_text(entry, "name", "message");
    assert_text(entry, "job_state", "sending");
    assert_int_equal(number(answer, "queued"), 6);
    json_decref(answer);
    answer = get(h, "/v1/queue?limit=1");
    assert_int_equal(length(answer, "queue"), 1);
    assert_int_equal(number(answer, "entry_count"), 2);
    json_decref(answer);

    /* Nobody is told of the third, and the first ends where nothing moves. */
    atomic_store(&h->delivers, 0);
    submit(h, 3);
    json_decref(ask(h, "POST", "/v1/jobs/1/cancel", STR(""), 200));
    answer = await_queue(h, 2, 6);
    entry = json_array_get(json_object_get(answer, "queue"), 1);
    assert_int_equal(number(entry, "job"), 3);
    assert_int_equal(number(entry, "queued"), 3);
    assert_true(json_is_null(json_object_get(entry, "site")));
    assert_text(entry, "job_state", "sending");
    json_decref(answer);
}

static void assert_limit(json_t *site, const char *name, const char *value, const char *from)
{
    json_t *limit = json_object_get(json_object_get(site, "limits"), name);
    assert_text(limit, "value", value);
    assert_text(limit, "from", from);
}

static void a_site_is_shown_with_all_that_is_known(void **state)
{
    struct house *h = *state;
    begin(h);
    json_decref(await_queue(h, 2, 6));
    json_t *answer = get(h, RELAY), *site = first(answer, "sites");
    assert_text(answer, "scope", "site");
    assert_text(site, "state", "suspended");
    assert_non_null(strstr(json_string_value(json_object_get(site, "why")), "A test"));
    assert_int_equal(number(site, "queued"), 6);
    assert_int_equal(number(site, "domains"), 2);
    assert_int_equal(length(site, "jobs"), 2);
    assert_int_equal(number(first(site, "jobs"), "queued"), 3);
    assert_int_equal(length(site, "restraints"), 1);
    assert_int_equal(length(site, "hosts"), 1);
    assert_limit(site, "connections", "10", "site \"*\"");
    json_decref(answer);

    answer = get(h, "/v1/sites");
    site = first(answer, "sites");
    assert_int_equal(number(answer, "site_count"), 1);
    assert_text(site, "site", "127.0.0.1:25");
    assert_int_equal(length(site, "restraints"), 1);
    assert_null(json_object_get(site, "jobs"));
    assert_int_equal(length(answer, "restraints_elsewhere"), 0);
    json_decref(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(without_mail_there_is_no_site),
        API_TEST(nobody_knows_some_names),
        API_TEST(a_site_is_suspended_before_anybody_knows_it),
        API_TEST(providers_and_sources_are_places),
        API_TEST(the_queue_is_shown_by_site_and_job),
        API_TEST(a_site_is_shown_with_all_that_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
