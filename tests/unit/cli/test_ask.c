#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/ask.h"

static void refusal(const char *answer, const char *expected)
{
    struct http_exchange exchange = {.method = "GET", .target = "/v1/jobs/9", .status = 404};
    struct err err;
    buf_add_text(&exchange.answer, answer);
    answer_refusal(&exchange, &err);
    assert_string_equal(err.text, expected);
    http_exchange_release(&exchange);
}

static void the_daemons_sentence_is_passed_on(void **state)
{
    (void)state;
    refusal("{\"error\": \"There is no job 9.\"}", "There is no job 9.");
    const char *nothing = "The daemon refused GET /v1/jobs/9 with status 404 and gave no reason.";
    refusal("", nothing);
    refusal("<html>", nothing);
    refusal("{\"error\": 5}", nothing);
    refusal("[]", nothing);
}

static void an_answer_must_be_an_object(void **state)
{
    (void)state;
    struct cli cli = {.socket = "c.sock"};
    json_t *answer;
    assert_int_equal(answer_parse(&cli, STR("{\"id\": 12}"), &answer), CLI_OK);
    assert_int_equal(json_count(answer, "id"), 12);
    json_decref(answer);
    const char *wrong[] = {"", "[1]", "{\"id\": ", "null"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(answer_parse(&cli, str_of(wrong[i]), &answer), CLI_FAILED);
        assert_null(answer);
    }
}

static void values_are_encoded_in_targets(void **state)
{
    (void)state;
    struct buf target = BUF_INIT;
    target_add(&target, "/v1/count?to=", "list:a and \"b&c\"");
    assert_string_equal(target.at, "/v1/count?to=list%3Aa%20and%20%22b%26c%22");
    buf_release(&target);
}

static void values_as_text(void **state)
{
    (void)state;
    json_t *list = json_loads("[\"a\", 5, 1.5, true, false, null, [\"b\", {}]]", 0, NULL);
    struct buf out = BUF_INIT;
    json_add_value(&out, list);
    assert_string_equal(out.at, "a, 5, 1.5, yes, no, , b, ");
    buf_release(&out);
    json_decref(list);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct cli cli = {.socket = "nosuch/control.sock"};
    json_t *answer;
    assert_int_equal(ask_get(&cli, "/v1/status", &answer), CLI_NO_DAEMON);
    assert_null(answer);
    assert_int_equal(cli.err.text[0], 'N');
}

/* A daemon that takes `deaf` requests and goes away without an answer, and answers the next. */
struct forgetful {
    char folder[32], path[64];
    int listener, deaf, heard;
    pthread_t thread;
};

static void *forgetful_run(void *ctx)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"id\": 5}";
    struct forgetful *d = ctx;
    char request[4096];
    for (int i = 0; i <= d->deaf; i++) {
        int fd = accept(d->listener, NULL, NULL);
        d->heard += read(fd, request, sizeof(request)) > 0;
        if (i == d->deaf && write(fd, answer, sizeof(answer) - 1) < 0)
            d->heard = -1;
        close(fd);
    }
    return NULL;
}

static void forgetful_start(struct forgetful *d, int deaf)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *d = (struct forgetful){.folder = "/tmp/tocsin-ask-XXXXXX", .deaf = deaf};
    assert_non_null(mkdtemp(d->folder));
    snprintf(d->path, sizeof(d->path), "%s/c.sock", d->folder);
    memcpy(address.sun_path, d->path, sizeof(d->path));
    d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(d->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(d->listener, 8), 0);
    assert_int_equal(pthread_create(&d->thread, NULL, forgetful_run, d), 0);
}

static void forgetful_end(struct forgetful *d)
{
    pthread_join(d->thread, NULL);
    close(d->listener);
    unlink(d->path);
    rmdir(d->folder);
}

static void what_is_safe_to_repeat_is_asked_again(void **state)
{
    (void)state;
    struct forgetful daemon;
    bool sent = false;
    json_t *answer;
    forgetful_start(&daemon, 2);
    struct cli cli = {.socket = daemon.path};
    assert_int_equal(ask_post_again(&cli, "/v1/jobs", STR("{}"), &answer, &sent), CLI_OK);
    assert_int_equal(json_count(answer, "id"), 5);
    assert_true(sent);
    json_decref(answer);
    forgetful_end(&daemon);
    assert_int_equal(daemon.heard, 3);
    http_client_free(cli.client);
}

static void what_nobody_heard_is_not_asked_again(void **state)
{
    (void)state;
    struct cli cli = {.socket = "nosuch/control.sock"};
    bool sent = true;
    json_t *answer;
    assert_int_equal(ask_post_again(&cli, "/v1/jobs", STR("{}"), &answer, &sent), CLI_NO_DAEMON);
    assert_false(sent);
    assert_null(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_daemons_sentence_is_passed_on),
        cmocka_unit_test(an_answer_must_be_an_object),
        cmocka_unit_test(values_are_encoded_in_targets),
        cmocka_unit_test(values_as_text),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(what_is_safe_to_repeat_is_asked_again),
        cmocka_unit_test(what_nobody_heard_is_not_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
