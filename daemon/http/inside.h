/*
 * The inside of the server, for server.c (listening, the list of connections, the end),
 * connection.c (bytes to requests, time-outs), request.c (what handlers ask) and respond.c (what
 * they answer). Nobody else includes this.
 *
 *          ┌────────────── next request ◄───────────────┐
 *     IDLE ─► head ─► route ─► on_request ─► body ─► answer ─► close
 *
 * A request is freed by http_request_finish and nowhere else: the handler's last call comes there,
 * and so does the connection if no handler has seen the request.
 */
#ifndef TOCSIN_HTTP_INSIDE_H
#define TOCSIN_HTTP_INSIDE_H

#include "base/buf.h"
#include "http/body.h"
#include "http/server.h"
#include "loop/listener.h"
#include "loop/timer.h"

enum { LISTENERS_MAX = 4 };

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    struct listener *listeners[LISTENERS_MAX];
    size_t listeners_len;
    struct http_connection *connections; /* a list */
    size_t connections_len;
    size_t requests_len; /* also of connections that are gone */
    bool full;           /* a connection was turned away since there was room */
    bool closing;
    struct timer grace; /* until the end: then it is cut off, and after that tells it */
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* What a connection waits for, which decides on its time-out. */
enum wait { WAIT_NOTHING, WAIT_IDLE, WAIT_HEAD, WAIT_BODY, WAIT_DRAIN };

struct http_connection {
    struct http_connection *next, **link;
    struct http_server *server;
    struct stream *stream;
    struct buf in; /* bytes that are not used yet */
    size_t looked; /* how many of them http_head_length has seen */
    struct http_request *request;
    bool using;   /* connection_use is running: what it calls must not start it again */
    bool ending;  /* stream_close was called */
    bool resting; /* reading is paused */
    enum wait wait;
    size_t undrained; /* what was pending when WAIT_DRAIN was looked at last */
    struct timer timeout;
    struct timer again; /* goes on with what is in `in`, outside of the handler's call */
};

struct http_request {
    struct http_server *server;
    struct http_connection *connection; /* NULL: gone */
    struct arena arena;
    struct http_head head; /* views into the arena */
    struct str path, query;
    struct http_match match;
    struct http_body framing;
    uint64_t received;  /* bytes of the body */
    struct buf body;    /* gathered */
    struct buf headers; /* of the answer, that the handler added */
    void *state;
    bool handed; /* on_request was called: the handler finishes it */
    bool ended;  /* on_end was called */
    bool paused;
    bool begun;   /* the answer's head is out */
    bool chunked; /* the answer is sent in chunks */
    bool close;   /* the connection ends behind the answer */
};

/* -- server.c */
void http_server_check_end(struct http_server *server);

/* -- connection.c */
void http_on_connection(struct listener *listener, void *ctx); /* the server */
void http_connection_close(struct http_connection *connection);
void http_connection_go_on(struct http_connection *connection); /* soon */
void http_connection_watch(struct http_connection *connection, bool progress);

/* -- request.c */
struct http_request *http_request_new(struct http_connection *connection);
void http_request_finish(struct http_request *request);

static inline bool http_is_streamed(const struct http_request *request)
{
    return request->match.route && request->match.route->handler.on_body;
}

/* -- respond.c */

/* Writes an error in JSON and adds what a whole answer needs; the caller closes. */
void http_write_refusal(struct http_connection *connection, unsigned status, const char *sentence);

#endif
