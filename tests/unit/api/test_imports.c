/* Uploads of contacts: whole ones, bad ones, and those that break off. */
#include "unit/api/house.h"

/* Where an import is found again; valid until the next call. */
static const char *target_of(const json_t *summary, const char *more)
{
    static char target[64];
    snprintf(target, sizeof(target), "/v1/imports/%lld%s", (long long)number(summary, "id"), more);
    return target;
}

static void an_upload_is_applied_and_summed_up(void **state)
{
    struct house *h = *state;
    json_t *summary = import(h, "/v1/contacts/import?list=a+b&map=Ville%3Dcity",
                             STR("email,Ville\nx@a.example,Lyon\nbad,Nice\nX@a.example,Metz\n"));
    assert_text(summary, "state", "done");
    assert_text(summary, "list", "a b");
    assert_int_equal(number(summary, "rows"), 3);
    assert_int_equal(number(summary, "added"), 1);
    assert_int_equal(number(summary, "duplicates"), 1);
    assert_int_equal(number(summary, "rejected"), 1);
    assert_true(json_is_null(json_object_get(summary, "error")));
    struct buf rejects = ask_raw(h, "GET", target_of(summary, "/rejects"), STR(""), 200);
    json_decref(summary);
    assert_non_null(strstr(rejects.at, "bad"));
    assert_non_null(strstr(rejects.at, "Nice"));
    buf_release(&rejects);
    json_t *contact = get(h, "/v1/contacts/x@a.example");
    assert_text(json_object_get(contact, "attributes"), "city", "Metz");
    json_decref(contact);
}

static void assert_nothing_there(struct house *h)
{
    json_t *count = get(h, "/v1/count");
    assert_int_equal(number(count, "contacts"), 0);
    json_decref(count);
    json_t *lists = get(h, "/v1/lists");
    assert_int_equal(json_array_size(json_object_get(lists, "lists")), 0);
    json_decref(lists);
}

static void bad_files_are_refused_and_change_nothing(void **state)
{
    struct house *h = *state;
    static const char import[] = "/v1/contacts/import?list=a";
    refused(h, "POST", import, STR(""), 400, "empty");
    refused(h, "POST", import, STR("name\nx\n"), 400, "email");
    refused(h, "POST", import, STR("email\n\"x@a.example"), 400, "ine 2");
    refused(h, "POST", import, STR("\x1f\x8b\x08 no gzip"), 400, "gzip");
    refused(h, "POST", "/v1/contacts/import?lst=a", STR("email\n"), 400, "\"lst\"");
    refused(h, "POST", "/v1/contacts/import?list=%22", STR("email\n"), 400, "list");
    assert_nothing_there(h);
    refused(h, "GET", "/v1/imports/77", STR(""), 404, "no import 77");
    refused(h, "GET", "/v1/imports/77/rejects", STR(""), 404, "77");
}

#define UPLOAD "POST /v1/contacts/import?list=a HTTP/1.1\r\nHost: x\r\n"

static void uploads_that_break_off_change_nothing(void **state)
{
    struct house *h = *state;
    int cut = dial(h), nonsense = dial(h);
    say(cut, STR(UPLOAD "Content-Length: 1000\r\n\r\nemail\nx@a.example\n"));
    say(nonsense, STR(UPLOAD "Transfer-Encoding: chunked\r\n\r\n6\r\nemail\nXX"));
    close(cut);
    assert_nothing_there(h);
    close(nonsense);
    assert_nothing_there(h);
}

/* An upload that has begun, as the server's "100 Continue" tells. */
static int begin_upload(struct house *h)
{
    char answer[64];
    int fd = dial(h);
    say(fd, STR(UPLOAD "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n"));
    ssize_t n = read(fd, answer, sizeof(answer));
    assert_true(n > 0 && str_starts(str_from(answer, (size_t)n), STR("HTTP/1.1 100 ")));
    say(fd, STR("email\n"));
    return fd;
}

static unsigned import_status(struct house *h)
{
    struct err err;
    struct http_exchange x = {
        .method = "POST", .target = "/v1/contacts/import", .body = STR("email\nx@a.example\n")};
    assert_int_equal(http_client_send(h->client, &x, &err), 0);
    http_exchange_release(&x);
    return x.status;
}

static void only_so_many_are_received_at_a_time(void **state)
{
    struct house *h = *state;
    int uploads[8];
    for (size_t i = 0; i < 8; i++)
        uploads[i] = begin_upload(h);
    refused(h, "POST", "/v1/contacts/import", STR("email\n"), 503, "Too many");
    for (size_t i = 0; i < 8; i++)
        close(uploads[i]);
    unsigned status = 503;
    for (int i = 0; i < 1000 && status == 503; i++, usleep(5000))
        status = import_status(h);
    assert_int_equal(status, 202);
}

static void the_last_imports_are_remembered(void **state)
{
    struct house *h = *state;
    json_t *all[33];
    for (int i = 0; i < 33; i++)
        all[i] = import(h, "/v1/contacts/import", STR("email\nx@a.example\n"));
    refused(h, "GET", target_of(all[0], ""), STR(""), 404, "no import");
    for (int i = 1; i < 33; i++)
        json_decref(get(h, target_of(all[i], "")));
    for (int i = 0; i < 33; i++)
        json_decref(all[i]);
}

/* The fixture closes the API and the store meanwhile; the file was whole, so all of it arrives. */
static void an_import_is_completed_while_the_daemon_stops(void **state)
{
    struct house *h = *state;
    struct buf file = BUF_INIT;
    buf_add_text(&file, "email\n");
    for (int i = 0; i < 100000; i++)
        buf_addf(&file, "user%d@a.example\n", i);
    json_decref(ask(h, "POST", "/v1/contacts/import?list=a", buf_str(&file), 202));
    int hanging = dial(h);
    say(hanging, STR(UPLOAD "Content-Length: 1000\r\n\r\nemail\n"));
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(an_upload_is_applied_and_summed_up),
        API_TEST(bad_files_are_refused_and_change_nothing),
        API_TEST(uploads_that_break_off_change_nothing),
        API_TEST(only_so_many_are_received_at_a_time),
        API_TEST(the_last_imports_are_remembered),
        API_TEST(an_import_is_completed_while_the_daemon_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
