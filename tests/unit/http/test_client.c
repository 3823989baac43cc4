#include "http/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "unit/http/house.h"

static struct house house;
static struct http_client *client;

static int open_house(void **state)
{
    (void)state;
    house_open(&house);
    client = http_client_open(house.path, NULL);
    return client ? 0 : -1;
}

static int close_house(void **state)
{
    (void)state;
    http_client_free(client);
    house_close(&house);
    return 0;
}

static int send_it(struct http_exchange *exchange)
{
    struct err err = {{0}};
    int rc = http_client_send(client, exchange, &err);
    if (rc)
        print_message("%s\n", err.text);
    return rc;
}

static void request_and_answer(void **state)
{
    (void)state;
    struct http_exchange get = {.method = "GET", .target = "/hello"};
    struct http_exchange post = {.method = "POST", .target = "/echo/1", .body = STR("world")};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send_it(&get), 0);
        assert_int_equal(get.status, 200);
        assert_string_equal(get.answer.at, "hello\n");
        assert_string_equal(get.content_type_got.at, "text/plain");
        http_exchange_release(&get);
        assert_int_equal(send_it(&post), 0);
        assert_string_equal(post.answer.at, "world");
        http_exchange_release(&post);
    }
}

/* The server has closed the idle connection in the meantime: nobody notices. */
static void a_connection_that_was_closed(void **state)
{
    (void)state;
    struct http_exchange get = {.method = "GET", .target = "/hello"};
    assert_int_equal(send_it(&get), 0);
    http_exchange_release(&get);
    usleep(500000);
    assert_int_equal(send_it(&get), 0);
    assert_string_equal(get.answer.at, "hello\n");
    http_exchange_release(&get);
}

static void refusals_are_answers(void **state)
{
    (void)state;
    struct http_exchange get = {.method = "GET", .target = "/nowhere"};
    assert_int_equal(send_it(&get), 0);
    assert_int_equal(get.status, 404);
    assert_string_equal(get.answer.at, "{\"error\": \"There is nothing at /nowhere.\"}\n");
    http_exchange_release(&get);
}

static void answers_without_content(void **state)
{
    (void)state;
    struct http_exchange head = {.method = "HEAD", .target = "/hello"};
    struct http_exchange none = {.method = "POST", .target = "/picky"};
    assert_int_equal(send_it(&head), 0);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.answer.len, 0);
    http_exchange_release(&head);
    assert_int_equal(send_it(&none), 0);
    assert_int_equal(none.status, 204);
    http_exchange_release(&none);
}

/* -- Streams. */

struct source {
    uint64_t left, told;
    size_t odd;
};

static ssize_t read_source(void *ctx, char *at, size_t size, struct err *err)
{
    (void)err;
    struct source *source = ctx;
    source->odd = source->odd * 31 + 7;
    size_t n = 1 + source->odd % size;
    if (n > source->left)
        n = (size_t)source->left;
    memset(at, 'x', n);
    source->left -= n;
    return (ssize_t)n;
}

static void on_progress(void *ctx, uint64_t sent)
{
    struct source *source = ctx;
    assert_true(sent >= source->told);
    source->told = sent;
}

static int write_away(void *ctx, struct str bytes, struct err *err)
{
    (void)err;
    *(uint64_t *)ctx += bytes.len;
    return 0;
}

static void an_upload_of_unknown_size(void **state)
{
    (void)state;
    enum { SIZE = 20000000 };
    struct source source = {.left = SIZE};
    struct http_exchange post = {.method = "POST",
                                 .target = "/upload",
                                 .read = read_source,
                                 .read_ctx = &source,
                                 .progress = on_progress,
                                 .progress_ctx = &source};
    house.streamed = 0;
    assert_int_equal(send_it(&post), 0);
    assert_int_equal(post.status, 200);
    assert_string_equal(post.answer.at, "{\"error\": \"20000000 bytes\"}\n");
    assert_int_equal(source.told, SIZE);
    http_exchange_release(&post);
}

static void a_download(void **state)
{
    (void)state;
    uint64_t size = 0;
    struct http_exchange get = {
        .method = "GET", .target = "/download", .write = write_away, .write_ctx = &size};
    assert_int_equal(send_it(&get), 0);
    assert_int_equal(size, (uint64_t)DOWNLOAD_PIECES * DOWNLOAD_PIECE);
    assert_int_equal(get.answer.len, 0);
    http_exchange_release(&get);
}

/* The server has seen enough: what was not read stays unread, and its sentence arrives. */
static void an_upload_that_is_refused(void **state)
{
    (void)state;
    struct source source = {.left = 1000000000};
    struct http_exchange post = {
        .method = "POST", .target = "/picky", .read = read_source, .read_ctx = &source};
    assert_int_equal(send_it(&post), 0);
    assert_int_equal(post.status, 422);
    assert_non_null(strstr(post.answer.at, "Row 1 has no"));
    assert_true(source.left > 900000000);
    http_exchange_release(&post);
}

/* -- Failures. */

static ssize_t read_nothing(void *ctx, char *at, size_t size, struct err *err)
{
    (void)ctx;
    (void)at;
    (void)size;
    return err_set(err, "The file people.csv ends in the middle.");
}

static int write_full(void *ctx, struct str bytes, struct err *err)
{
    (void)ctx;
    (void)bytes;
    return err_set(err, "The disk is full.");
}

static void our_own_failures_are_told(void **state)
{
    (void)state;
    struct err err;
    struct http_exchange post = {.method = "POST", .target = "/upload", .read = read_nothing};
    struct http_exchange get = {.method = "GET", .target = "/download", .write = write_full};
    assert_int_equal(http_client_send(client, &post, &err), -1);
    assert_string_equal(err.text, "The file people.csv ends in the middle.");
    assert_int_equal(http_client_send(client, &get, &err), -1);
    assert_string_equal(err.text, "The disk is full.");
}

static void a_broken_answer(void **state)
{
    (void)state;
    struct err err;
    struct http_exchange get = {.method = "GET", .target = "/broken"};
    assert_int_equal(http_client_send(client, &get, &err), -1);
    assert_non_null(strstr(err.text, "broke the connection off"));
}

static void a_silent_server(void **state)
{
    (void)state;
    struct err err;
    uint64_t size = 0;
    struct http_exchange get = {
        .method = "GET", .target = "/watch", .write = write_away, .write_ctx = &size};
    http_client_set_timeout(client, 1);
    assert_int_equal(http_client_send(client, &get, &err), -1);
    http_client_set_timeout(client, 0);
    assert_non_null(strstr(err.text, "did not answer within 1 s"));
    assert_int_equal(size, 5);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct err err;
    assert_null(http_client_open("/nonexistent/control.sock", &err));
    assert_string_equal(err.text, "No daemon answers on /nonexistent/control.sock: is tocsind "
                                  "running? Start it, or name its socket with --socket.");
    assert_null(http_client_open("", &err));
    assert_non_null(strstr(err.text, "empty"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_and_answer),
        cmocka_unit_test(a_connection_that_was_closed),
        cmocka_unit_test(refusals_are_answers),
        cmocka_unit_test(answers_without_content),
        cmocka_unit_test(an_upload_of_unknown_size),
        cmocka_unit_test(a_download),
        cmocka_unit_test(an_upload_that_is_refused),
        cmocka_unit_test(our_own_failures_are_told),
        cmocka_unit_test(a_broken_answer),
        cmocka_unit_test(a_silent_server),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, open_house, close_house);
}
