/* Backups over the control socket: who waits, who is refused, and what is known afterwards. */
#include "unit/api/house.h"

static struct str body_for(const struct house *h, const char *name, const char *more)
{
    static char body[256];
    int len = snprintf(body, sizeof(body), "{\"dir\": \"%s/%s\"%s}", h->people.folder, name, more);
    return str_from(body, (size_t)len);
}

static bool has_copy(const struct house *h, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s/data.mdb", h->people.folder, name);
    return access(path, F_OK) == 0;
}

/* An operation that keeps the writer, and so a backup, busy for a while. */
struct nap {
    struct write_op op;
    atomic_bool begun, over;
};

static void nap_apply(struct txn *txn, struct write_op *op)
{
    (void)txn;
    atomic_store(&((struct nap *)(void *)op)->begun, true);
    usleep(300000);
}

static void nap_done(struct write_op *op)
{
    atomic_store(&((struct nap *)(void *)op)->over, true);
}

static void nap_begin(struct nap *nap, struct house *h)
{
    nap->op = (struct write_op){.apply = nap_apply, .done = nap_done, .urgent = true};
    store_submit(h->people.store, &nap->op);
    while (!atomic_load(&nap->begun))
        usleep(1000);
}

static void who_waits_is_told_the_end(void **state)
{
    struct house *h = *state;
    json_t *done = ask(h, "POST", "/v1/backup", body_for(h, "one", ""), 200);
    assert_text(done, "state", "done");
    assert_true(number(done, "bytes") > 0);
    assert_true(number(done, "seconds") > 0);
    assert_true(json_is_null(json_object_get(done, "error")));
    json_decref(done);
    assert_true(has_copy(h, "one"));
}

static json_t *await_end(struct house *h)
{
    for (;;) {
        json_t *record = get(h, "/v1/backup");
        if (strcmp(json_string_value(json_object_get(record, "state")), "copying") != 0)
            return record;
        json_decref(record);
        usleep(1000);
    }
}

static void who_does_not_wait_asks_again(void **state)
{
    struct house *h = *state;
    refused(h, "GET", "/v1/backup", STR(""), 404, "No backup");
    json_decref(ask(h, "POST", "/v1/backup", body_for(h, "one", ", \"wait\": false"), 202));
    json_t *record = await_end(h);
    assert_text(record, "state", "done");
    assert_int_equal(number(record, "id"), 1);
    json_decref(record);
    json_decref(ask(h, "POST", "/v1/backup", body_for(h, "one", ", \"wait\": false"), 202));
    record = await_end(h);
    assert_text(record, "state", "failed");
    assert_non_null(strstr(json_string_value(json_object_get(record, "error")), "there already"));
    json_decref(record);
}

static void bad_requests_are_refused(void **state)
{
    struct house *h = *state;
    refused(h, "POST", "/v1/backup", STR(""), 400, "not JSON");
    refused(h, "POST", "/v1/backup", STR("{\"dir\": \"here\"}"), 400, "absolute path");
    refused(h, "POST", "/v1/backup", body_for(h, "no/such/copy", ""), 400, "as the user");
    json_decref(ask(h, "POST", "/v1/backup", body_for(h, "one", ""), 200));
    refused(h, "POST", "/v1/backup", body_for(h, "one", ""), 400, "there already");
}

static void one_at_a_time(void **state)
{
    struct house *h = *state;
    struct nap nap = {0};
    nap_begin(&nap, h);
    json_decref(ask(h, "POST", "/v1/backup", body_for(h, "one", ", \"wait\": false"), 202));
    refused(h, "POST", "/v1/backup", body_for(h, "two", ""), 409, "/one");
    json_decref(await_end(h));
    json_decref(ask(h, "POST", "/v1/backup", body_for(h, "two", ""), 200));
    assert_true(atomic_load(&nap.over));
}

static bool has_begun(struct house *h)
{
    struct http_exchange x = {.method = "GET", .target = "/v1/backup"};
    struct err err;
    assert_int_equal(http_client_send(h->client, &x, &err), 0);
    unsigned status = x.status;
    http_exchange_release(&x);
    return status == 200;
}

static void who_leaves_leaves_the_backup_at_it(void **state)
{
    struct house *h = *state;
    struct nap nap = {0};
    char request[512];
    struct str body = body_for(h, "one", "");
    nap_begin(&nap, h);
    int fd = dial(h);
    snprintf(request, sizeof(request),
             "POST /v1/backup HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%.*s", body.len,
             STR_ARG(body));
    say(fd, str_of(request));
    while (!has_begun(h))
        usleep(1000);
    refused(h, "POST", "/v1/backup", body_for(h, "two", ""), 409, "/one");
    close(fd);
    json_t *record = await_end(h);
    assert_text(record, "state", "done");
    json_decref(record);
}

/* The house is torn down with the backup under way: it must be given up, and nothing be left. */
static void stopping_gives_it_up(void **state)
{
    struct house *h = *state;
    static struct nap nap;
    nap_begin(&nap, h);
    json_decref(ask(h, "POST", "/v1/backup", body_for(h, "one", ", \"wait\": false"), 202));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(who_waits_is_told_the_end),          API_TEST(who_does_not_wait_asks_again),
        API_TEST(bad_requests_are_refused),           API_TEST(one_at_a_time),
        API_TEST(who_leaves_leaves_the_backup_at_it), API_TEST(stopping_gives_it_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
