#include "http/server.h"

#include "base/alloc.h"
#include "http/inside.h"
#include "loop/address.h"

enum {
    CONNECTIONS_MAX = 256,
    IDLE_MS = 60 * 1000,
    HEAD_MS = 10 * 1000,
    SILENCE_MS = 60 * 1000,
};

static void set_defaults(struct http_server_options *options)
{
    if (!options->connections_max)
        options->connections_max = CONNECTIONS_MAX;
    if (!options->idle_ms)
        options->idle_ms = IDLE_MS;
    if (!options->head_ms)
        options->head_ms = HEAD_MS;
    if (!options->silence_ms)
        options->silence_ms = SILENCE_MS;
}

static void on_grace_over(void *ctx);

struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options)
{
    struct http_server *server = NEW(struct http_server);
    server->loop = loop;
    server->options = *options;
    set_defaults(&server->options);
    timer_init(&server->grace, loop, on_grace_over, server);
    return server;
}

static int keep_listener(struct http_server *server, struct listener *listener)
{
    if (!listener)
        return -1;
    server->listeners[server->listeners_len++] = listener;
    return 0;
}

static int check_room(const struct http_server *server, struct err *err)
{
    if (server->listeners_len < LISTENERS_MAX)
        return 0;
    return err_set(err, "A server listens on %d addresses at most.", LISTENERS_MAX);
}

int http_server_listen_unix(struct http_server *server, const char *path, mode_t mode,
                            struct err *err)
{
    if (check_room(server, err))
        return -1;
    return keep_listener(
        server, listener_open_unix(server->loop, path, mode, http_on_connection, server, err));
}

int http_server_listen_tcp(struct http_server *server, const char *address, struct err *err)
{
    struct sockaddr_storage parsed;
    if (check_room(server, err) || socket_address_parse(str_of(address), &parsed, err))
        return -1;
    return keep_listener(server,
                         listener_open_tcp(server->loop, &parsed, http_on_connection, server, err));
}

unsigned http_server_port(const struct http_server *server)
{
    unsigned port = 0;
    for (size_t i = 0; i < server->listeners_len && !port; i++)
        port = listener_port(server->listeners[i]);
    return port;
}

/* -- The end. */

static bool is_empty(const struct http_server *server)
{
    return server->connections_len == 0 && server->requests_len == 0;
}

/* Tells the end from a callback of its own: whoever caused it may be in the middle of something. */
void http_server_check_end(struct http_server *server)
{
    if (server->closing && is_empty(server))
        timer_start(&server->grace, 0);
}

static void on_grace_over(void *ctx)
{
    struct http_server *server = ctx;
    if (!is_empty(server)) {
        for (struct http_connection *c = server->connections; c; c = c->next)
            stream_abort(c->stream);
        return;
    }
    void (*on_closed)(void *) = server->on_closed;
    void *closed_ctx = server->closed_ctx;
    free(server);
    on_closed(closed_ctx);
}

/* Where nothing is on its way, there is nothing to wait for. */
static void close_if_idle(struct http_connection *c)
{
    if (c->request)
        return;
    if (c->in.len == 0 && stream_pending(c->stream) == 0 && !c->ending)
        stream_abort(c->stream);
    else
        http_connection_close(c);
}

void http_server_close(struct http_server *server, uint64_t grace_ms, void (*on_closed)(void *ctx),
                       void *ctx)
{
    server->closing = true;
    server->on_closed = on_closed;
    server->closed_ctx = ctx;
    for (size_t i = 0; i < server->listeners_len; i++)
        listener_close(server->listeners[i]);
    server->listeners_len = 0;
    for (struct http_connection *c = server->connections; c; c = c->next)
        close_if_idle(c);
    timer_start(&server->grace, is_empty(server) ? 0 : grace_ms);
}
