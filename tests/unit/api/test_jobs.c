/* Jobs over the control socket, from submission to the story of a copy. */
#include "unit/api/house.h"

#include "store/outcomes.h"

#define PEOPLE "email,name\nanna@a.example,Anna\nbob@b.example,Bob\ncarl@b.example,Carl\n"

static struct str message_to(const char *to, const char *more)
{
    static char body[1024];
    snprintf(body, sizeof(body),
             "{\"message\": \"Subject: Hi\\n\\nHello {{ contact.name }}\", \"to\": \"%s\"%s}", to,
             more);
    return str_of(body);
}

static json_int_t submit(struct house *h)
{
    json_decref(import(h, "/v1/contacts/import?list=everyone", STR(PEOPLE)));
    json_t *made = ask(h, "POST", "/v1/jobs", message_to("list:everyone", ""), 201);
    json_int_t id = number(made, "id");
    assert_int_equal(number(made, "recipients"), 3);
    json_decref(made);
    return id;
}

static void a_job_is_submitted_and_shown(void **state)
{
    struct house *h = *state;
    static const char *const parts[] = {"queued",  "in_flight", "in_doubt", "delivered", "deferred",
                                        "bounced", "skipped",   "expired",  "cancelled"};
    assert_int_equal(submit(h), 1);
    json_t *job = get(h, "/v1/jobs/1");
    json_int_t sum = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        sum += number(job, parts[i]);
    assert_int_equal(sum, 3);
    assert_int_equal(number(job, "queued"), 3);
    assert_text(job, "state", "sending");
    assert_text(job, "lane", "bulk");
    assert_text(job, "guarantee", "at-least-once");
    assert_text(job, "to", "list:everyone");
    assert_text(job, "identity", "example");
    assert_text(job, "pool", "default");
    assert_int_equal(number(job, "weight"), 1);
    assert_true(json_is_string(json_object_get(job, "created_at")));
    assert_true(json_is_null(json_object_get(job, "finished_at")));
    assert_true(json_is_object(json_object_get(job, "queueing")));
    json_decref(job);
}

static void a_dry_run_makes_nothing(void **state)
{
    struct house *h = *state;
    json_decref(import(h, "/v1/contacts/import?list=everyone", STR(PEOPLE)));
    json_t *answer = ask(h, "POST", "/v1/jobs", message_to("all", ", \"dry_run\": true"), 200);
    assert_int_equal(number(answer, "recipients"), 3);
    assert_null(json_object_get(answer, "id"));
    json_t *forecast = json_object_get(answer, "forecast"), *group = json_array_get(forecast, 0);
    assert_int_equal(json_array_size(forecast), 1); /* all by the route "*" */
    assert_text(group, "kind", "site");
    assert_text(group, "limited_by", "10 connections");
    assert_int_equal(number(group, "recipients"), 3);
    assert_int_equal(number(answer, "finished_in_s"), number(group, "seconds"));
    json_decref(answer);
    refused(h, "GET", "/v1/jobs/1", STR(""), 404, "no job 1");
}

static bool is_repeated(json_t *answer)
{
    bool repeated = json_is_true(json_object_get(answer, "repeated"));
    assert_int_equal(number(answer, "id"), 1);
    assert_int_equal(number(answer, "recipients"), 3);
    json_decref(answer);
    return repeated;
}

static void a_submission_with_a_key_is_made_once(void **state)
{
    struct house *h = *state;
    json_decref(import(h, "/v1/contacts/import?list=everyone", STR(PEOPLE)));
    assert_false(
        is_repeated(ask(h, "POST", "/v1/jobs", message_to("all", ", \"key\": \"k\""), 201)));
    assert_true(
        is_repeated(ask(h, "POST", "/v1/jobs", message_to("all", ", \"key\": \"k\""), 200)));
    refused(h, "POST", "/v1/jobs", message_to("list:everyone", ", \"key\": \"k\""), 409,
            "job 1, and this submission is another one (other audience)");
    json_t *dry = ask(h, "POST", "/v1/jobs",
                      message_to("list:everyone", ", \"key\": \"k\", \"dry_run\": true"), 200);
    assert_null(json_object_get(dry, "repeated"));
    json_decref(dry);
    json_t *page = get(h, "/v1/jobs");
    assert_int_equal(json_array_size(json_object_get(page, "jobs")), 1);
    json_decref(page);
}

/* A client that repeats does so after an answer: a refusal must not use the key up. */
static void a_refused_submission_leaves_its_key_free(void **state)
{
    struct house *h = *state;
    refused(h, "POST", "/v1/jobs", message_to("all", ", \"key\": \"k\""), 400, "is empty");
    json_decref(import(h, "/v1/contacts/import?list=everyone", STR(PEOPLE)));
    assert_false(
        is_repeated(ask(h, "POST", "/v1/jobs", message_to("all", ", \"key\": \"k\""), 201)));
}

static void jobs_are_listed_newest_first(void **state)
{
    struct house *h = *state;
    submit(h);
    for (int i = 0; i < 4; i++)
        json_decref(ask(h, "POST", "/v1/jobs", message_to("all", ""), 201));
    json_t *page = get(h, "/v1/jobs?limit=2&before=5");
    json_t *jobs = json_object_get(page, "jobs");
    assert_int_equal(json_array_size(jobs), 2);
    assert_int_equal(number(json_array_get(jobs, 0), "id"), 4);
    assert_int_equal(number(json_array_get(jobs, 1), "id"), 3);
    json_decref(page);
    refused(h, "GET", "/v1/jobs?limit=1001", STR(""), 400, "\"limit\"");
    refused(h, "GET", "/v1/jobs?before=x", STR(""), 400, "\"before\"");
}

static void assert_change(struct house *h, const char *target, const char *wanted)
{
    json_t *job = ask(h, "POST", target, STR(""), 200);
    assert_text(job, "state", wanted);
    json_decref(job);
}

static void a_job_is_paused_resumed_and_cancelled(void **state)
{
    struct house *h = *state;
    submit(h);
    assert_change(h, "/v1/jobs/1/pause", "paused");
    refused(h, "POST", "/v1/jobs/1/pause", STR(""), 409, "paused");
    assert_change(h, "/v1/jobs/1/resume", "sending");
    assert_change(h, "/v1/jobs/1/cancel", "cancelled");
    refused(h, "POST", "/v1/jobs/1/resume", STR(""), 409, "cancelled");
    refused(h, "POST", "/v1/jobs/2/cancel", STR(""), 404, "no job 2");
    json_t *job = get(h, "/v1/jobs/1");
    assert_int_equal(number(job, "cancelled"), 3);
    json_decref(job);
}

static void wrong_submissions_change_nothing(void **state)
{
    struct house *h = *state;
    char long_name[400];
    snprintf(long_name, sizeof(long_name), ", \"name\": \"%0300d\"", 0);
    json_decref(import(h, "/v1/contacts/import?list=everyone", STR(PEOPLE)));
    refused(h, "POST", "/v1/jobs", STR("{"), 400, "not JSON");
    refused(h, "POST", "/v1/jobs", message_to("list:nosuch", ""), 400, "nosuch");
    refused(h, "POST", "/v1/jobs", message_to("all", ", \"identity\": \"x\""), 400, "\"x\"");
    refused(h, "POST", "/v1/jobs", message_to("all", ", \"pool\": \"x\""), 400,
            "there is \"default\"");
    refused(h, "POST", "/v1/jobs", message_to("all", ", \"weight\": 0"), 400, "from 1 to 1000");
    refused(h, "POST", "/v1/jobs", message_to("all", long_name), 400, "longer than 255 bytes");
    refused(h, "POST", "/v1/jobs",
            STR("{\"message\": \"From: a@b.example\\n\\nHello\", \"to\": \"all\"}"), 400,
            "Subject");
    json_t *page = get(h, "/v1/jobs");
    assert_int_equal(json_array_size(json_object_get(page, "jobs")), 0);
    json_decref(page);
}

/* Anna's copy bounces, as delivery would report it. */
static void bounce(struct txn *txn, void *ctx)
{
    struct outcome_sums sums;
    struct contact contact;
    (void)ctx;
    assert_true(contact_find(txn, STR("anna@a.example"), &contact));
    struct outcome o = {.job = 1,
                        .contact = contact.id,
                        .domain = contact.domain,
                        .state = RECIPIENT_BOUNCED,
                        .at = 1795305600,
                        .attempted = true,
                        .code = 550,
                        .enhanced = {5, 1, 1}};
    outcome_set_text(&o, STR("No such user"));
    assert_int_equal(outcomes_apply(txn, &o, 1, &sums), 1);
}

static size_t lines_of(struct house *h, const char *target)
{
    struct buf text = ask_raw(h, "GET", target, STR(""), 200);
    size_t lines = 0;
    for (struct str rest = buf_str(&text); rest.len; lines++) {
        struct str line = str_cut(&rest, '\n');
        json_t *object = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, NULL);
        assert_true(json_is_string(json_object_get(object, "address")));
        json_decref(object);
    }
    buf_release(&text);
    return lines;
}

static void recipients_are_json_lines(void **state)
{
    struct house *h = *state;
    submit(h);
    people_write(&h->people, bounce, NULL);
    assert_int_equal(lines_of(h, "/v1/jobs/1/recipients"), 3);
    assert_int_equal(lines_of(h, "/v1/jobs/1/recipients?state=queued"), 2);
    json_t *anna = get(h, "/v1/jobs/1/recipients?state=bounced");
    assert_text(anna, "address", "anna@a.example");
    assert_text(anna, "reply", "550 5.1.1 No such user");
    assert_text(anna, "enhanced", "5.1.1");
    assert_int_equal(number(anna, "attempts"), 1);
    json_decref(anna);
    refused(h, "GET", "/v1/jobs/1/recipients?state=sent", STR(""), 400, "\"sent\"");
    refused(h, "GET", "/v1/jobs/2/recipients", STR(""), 404, "no job 2");
}

static const json_t *copy_of(const json_t *story, size_t i)
{
    return json_array_get(json_object_get(story, "copies"), i);
}

static void why_tells_the_story_of_a_copy(void **state)
{
    struct house *h = *state;
    submit(h);
    people_write(&h->people, bounce, NULL);
    json_t *story = get(h, "/v1/why?address=ANNA@a.example&job=1");
    assert_text(story, "address", "anna@a.example");
    assert_text(copy_of(story, 0), "state", "bounced");
    json_t *sentences = json_object_get(copy_of(story, 0), "sentences");
    assert_non_null(strstr(json_string_value(json_array_get(sentences, 1)), "550 5.1.1 No such"));
    json_decref(story);
    refused(h, "GET", "/v1/why?address=nobody@a.example&job=1", STR(""), 404, "nobody@a.example");
    refused(h, "GET", "/v1/why?address=nobody", STR(""), 400, "nobody");
    refused(h, "GET", "/v1/why?address=anna@a.example&job=2", STR(""), 404, "no job 2");
    refused(h, "GET", "/v1/why", STR(""), 400, "\"address\"");
}

static void why_has_the_newest_twenty_copies(void **state)
{
    struct house *h = *state;
    submit(h);
    for (int i = 0; i < 24; i++)
        json_decref(ask(h, "POST", "/v1/jobs",
                        message_to(i % 8 ? "email:anna@a.example" : "email:bob@b.example", ""),
                        201));
    json_t *anna = get(h, "/v1/why?address=anna@a.example");
    assert_int_equal(json_array_size(json_object_get(anna, "copies")), 20);
    assert_int_equal(number(copy_of(anna, 0), "job"), 25);
    json_decref(anna);
    json_t *bob = get(h, "/v1/why?address=bob@b.example");
    assert_int_equal(json_array_size(json_object_get(bob, "copies")), 4);
    assert_int_equal(number(copy_of(bob, 3), "job"), 1);
    json_decref(bob);
    refused(h, "GET", "/v1/why?address=bob@b.example&job=25", STR(""), 404, "not for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(a_job_is_submitted_and_shown),
        API_TEST(a_dry_run_makes_nothing),
        API_TEST(a_submission_with_a_key_is_made_once),
        API_TEST(a_refused_submission_leaves_its_key_free),
        API_TEST(jobs_are_listed_newest_first),
        API_TEST(a_job_is_paused_resumed_and_cancelled),
        API_TEST(wrong_submissions_change_nothing),
        API_TEST(recipients_are_json_lines),
        API_TEST(why_tells_the_story_of_a_copy),
        API_TEST(why_has_the_newest_twenty_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
