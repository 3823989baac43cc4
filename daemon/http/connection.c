#include "base/alloc.h"
#include "base/log.h"
#include "http/inside.h"
#include "http/url.h"

enum {
    IN_MAX = 64 * 1024, /* bytes that wait for a request to be answered, before reading rests */
    OUT_MAX =
        256 * 1024, /* bytes that wait for the peer to read, before its next request is served */
};

/* -- Time-outs. */

static enum wait what_is_awaited(const struct http_connection *c)
{
    if (stream_pending(c->stream) && (!c->request || c->request->begun))
        return WAIT_DRAIN;
    if (!c->request)
        return c->in.len ? WAIT_HEAD : WAIT_IDLE;
    if (!http_body_done(&c->request->framing) && !c->request->paused)
        return WAIT_BODY;
    return WAIT_NOTHING;
}

/*
 * Bytes renew the patience with a body that is streamed, which may be long. A head, an idle
 * connection and a body that is gathered have theirs in all, or a byte a minute would keep them.
 */
void http_connection_watch(struct http_connection *c, bool progress)
{
    const struct http_server_options *options = &c->server->options;
    const uint64_t patience[] = {[WAIT_IDLE] = options->idle_ms,
                                 [WAIT_HEAD] = options->head_ms,
                                 [WAIT_BODY] = options->silence_ms,
                                 [WAIT_DRAIN] = options->silence_ms};
    enum wait wait = c->ending ? WAIT_NOTHING : what_is_awaited(c);
    bool renewed = progress && wait == WAIT_BODY && http_is_streamed(c->request);
    if (wait == c->wait && !renewed)
        return;
    c->wait = wait;
    c->undrained = stream_pending(c->stream);
    if (wait == WAIT_NOTHING)
        timer_stop(&c->timeout);
    else
        timer_start(&c->timeout, patience[wait]);
}

void http_connection_close(struct http_connection *c)
{
    c->ending = true;
    stream_close(c->stream);
    http_connection_watch(c, false);
}

static void request_gone(struct http_connection *c);

/* Answers what cannot be served, and closes: what follows on the connection is not to be trusted.
 */
static void refuse(struct http_connection *c, unsigned status, const char *sentence)
{
    if (!c->request || !c->request->begun)
        http_write_refusal(c, status, sentence);
    http_connection_close(c);
    request_gone(c);
}

static void on_timeout(void *ctx)
{
    struct http_connection *c = ctx;
    enum wait wait = c->wait;
    size_t pending = stream_pending(c->stream);
    c->wait = WAIT_NOTHING;
    if (wait == WAIT_IDLE)
        http_connection_close(c);
    else if (wait == WAIT_HEAD || wait == WAIT_BODY)
        refuse(c, 408, "The request did not arrive in time.");
    else if (pending < c->undrained)
        http_connection_watch(c, false);
    else
        stream_abort(c->stream);
}

/* -- From bytes to requests. */

/* The peer takes no answer any more. Who has the request hears it, and lets it go in its own time.
 */
static void request_gone(struct http_connection *c)
{
    struct http_request *request = c->request;
    if (!request)
        return;
    c->request = NULL;
    request->connection = NULL;
    if (!request->handed)
        http_request_finish(request);
    else if (request->match.route->handler.on_gone)
        request->match.route->handler.on_gone(request);
}

static void hand_over(struct http_request *request)
{
    request->handed = true;
    request->match.route->handler.on_request(request);
}

static void refuse_route(struct http_connection *c, struct http_request *request)
{
    const struct http_server_options *options = &c->server->options;
    if (!request->match.path_known) {
        http_respond_error(request, 404, "There is nothing at %.*s.", STR_ARG(request->path));
        return;
    }
    struct str methods =
        http_route_methods(options->routes, options->routes_len, request->path, &request->arena);
    http_add_header(request, "Allow", methods);
    http_respond_error(request, 405, "%.*s is not possible here, only %.*s.",
                       STR_ARG(request->head.method), STR_ARG(methods));
}

static bool is_limited(const struct http_request *request)
{
    return request->match.route->body_limit || !http_is_streamed(request);
}

static void begin_body(struct http_connection *c, struct http_request *request)
{
    const struct http_route *route = request->match.route;
    if (is_limited(request) && request->head.length > route->body_limit) {
        http_respond_error(request, 413, "The body has more than %zu bytes.", route->body_limit);
        return;
    }
    if (http_is_streamed(request))
        hand_over(request);
    if (c->request != request || request->begun || http_body_done(&request->framing))
        return;
    struct str go_on = STR("HTTP/1.1 100 Continue\r\n\r\n");
    if (request->head.expects)
        stream_write(c->stream, &go_on, 1);
}

/* A complete head has arrived. */
static void begin_request(struct http_connection *c, struct str bytes)
{
    struct err err = {{0}};
    struct http_request *request = http_request_new(c);
    int status = http_head_parse_request(arena_str(&request->arena, bytes), &request->head, &err);
    if (!status && !url_split(request->head.target, &request->path, &request->query))
        status = 400;
    if (status) {
        refuse(c, (unsigned)status, err.text[0] ? err.text : "The request's URL has no path.");
        return;
    }
    const struct http_server_options *options = &c->server->options;
    request->match = http_route_find(options->routes, options->routes_len, request->head.method,
                                     request->path, &request->arena);
    http_body_init(&request->framing, &request->head, false);
    if (request->match.route)
        begin_body(c, request);
    else
        refuse_route(c, request);
}

/* True if a request has begun, or was refused. */
static bool use_head(struct http_connection *c, struct str *rest)
{
    struct err err = {{0}};
    ssize_t len = http_head_length(*rest, c->looked, &err);
    c->looked = len ? 0 : rest->len;
    if (len == 0)
        return false;
    c->wait = WAIT_NOTHING; /* so that the next head has its full time */
    timer_stop(&c->timeout);
    if (len < 0) {
        refuse(c, (unsigned)-len, err.text);
        return true;
    }
    struct str head = str_from(rest->at, (size_t)len);
    *rest = str_skip(*rest, (size_t)len);
    begin_request(c, head);
    return true;
}

static void give_body(struct http_request *request, struct str piece)
{
    size_t limit = request->match.route->body_limit;
    request->received += piece.len;
    if (is_limited(request) && request->received > limit)
        http_respond_error(request, 413, "The body has more than %zu bytes.", limit);
    else if (http_is_streamed(request))
        request->match.route->handler.on_body(request, piece);
    else
        buf_add_str(&request->body, piece);
}

static void end_body(struct http_request *request)
{
    request->ended = true;
    if (!http_is_streamed(request))
        hand_over(request);
    else if (request->match.route->handler.on_end)
        request->match.route->handler.on_end(request);
}

/* True if it got any further. */
static bool use_body(struct http_connection *c, struct str *rest)
{
    struct http_request *request = c->request;
    struct err err = {{0}};
    struct str piece;
    if (request->paused || request->ended)
        return false;
    if (http_body_next(&request->framing, rest, &piece, &err)) {
        refuse(c, 400, err.text);
        return true;
    }
    if (piece.len)
        give_body(request, piece);
    else if (http_body_done(&request->framing))
        end_body(request);
    else
        return false;
    return true;
}

/* Serves as many requests as there are in `bytes`; returns what it did not use. */
static struct str connection_use(struct http_connection *c, struct str bytes)
{
    bool more = true;
    c->using = true;
    while (more && !c->ending) {
        if (c->request)
            more = use_body(c, &bytes);
        else
            more = bytes.len && stream_pending(c->stream) <= OUT_MAX && use_head(c, &bytes);
    }
    c->using = false;
    return bytes;
}

/* Keeps `rest`, which may lie in c->in, and rests when there is too much of it. */
static void keep_rest(struct http_connection *c, struct str rest)
{
    if (c->in.len)
        buf_drop(&c->in, c->in.len - rest.len);
    else
        buf_add_str(&c->in, rest);
    if (c->in.len == 0)
        buf_release(&c->in);
    bool rest_now = c->in.len >= IN_MAX;
    if (rest_now == c->resting)
        return;
    c->resting = rest_now;
    if (rest_now)
        stream_pause_read(c->stream);
    else
        stream_resume_read(c->stream);
}

static void on_again(void *ctx)
{
    struct http_connection *c = ctx;
    if (c->ending)
        return;
    keep_rest(c, connection_use(c, buf_str(&c->in)));
    http_connection_watch(c, false);
}

void http_connection_go_on(struct http_connection *c)
{
    if (!c->using)
        timer_start(&c->again, 0);
}

/* -- Events of the stream. */

static void on_read(void *owner, struct str bytes)
{
    struct http_connection *c = owner;
    if (c->in.len) {
        buf_add_str(&c->in, bytes);
        bytes = buf_str(&c->in);
    }
    keep_rest(c, connection_use(c, bytes));
    http_connection_watch(c, true);
}

static void on_drained(void *owner)
{
    struct http_connection *c = owner;
    struct http_request *request = c->request;
    if (request && request->begun && request->match.route->handler.on_drained)
        request->match.route->handler.on_drained(request);
    else if (!request && c->in.len)
        http_connection_go_on(c);
    http_connection_watch(c, false);
}

static void on_closed(void *owner, enum stream_end why, const char *detail)
{
    (void)why;
    (void)detail;
    struct http_connection *c = owner;
    struct http_server *server = c->server;
    request_gone(c);
    timer_stop(&c->timeout);
    timer_stop(&c->again);
    buf_release(&c->in);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    server->connections_len--;
    free(c);
    http_server_check_end(server);
}

static const struct stream_events events = {
    .on_read = on_read, .on_drained = on_drained, .on_closed = on_closed};

static bool is_full(struct http_server *server)
{
    bool full = server->connections_len >= server->options.connections_max;
    if (full && !server->full)
        log_say(LOG_WARN, "http-full",
                "The %s server has %zu connections and turns more away until one ends.",
                server->options.name, server->connections_len);
    server->full = full;
    return full;
}

void http_on_connection(struct listener *listener, void *ctx)
{
    struct http_server *server = ctx;
    if (is_full(server))
        return;
    struct http_connection *c = NEW(struct http_connection);
    c->server = server;
    c->next = server->connections;
    c->link = &server->connections;
    if (c->next)
        c->next->link = &c->next;
    server->connections = c;
    server->connections_len++;
    timer_init(&c->timeout, server->loop, on_timeout, c);
    timer_init(&c->again, server->loop, on_again, c);
    c->stream = listener_accept(listener, &events, c);
    http_connection_watch(c, false);
}
