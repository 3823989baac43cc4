#include "http/inside.h"

#include "base/alloc.h"
#include "http/url.h"

struct http_request *http_request_new(struct http_connection *connection)
{
    struct http_request *request = NEW(struct http_request);
    request->server = connection->server;
    request->connection = connection;
    arena_init(&request->arena);
    request->framing.state = HTTP_BODY_DONE;
    connection->request = request;
    connection->server->requests_len++;
    return request;
}

static void request_free(struct http_request *request)
{
    struct http_server *server = request->server;
    buf_release(&request->body);
    buf_release(&request->headers);
    arena_release(&request->arena);
    free(request);
    server->requests_len--;
    http_server_check_end(server);
}

/* Release first, then let the connection go on: the request is dead before anything else happens.
 */
void http_request_finish(struct http_request *request)
{
    struct http_connection *connection = request->connection;
    bool last = request->close || !http_body_done(&request->framing);
    request_free(request);
    if (!connection)
        return;
    connection->request = NULL;
    if (last || connection->server->closing) {
        http_connection_close(connection);
        return;
    }
    http_connection_go_on(connection);
    http_connection_watch(connection, false);
}

struct str http_request_method(const struct http_request *request)
{
    return request->head.method;
}

struct str http_request_path(const struct http_request *request)
{
    return request->path;
}

struct str http_request_query(const struct http_request *request)
{
    return request->query;
}

struct str http_request_body(const struct http_request *request)
{
    return buf_str(&request->body);
}

struct str http_request_header(const struct http_request *request, struct str name)
{
    return http_head_find(&request->head, name);
}

struct str http_request_param(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->match.params_len; i++)
        if (str_eq(request->match.params[i].name, str_of(name)))
            return request->match.params[i].value;
    return (struct str){NULL, 0};
}

struct str http_request_query_param(struct http_request *request, const char *name)
{
    struct str value = {NULL, 0};
    url_param_find(request->query, str_of(name), &request->arena, &value);
    return value;
}

struct arena *http_request_arena(struct http_request *request)
{
    return &request->arena;
}

void *http_request_context(const struct http_request *request)
{
    return request->server->options.ctx;
}

void http_request_set_state(struct http_request *request, void *state)
{
    request->state = state;
}

void *http_request_state(const struct http_request *request)
{
    return request->state;
}

bool http_request_credentials(const struct http_request *request, struct stream_credentials *out)
{
    return request->connection && stream_credentials(request->connection->stream, out);
}

void http_request_peer_name(const struct http_request *request, char *out, size_t size)
{
    if (request->connection)
        stream_peer_name(request->connection->stream, out, size);
    else
        snprintf(out, size, "gone");
}

bool http_request_gone(const struct http_request *request)
{
    return !request->connection;
}

void http_request_pause(struct http_request *request)
{
    request->paused = true;
    if (request->connection)
        http_connection_watch(request->connection, false);
}

void http_request_resume(struct http_request *request)
{
    request->paused = false;
    if (request->connection)
        http_connection_go_on(request->connection);
}
