#include "http/client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/body.h"
#include "http/head.h"

enum {
    BLOCK = 64 * 1024,             /* bytes read or sent at once */
    ANSWER_MAX = 64 * 1024 * 1024, /* bytes of an answer that is gathered */
};

struct http_client {
    char *path;
    int fd;         /* -1: not connected */
    int timeout_ms; /* -1: for ever */
    struct buf in;  /* read and not used */
};

/* -- The connection. */

static int connect_failed(const char *path, int error, struct err *err)
{
    if (error == ENOENT || error == ECONNREFUSED)
        return err_set(err,
                       "No daemon answers on %s: is tocsind running? Start it, or name its socket "
                       "with --socket.",
                       path);
    if (error == EACCES || error == EPERM)
        return err_set(err,
                       "You may not use the socket %s: ask for membership of the group that "
                       "owns it.",
                       path);
    return err_set(err, "Connecting to %s failed: %s.", path, strerror(error));
}

static int client_connect(struct http_client *client, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(client->path);
    if (len == 0 || len >= sizeof(address.sun_path))
        return err_set(err, "The socket's path %s is %s: a unix socket's path has 1 to %zu bytes.",
                       client->path, len ? "too long" : "empty", sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, client->path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return connect_failed(client->path, errno, err);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        int error = errno;
        close(fd);
        return connect_failed(client->path, error, err);
    }
    client->fd = fd;
    return 0;
}

static void client_disconnect(struct http_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    buf_reset(&client->in);
}

struct http_client *http_client_open(const char *path, struct err *err)
{
    struct http_client *client = NEW(struct http_client);
    client->path = str_dup(str_of(path));
    client->timeout_ms = -1;
    if (client_connect(client, err) == 0)
        return client;
    client->fd = -1;
    http_client_free(client);
    return NULL;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    client_disconnect(client);
    buf_release(&client->in);
    free(client->path);
    free(client);
}

void http_client_set_timeout(struct http_client *client, unsigned seconds)
{
    client->timeout_ms = seconds ? (int)seconds * 1000 : -1;
}

/* Waits for one of the events; they, or -1. */
static int client_wait(struct http_client *client, short events, struct err *err)
{
    struct pollfd fd = {.fd = client->fd, .events = events};
    int n;
    do {
        n = poll(&fd, 1, client->timeout_ms);
    } while (n < 0 && errno == EINTR);
    if (n > 0)
        return fd.revents;
    if (n == 0)
        return err_set(err, "The daemon on %s did not answer within %d s: see its log.",
                       client->path, client->timeout_ms / 1000);
    return err_set(err, "Waiting for the daemon failed: %s.", strerror(errno));
}

/* A connection that is kept open may have been closed by the server in the meantime. */
static int client_ready(struct http_client *client, struct err *err)
{
    struct pollfd fd = {.fd = client->fd, .events = POLLIN};
    if (client->fd >= 0 && (client->in.len || poll(&fd, 1, 0) != 0))
        client_disconnect(client);
    return client->fd >= 0 ? 0 : client_connect(client, err);
}

/* -- Sending. */

/*
 * Sends all bytes, and returns 1. 0: the server has something to say first, or takes no more, so
 * that it is time to listen. -1: an error.
 */
static int send_all(struct http_client *client, struct str bytes, struct err *err)
{
    while (bytes.len) {
        int ready = client_wait(client, POLLIN | POLLOUT, err);
        if (ready < 0)
            return -1;
        if (ready & (POLLIN | POLLHUP | POLLERR))
            return 0;
        size_t len = bytes.len < BLOCK ? bytes.len : BLOCK;
        ssize_t n = send(client->fd, bytes.at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return 0;
        bytes = str_skip(bytes, n > 0 ? (size_t)n : 0);
    }
    return 1;
}

static void build_head(const struct http_exchange *exchange, struct buf *out)
{
    buf_addf(out, "%s %s HTTP/1.1\r\nHost: tocsin\r\nUser-Agent: tocsin/" TOCSIN_VERSION "\r\n",
             exchange->method, exchange->target);
    if (exchange->accept)
        buf_addf(out, "Accept: %s\r\n", exchange->accept);
    if (exchange->content_type)
        buf_addf(out, "Content-Type: %s\r\n", exchange->content_type);
    if (exchange->read)
        buf_add_text(out, "Transfer-Encoding: chunked\r\n");
    else if (exchange->body.len || !str_eq(str_of(exchange->method), STR("GET")))
        buf_addf(out, "Content-Length: %zu\r\n", exchange->body.len);
    buf_add_text(out, "\r\n");
}

static void tell_progress(const struct http_exchange *exchange, uint64_t sent)
{
    if (exchange->progress)
        exchange->progress(exchange->progress_ctx, sent);
}

static int send_body(struct http_client *client, const struct http_exchange *exchange,
                     struct err *err)
{
    struct str rest = exchange->body;
    while (rest.len) {
        struct str block = {rest.at, rest.len < BLOCK ? rest.len : BLOCK};
        int rc = send_all(client, block, err);
        if (rc <= 0)
            return rc;
        rest = str_skip(rest, block.len);
        tell_progress(exchange, exchange->body.len - rest.len);
    }
    return 1;
}

/* The chunk's size is written in front of the bytes when they are there. */
static int send_chunks(struct http_client *client, const struct http_exchange *exchange,
                       struct err *err)
{
    enum { FRONT = 16 };
    struct buf chunk = BUF_INIT;
    uint64_t sent = 0;
    ssize_t n;
    int rc = 1;
    do {
        buf_reset(&chunk);
        buf_reserve(&chunk, FRONT + BLOCK + 2);
        char *content = chunk.at + FRONT;
        n = exchange->read(exchange->read_ctx, content, BLOCK, err);
        if (n < 0)
            break;
        char size[FRONT];
        int len = snprintf(size, sizeof(size), "%zx\r\n", (size_t)n);
        memcpy(content - len, size, (size_t)len);
        memcpy(content + n, "\r\n", 2);
        rc = send_all(client, str_from(content - len, (size_t)(len + n + 2)), err);
        sent += (uint64_t)n;
        tell_progress(exchange, sent);
    } while (rc == 1 && n > 0);
    buf_release(&chunk);
    return n < 0 ? -1 : rc;
}

static int send_request(struct http_client *client, const struct http_exchange *exchange,
                        struct err *err)
{
    struct buf head = BUF_INIT;
    build_head(exchange, &head);
    int rc = send_all(client, buf_str(&head), err);
    buf_release(&head);
    if (rc <= 0)
        return rc;
    return exchange->read ? send_chunks(client, exchange, err) : send_body(client, exchange, err);
}

/* -- Receiving. */

/* Reads some bytes to the end of `in`: 1; 0 at the end; -1 with a sentence. */
static int receive(struct http_client *client, struct err *err)
{
    if (client_wait(client, POLLIN, err) < 0)
        return -1;
    ssize_t n;
    do {
        n = recv(client->fd, buf_reserve(&client->in, BLOCK), BLOCK, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != ECONNRESET)
        return err_set(err, "Reading the daemon's answer failed: %s.", strerror(errno));
    if (n <= 0)
        return 0;
    client->in.len += (size_t)n;
    return 1;
}

static int broke_off(struct http_client *client, struct err *err)
{
    return err_set(err,
                   "The daemon on %s broke the connection off before its answer was complete: "
                   "see its log.",
                   client->path);
}

/* The head of the final answer; informational ones (1xx) are passed over. */
static int receive_head(struct http_client *client, struct http_head *head, struct buf *bytes,
                        struct err *err)
{
    size_t looked = 0;
    for (;;) {
        ssize_t len = http_head_length(buf_str(&client->in), looked, err);
        if (len < 0)
            return -1;
        if (len > 0) {
            buf_reset(bytes);
            buf_add(bytes, client->in.at, (size_t)len);
            buf_drop(&client->in, (size_t)len);
            looked = 0;
            if (http_head_parse_response(buf_str(bytes), head, err))
                return err_prefix(err, "What answers on %s speaks no proper HTTP", client->path);
            if (head->status >= 200)
                return 0;
            continue;
        }
        looked = client->in.len;
        int rc = receive(client, err);
        if (rc <= 0)
            return rc ? -1 : broke_off(client, err);
    }
}

static int take_piece(struct http_exchange *exchange, struct str piece, struct err *err)
{
    if (exchange->write && exchange->status < 300)
        return exchange->write(exchange->write_ctx, piece, err);
    if (exchange->answer.len + piece.len > ANSWER_MAX)
        return err_set(err, "The daemon's answer is larger than %d MiB.", ANSWER_MAX >> 20);
    buf_add_str(&exchange->answer, piece);
    return 0;
}

static int use_received(struct http_client *client, struct http_body *body,
                        struct http_exchange *exchange, struct err *err)
{
    struct str rest = buf_str(&client->in), piece;
    do {
        if (http_body_next(body, &rest, &piece, err))
            return -1;
        if (piece.len && take_piece(exchange, piece, err))
            return -1;
    } while (piece.len);
    buf_drop(&client->in, client->in.len - rest.len);
    return 0;
}

static int receive_body(struct http_client *client, struct http_body *body,
                        struct http_exchange *exchange, struct err *err)
{
    for (;;) {
        if (use_received(client, body, exchange, err))
            return -1;
        if (http_body_done(body))
            return 0;
        int rc = receive(client, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            return body->state == HTTP_BODY_TO_END ? 0 : broke_off(client, err);
    }
}

static bool has_no_content(const struct http_exchange *exchange)
{
    return exchange->status == 204 || exchange->status == 304 ||
           str_eq(str_of(exchange->method), STR("HEAD"));
}

/* Sets *keep when the connection can carry another request. */
static int receive_answer(struct http_client *client, struct http_exchange *exchange, bool *keep,
                          struct err *err)
{
    struct http_head head = {.status = 0};
    struct http_body body = {.state = HTTP_BODY_DONE};
    struct buf bytes = BUF_INIT;
    int rc = receive_head(client, &head, &bytes, err);
    if (rc == 0) {
        exchange->status = head.status;
        buf_add_str(&exchange->content_type_got, http_head_find(&head, STR("Content-Type")));
        if (!has_no_content(exchange))
            http_body_init(&body, &head, true);
        *keep = head.keep_alive && body.state != HTTP_BODY_TO_END;
        rc = receive_body(client, &body, exchange, err);
    }
    buf_release(&bytes);
    return rc;
}

int http_client_send(struct http_client *client, struct http_exchange *exchange, struct err *err)
{
    bool keep = false;
    exchange->status = 0;
    buf_init(&exchange->answer);
    buf_init(&exchange->content_type_got);
    if (client_ready(client, err))
        return -1;
    int sent = send_request(client, exchange, err);
    int rc = sent < 0 ? -1 : receive_answer(client, exchange, &keep, err);
    if (rc || sent == 0 || !keep)
        client_disconnect(client);
    if (rc)
        http_exchange_release(exchange);
    return rc;
}

void http_exchange_release(struct http_exchange *exchange)
{
    buf_release(&exchange->answer);
    buf_release(&exchange->content_type_got);
}
