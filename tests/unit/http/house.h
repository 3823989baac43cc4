/*
 * A server on a thread of its own, with handlers that show every way to answer, and plain sockets
 * to knock at it. For the tests of the server and of the client.
 */
#ifndef TOCSIN_TEST_HTTP_HOUSE_H
#define TOCSIN_TEST_HTTP_HOUSE_H

#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "http/server.h"
#include "loop/loop.h"

struct house {
    struct loop loop;
    struct http_server *server;
    struct letter close;
    char path[100];
    _Atomic uint64_t streamed; /* bytes that /upload has seen */
    atomic_int gone, ended, handled;
};

/* -- Handlers. */

static inline struct house *house_of(struct http_request *request)
{
    return http_request_context(request);
}

static inline void handle_hello(struct http_request *request)
{
    house_of(request)->handled++;
    http_respond(request, 200, "text/plain", STR("hello\n"));
}

static inline void handle_echo(struct http_request *request)
{
    http_add_header(request, "X-Id", http_request_param(request, "id"));
    http_respond(request, 200, "application/octet-stream", http_request_body(request));
}

/* An answer that comes later. */
struct later {
    struct http_request *request;
    struct timer timer;
};

static inline void on_later(void *ctx)
{
    struct later *later = ctx;
    http_respond(later->request, 200, "text/plain", STR("late\n"));
    free(later);
}

static inline void handle_later(struct http_request *request)
{
    struct later *later = calloc(1, sizeof(*later));
    later->request = request;
    timer_init(&later->timer, &house_of(request)->loop, on_later, later);
    timer_start(&later->timer, 50);
}

static inline void handle_gone(struct http_request *request)
{
    house_of(request)->gone++;
}

/* A download that honours back pressure. */
enum { DOWNLOAD_PIECES = 600, DOWNLOAD_PIECE = 64 * 1024 };

static inline void give_more(struct http_request *request)
{
    static const char piece[DOWNLOAD_PIECE] = {'x'};
    uintptr_t *sent = http_request_state(request);
    while (*sent < DOWNLOAD_PIECES) {
        ++*sent;
        if (!http_respond_chunk(request, str_from(piece, sizeof(piece))))
            return;
    }
    free(sent);
    http_respond_end(request);
}

static inline void handle_download(struct http_request *request)
{
    http_request_set_state(request, calloc(1, sizeof(uintptr_t)));
    http_respond_begin(request, 200, "application/octet-stream");
    give_more(request);
}

static inline void download_gone(struct http_request *request)
{
    house_of(request)->gone++;
    free(http_request_state(request));
    http_respond_end(request);
}

/* An answer that never ends by itself, as a live view has it. */
static inline void handle_watch(struct http_request *request)
{
    http_respond_begin(request, 200, "text/plain");
    http_respond_chunk(request, STR("tick\n"));
}

static inline void watch_gone(struct http_request *request)
{
    house_of(request)->gone++;
    http_respond_end(request);
}

/* An answer that breaks. */
static inline void handle_broken(struct http_request *request)
{
    http_respond_begin(request, 200, "text/plain");
    http_respond_chunk(request, STR("half"));
    http_fail(request);
}

/* An upload of any size, with a rest in the middle. */
static inline void on_rested(void *ctx)
{
    struct later *later = ctx;
    http_request_resume(later->request);
}

static inline void handle_upload(struct http_request *request)
{
    struct later *later = calloc(1, sizeof(*later));
    later->request = request;
    timer_init(&later->timer, &house_of(request)->loop, on_rested, later);
    http_request_set_state(request, later);
}

static inline void upload_body(struct http_request *request, struct str bytes)
{
    struct later *later = http_request_state(request);
    struct house *house = house_of(request);
    uint64_t before = house->streamed;
    house->streamed += bytes.len;
    if (before >> 18 != house->streamed >> 18) {
        http_request_pause(request);
        timer_start(&later->timer, 1);
    }
}

static inline void upload_end(struct http_request *request)
{
    struct later *later = http_request_state(request);
    timer_stop(&later->timer);
    free(later);
    house_of(request)->ended++;
    http_respond_error(request, 200, "%llu bytes", (unsigned long long)house_of(request)->streamed);
}

static inline void upload_gone(struct http_request *request)
{
    struct later *later = http_request_state(request);
    timer_stop(&later->timer);
    free(later);
    house_of(request)->gone++;
    http_respond(request, 500, NULL, STR(""));
}

/* An upload that is refused when its first bytes are seen. */
static inline void picky_body(struct http_request *request, struct str bytes)
{
    (void)bytes;
    http_respond_error(request, 422, "Row 1 has no \"email\".");
}

static inline void picky_end(struct http_request *request)
{
    http_respond(request, 204, NULL, STR(""));
}

static inline void handle_nothing(struct http_request *request)
{
    (void)request;
}

static const struct http_route house_routes[] = {
    {.method = "GET", .path = "/hello", .handler = {.on_request = handle_hello}},
    {.method = "POST",
     .path = "/echo/:id",
     .handler = {.on_request = handle_echo},
     .body_limit = 100000},
    {.method = "GET",
     .path = "/later",
     .handler = {.on_request = handle_later, .on_gone = handle_gone}},
    {.method = "GET",
     .path = "/download",
     .handler = {.on_request = handle_download, .on_drained = give_more, .on_gone = download_gone}},
    {.method = "GET",
     .path = "/watch",
     .handler = {.on_request = handle_watch, .on_gone = watch_gone}},
    {.method = "GET", .path = "/broken", .handler = {.on_request = handle_broken}},
    {.method = "POST",
     .path = "/upload",
     .handler = {.on_request = handle_upload,
                 .on_body = upload_body,
                 .on_end = upload_end,
                 .on_gone = upload_gone}},
    {.method = "POST",
     .path = "/picky",
     .handler = {.on_request = handle_nothing, .on_body = picky_body, .on_end = picky_end}},
};

/* -- The house. */

static inline void on_server_closed(void *ctx)
{
    struct house *house = ctx;
    loop_stop(&house->loop);
}

static inline void on_close_letter(struct letter *letter)
{
    struct house *house = LETTER_OF(letter, struct house, close);
    http_server_close(house->server, 200, on_server_closed, house);
}

/* Time-outs are short, so that tests can wait for them. */
static inline void house_open(struct house *house)
{
    static int count;
    struct err err = {{0}};
    *house = (struct house){.close = {NULL, on_close_letter}};
    struct http_server_options options = {.routes = house_routes,
                                          .routes_len =
                                              sizeof(house_routes) / sizeof(house_routes[0]),
                                          .ctx = house,
                                          .name = "test",
                                          .connections_max = 8,
                                          .idle_ms = 300,
                                          .head_ms = 200,
                                          .silence_ms = 250};
    snprintf(house->path, sizeof(house->path), "/tmp/tocsin-test-%d-%d", getpid(), count++);
    assert_int_equal(loop_init(&house->loop, "house", &err), 0);
    house->server = http_server_new(&house->loop, &options);
    if (http_server_listen_unix(house->server, house->path, 0600, &err))
        print_message("%s\n", err.text);
    assert_int_equal(http_server_listen_tcp(house->server, "127.0.0.1:0", &err), 0);
    assert_int_equal(loop_start(&house->loop, &err), 0);
}

/* Also shows that every connection and request ends: otherwise it would hang. */
static inline void house_close(struct house *house)
{
    loop_post(&house->loop, &house->close);
    loop_join(&house->loop);
    loop_release(&house->loop);
}

static inline int knock(const struct house *house)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", house->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static inline void say(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes = str_skip(bytes, (size_t)n);
    }
}

/* Everything until the server closes. */
static inline void hear(int fd, struct buf *out)
{
    ssize_t n;
    while ((n = recv(fd, buf_reserve(out, 65536), 65536, 0)) > 0)
        out->len += (size_t)n;
    buf_add_text(out, "");
}

/* Until `text` has come. */
static inline void hear_until(int fd, struct buf *out, const char *text)
{
    buf_add_text(out, "");
    while (!strstr(out->at, text)) {
        ssize_t n = recv(fd, buf_reserve(out, 65536), 65536, 0);
        assert_true(n > 0);
        out->len += (size_t)n;
        buf_add_text(out, "");
    }
}

/* One dialogue: says the bytes, hears all there is until the server closes. */
static inline struct buf dialogue(const struct house *house, struct str bytes)
{
    struct buf answer = BUF_INIT;
    int fd = knock(house);
    say(fd, bytes);
    hear(fd, &answer);
    close(fd);
    return answer;
}

/* Waits (2 s at most) until the number is there. */
static inline void await(atomic_int *number, int wanted)
{
    for (int i = 0; i < 400 && *number < wanted; i++)
        usleep(5000);
    assert_int_equal(*number, wanted);
}

#endif
