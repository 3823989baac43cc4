/*
 * A small and strict HTTP/1.1 server on one loop, over unix sockets and TCP. It owns connections
 * and requests; handlers (router.h) own their answers.
 *
 * The life of a request: on_request is called, and the request stays valid until the handler
 * finishes it with exactly one of http_respond, http_respond_end and http_fail, at once or later,
 * on the same loop. That is also so after on_gone: then the answer goes nowhere, but the call lets
 * the request go. After it, no event comes and the pointer is dead.
 *
 * A connection serves one request at a time; pipelined ones wait, so answers keep their order.
 * A handler may answer before the body has ended: then the rest of the body is not read, and the
 * connection is closed behind the answer.
 */
#ifndef TOCSIN_HTTP_SERVER_H
#define TOCSIN_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "http/head.h"
#include "http/router.h"
#include "loop/loop.h"
#include "loop/stream.h"

struct http_server;
struct http_request;

struct http_server_options {
    const struct http_route *routes;
    size_t routes_len;
    void *ctx;              /* for the handlers: http_request_context */
    const char *name;       /* in log lines: "control" */
    size_t connections_max; /* more are closed at once; 0: 256 */
    uint64_t idle_ms;       /* between requests; 0: 60 s */
    uint64_t head_ms;       /* from the first byte of a head to its last; 0: 10 s */
    uint64_t silence_ms;    /* within a streamed body, for all of another one, and for an answer
                               that nobody reads; 0: 60 s */
};

struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options);

int http_server_listen_unix(struct http_server *server, const char *path, mode_t mode,
                            struct err *err);

/* "127.0.0.1:8025"; port 0 lets the kernel choose: http_server_port. */
int http_server_listen_tcp(struct http_server *server, const char *address, struct err *err);
unsigned http_server_port(const struct http_server *server);

/*
 * Stops listening and closes what is idle at once, and the other connections when their answer is
 * out; after `grace_ms` the rest is cut off (with on_gone). Then on_closed(ctx) is called, once,
 * and the server is gone. Requests that are gone must be finished for that.
 */
void http_server_close(struct http_server *server, uint64_t grace_ms, void (*on_closed)(void *ctx),
                       void *ctx);

/* -- What a handler may ask. All views live as long as the request. */

struct str http_request_method(const struct http_request *request);
struct str http_request_path(const struct http_request *request);  /* still encoded */
struct str http_request_query(const struct http_request *request); /* still encoded, without "?" */
struct str http_request_body(const struct http_request *request);  /* gathered bodies only */
struct str http_request_header(const struct http_request *request, struct str name);

/* A parameter of the route's pattern ("id"), or of the query, decoded; {NULL, 0} if there is none.
 */
struct str http_request_param(const struct http_request *request, const char *name);
struct str http_request_query_param(struct http_request *request, const char *name);

struct arena *http_request_arena(struct http_request *request); /* dies with the request */
void *http_request_context(const struct http_request *request); /* options.ctx */

/* The handler's own pointer, for later events; NULL at first. Its memory is the handler's. */
void http_request_set_state(struct http_request *request, void *state);
void *http_request_state(const struct http_request *request);

/* Who is connected to the unix socket; false on TCP. */
bool http_request_credentials(const struct http_request *request, struct stream_credentials *out);
void http_request_peer_name(const struct http_request *request, char *out, size_t size);

/* The peer has vanished: what is written goes nowhere. */
bool http_request_gone(const struct http_request *request);

/* -- Back pressure for streamed bodies: no on_body, no on_end until resumed (never from inside). */
void http_request_pause(struct http_request *request);
void http_request_resume(struct http_request *request);

/* -- The answer. */

/* Adds a header to the answer, before it begins; both are copied. Bad characters abort the process.
 */
void http_add_header(struct http_request *request, const char *name, struct str value);

/* The whole answer. `content_type` may be NULL with an empty body. */
void http_respond(struct http_request *request, unsigned status, const char *content_type,
                  struct str body);

/* {"error": "…"} with the sentence, made safe for JSON. */
void http_respond_error(struct http_request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An answer in pieces (chunked, or until the connection closes for HTTP/1.0). A chunk returns false
 * when it had to be kept: wait for on_drained before giving more. Nothing is sent for HEAD. */
void http_respond_begin(struct http_request *request, unsigned status, const char *content_type);
bool http_respond_chunk(struct http_request *request, struct str bytes);
void http_respond_end(struct http_request *request);

/* Gives an answer up that began and cannot be completed: the connection breaks, so that the peer
 * does not take what it has for the whole. */
void http_fail(struct http_request *request);

#endif
