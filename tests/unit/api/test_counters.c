/* Counters over the control socket. */
#include "store/counters.h"
#include "unit/api/house.h"

#define RAIF "/v1/counters/raif"

/* A change, which leaves the counter at this value. */
static void change(struct house *h, const char *method, const char *target, struct str body,
                   unsigned status, json_int_t value)
{
    json_t *counter = ask(h, method, target, body, status);
    assert_int_equal(number(counter, "value"), value);
    json_decref(counter);
}

static void is(struct house *h, const char *target, json_int_t value)
{
    change(h, "GET", target, STR(""), 200, value);
}

static void it_is_set_and_added_to(void **state)
{
    struct house *h = *state;
    change(h, "PUT", RAIF, STR("{\"value\": 46443}"), 201, 46443);
    change(h, "POST", RAIF, STR("{\"add\": 5}"), 200, 46448);
    change(h, "POST", RAIF, STR("{\"add\": -8}"), 200, 46440);
    change(h, "PUT", RAIF, STR("{\"value\": -1}"), 200, -1);
    change(h, "POST", "/v1/counters/narges-m", STR("{\"add\": 1}"), 201, 1);
    is(h, RAIF, -1);
}

static void it_is_shown_with_its_time(void **state)
{
    struct house *h = *state;
    json_decref(ask(h, "PUT", "/v1/counters/RaiF", STR("{\"value\": 5}"), 201));
    json_t *counter = get(h, "/v1/counters/RAIF");
    assert_int_equal(json_object_size(counter), 3);
    assert_text(counter, "name", "raif");
    assert_int_equal(strlen(json_string_value(json_object_get(counter, "changed_at"))),
                     sizeof("2026-11-21T20:32:05Z") - 1);
    json_decref(counter);
}

static void all_are_listed(void **state)
{
    struct house *h = *state;
    json_t *answer = get(h, "/v1/counters");
    assert_int_equal(json_array_size(json_object_get(answer, "counters")), 0);
    json_decref(answer);
    json_decref(ask(h, "PUT", RAIF, STR("{\"value\": 5}"), 201));
    json_decref(ask(h, "PUT", "/v1/counters/a.b", STR("{\"value\": 6}"), 201));
    answer = get(h, "/v1/counters");
    const json_t *counters = json_object_get(answer, "counters");
    assert_int_equal(json_array_size(counters), 2);
    assert_text(json_array_get(counters, 0), "name", "a.b");
    assert_int_equal(number(json_array_get(counters, 0), "value"), 6);
    assert_text(json_array_get(counters, 1), "name", "raif");
    json_decref(answer);
}

static void it_is_deleted(void **state)
{
    struct house *h = *state;
    json_decref(ask(h, "PUT", RAIF, STR("{\"value\": 5}"), 201));
    json_t *answer = ask(h, "DELETE", RAIF, STR(""), 200);
    assert_text(answer, "name", "raif");
    assert_true(json_is_true(json_object_get(answer, "deleted")));
    json_decref(answer);
    refused(h, "GET", RAIF, STR(""), 404, "\"raif\"");
    refused(h, "DELETE", RAIF, STR(""), 404, "\"raif\"");
}

static void a_key_counts_once(void **state)
{
    struct house *h = *state;
    for (int i = 0; i < 3; i++) {
        json_t *counter =
            ask(h, "POST", RAIF, STR("{\"add\": 5, \"key\": \"may-1\"}"), i ? 200 : 201);
        assert_int_equal(number(counter, "value"), 5);
        assert_int_equal(json_is_true(json_object_get(counter, "repeated")), i > 0);
        json_decref(counter);
    }
    refused(h, "POST", RAIF, STR("{\"add\": 6, \"key\": \"may-1\"}"), 409, "key of its own");
    is(h, RAIF, 5);
}

static void what_is_not_understood_changes_nothing(void **state)
{
    struct house *h = *state;
    json_decref(ask(h, "PUT", RAIF, STR("{\"value\": 5}"), 201));
    refused(h, "PUT", RAIF, STR("{\"value\": 5.5}"), 400, "whole number");
    refused(h, "PUT", RAIF, STR("{\"add\": 5}"), 400, "\"add\"");
    refused(h, "POST", RAIF, STR(""), 400, "not JSON");
    refused(h, "POST", RAIF, STR("{\"add\": 9223372036854775807}"), 409, "64 bits");
    refused(h, "PUT", "/v1/counters/a%20b", STR("{\"value\": 5}"), 400, "\"a b\"");
    refused(h, "GET", "/v1/counters/a%2Fb", STR(""), 400, "\"a/b\"");
    refused(h, "DELETE", "/v1/counters/%C3%A9", STR(""), 400, "cannot be the name");
    is(h, RAIF, 5);
}

static void fill(struct txn *txn, void *ctx)
{
    struct counter_change done;
    struct err err;
    (void)ctx;
    for (unsigned i = 0; i < COUNTERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "c%u", i);
        counter_set(txn, str_of(name), i, 1, &done, &err);
    }
}

static void there_is_an_end_to_them(void **state)
{
    struct house *h = *state;
    people_write(&h->people, fill, NULL);
    refused(h, "PUT", RAIF, STR("{\"value\": 5}"), 409, "10000 counters");
    refused(h, "POST", RAIF, STR("{\"add\": 5}"), 409, "10000 counters");
    change(h, "POST", "/v1/counters/c9", STR("{\"add\": 5}"), 200, 14);
    json_t *answer = get(h, "/v1/counters");
    assert_int_equal(json_array_size(json_object_get(answer, "counters")), COUNTERS_MAX);
    json_decref(answer);
}

/* The peer goes before the answer: the change is made all the same. */
static void who_leaves_has_still_asked(void **state)
{
    struct house *h = *state;
    int fd = dial(h);
    say(fd, STR("POST /v1/counters/raif HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n"
                "{\"add\": 5}"));
    close(fd);
    for (unsigned i = 0;; i++) {
        json_t *answer = get(h, "/v1/counters");
        bool there = json_array_size(json_object_get(answer, "counters")) == 1;
        json_decref(answer);
        if (there)
            break;
        assert_true(i < 5000);
        usleep(1000);
    }
    is(h, RAIF, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(it_is_set_and_added_to),  API_TEST(it_is_shown_with_its_time),
        API_TEST(all_are_listed),          API_TEST(it_is_deleted),
        API_TEST(a_key_counts_once),       API_TEST(what_is_not_understood_changes_nothing),
        API_TEST(there_is_an_end_to_them), API_TEST(who_leaves_has_still_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
