/* The API as a whole: opening, closing, and peers who read slowly or leave. */
#include "store/health.h"
#include "unit/api/house.h"

static void the_status_is_told(void **state)
{
    struct house *h = *state;
    json_t *status = get(h, "/v1/status");
    assert_int_equal(number(status, "pid"), getpid());
    assert_int_equal(number(status, "contacts"), 0);
    assert_int_equal(number(status, "active_jobs"), 0);
    assert_true(json_is_true(json_object_get(status, "healthy")));
    assert_true(number(json_object_get(status, "store"), "file_bytes") > 0);
    json_decref(status);
    refused(h, "GET", "/v1/nosuch", STR(""), 404, "/v1/nosuch");
    refused(h, "DELETE", "/v1/jobs", STR(""), 405, "DELETE");
    refused(h, "POST", "/v1/jobs/1/pause", STR("{\"a\": 1}"), 404, "no job 1");
}

static void wait_healthy(struct house *h, bool healthy)
{
    while (store_healthy(h->people.store) != healthy)
        usleep(1000);
}

static void little_room_is_told_and_new_work_refused(void **state)
{
    struct house *h = *state;
    json_decref(import(h, "/v1/contacts/import?list=everyone", STR("email\nada@a.example\n")));
    store_set_min_free(h->people.store, INT64_MAX);
    wait_healthy(h, false);
    json_t *status = get(h, "/v1/status");
    assert_true(json_is_false(json_object_get(status, "healthy")));
    assert_non_null(strstr(json_string_value(json_object_get(status, "trouble")), "nearly full"));
    assert_true(number(json_object_get(status, "store"), "free_bytes") > 0);
    json_decref(status);
    struct str job = STR("{\"message\": \"Subject: x\\nFrom: a@b.example\\n\\nHello\\n\","
                         " \"to\": \"list:everyone\"}");
    refused(h, "POST", "/v1/jobs", job, 503, "nearly full");
    refused(h, "POST", "/v1/contacts/import", STR("email\nb@a.example\n"), 503, "nearly full");
    json_decref(ask(h, "POST", "/v1/contacts/ada@a.example/suppress", STR(""), 200));
    store_set_min_free(h->people.store, 0);
    wait_healthy(h, true);
    status = get(h, "/v1/status");
    assert_true(json_is_null(json_object_get(status, "trouble")));
    json_decref(status);
}

static void a_second_api_on_the_socket_is_refused(void **state)
{
    struct house *h = *state;
    struct loop other;
    struct err err;
    assert_int_equal(loop_init(&other, "other", &err), 0);
    struct api_parts parts = house_parts(h);
    parts.front = &other;
    assert_null(api_new(&parts, &err));
    assert_non_null(strstr(err.text, "control.sock"));
    loop_release(&other);
    json_decref(get(h, "/v1/status"));
}

enum { MANY = 30000 };

static void import_many(struct house *h)
{
    struct buf file = BUF_INIT;
    buf_add_text(&file, "email,note\n");
    for (int i = 0; i < MANY; i++)
        buf_addf(&file, "user%d@a.example,a note that makes the export some pages longer\n", i);
    json_decref(import(h, "/v1/contacts/import?list=many", buf_str(&file)));
    buf_release(&file);
}

static size_t read_slowly(int fd)
{
    char bytes[16 * 1024];
    size_t lines = 0;
    for (ssize_t n; (n = recv(fd, bytes, sizeof(bytes), 0)) > 0;) {
        for (ssize_t i = 0; i < n; i++)
            lines += bytes[i] == '\n' && (i == 0 || bytes[i - 1] == '\r');
        usleep(200);
    }
    return lines;
}

static void a_slow_reader_gets_everything(void **state)
{
    struct house *h = *state;
    import_many(h);
    int fd = dial(h);
    say(fd, STR("GET /v1/contacts HTTP/1.0\r\n\r\n"));
    usleep(50000);
    json_decref(get(h, "/v1/status"));
    /* The export's header row, the rows, and five lines of the answer's head. */
    size_t lines = read_slowly(fd);
    assert_in_range(lines, MANY + 1, MANY + 10);
    close(fd);
}

static void readers_that_leave_take_nothing_along(void **state)
{
    struct house *h = *state;
    import_many(h);
    char bytes[100];
    for (int i = 0; i < 20; i++) {
        int fd = dial(h);
        say(fd, STR("GET /v1/contacts HTTP/1.1\r\nHost: x\r\n\r\n"));
        if (i % 2)
            assert_true(recv(fd, bytes, sizeof(bytes), 0) > 0);
        close(fd);
    }
    json_decref(get(h, "/v1/status"));
}

static void a_peer_that_leaves_has_still_asked(void **state)
{
    struct house *h = *state;
    json_decref(import(h, "/v1/contacts/import", STR("email\nx@a.example\n")));
    int fd = dial(h);
    say(fd, STR("POST /v1/contacts/x@a.example/suppress HTTP/1.1\r\nHost: x\r\n"
                "Content-Length: 0\r\n\r\n"));
    close(fd);
    for (bool suppressed = false; !suppressed; usleep(1000)) {
        json_t *contact = get(h, "/v1/contacts/x@a.example");
        suppressed = json_is_true(json_object_get(contact, "suppressed"));
        json_decref(contact);
    }
}

/* What the fixture's end meets: a reader who does not read, changes on their way, and a head. */
static void everything_ends_when_the_api_closes(void **state)
{
    struct house *h = *state;
    import_many(h);
    say(dial(h), STR("GET /v1/contacts HTTP/1.1\r\nHost: x\r\n\r\n"));
    say(dial(h), STR("GET /v1/con"));
    for (int i = 0; i < 20; i++)
        say(dial(h), STR("POST /v1/contacts/user1@a.example/suppress HTTP/1.1\r\nHost: x\r\n"
                         "Content-Length: 0\r\n\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(the_status_is_told),
        API_TEST(little_room_is_told_and_new_work_refused),
        API_TEST(a_second_api_on_the_socket_is_refused),
        API_TEST(a_slow_reader_gets_everything),
        API_TEST(readers_that_leave_take_nothing_along),
        API_TEST(a_peer_that_leaves_has_still_asked),
        API_TEST(everything_ends_when_the_api_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
