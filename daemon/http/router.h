/*
 * Which handler answers a request: a table of routes, read from top to bottom. A path pattern is
 * literal but for segments that start with a colon: "/jobs/:id/pause" matches "/jobs/12/pause" and
 * binds id. Pure; routes are static data of the rooms above.
 */
#ifndef TOCSIN_HTTP_ROUTER_H
#define TOCSIN_HTTP_ROUTER_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum { HTTP_PARAMS_MAX = 4 };

struct http_request;

/* What answers a route. All are called on the server's loop; see server.h for the life of a
 * request. */
struct http_handler {
    /* The whole request is here (its body too, unless on_body is set). */
    void (*on_request)(struct http_request *request);

    /* Set both for a streamed body: on_request comes before the body, on_body for each piece of it
     * (the bytes are valid during the call), on_end after the last. */
    void (*on_body)(struct http_request *request, struct str bytes);
    void (*on_end)(struct http_request *request);

    /* All that http_respond_chunk kept is with the kernel. May be NULL. */
    void (*on_drained)(struct http_request *request);

    /* The peer vanished (or sent nonsense) before the answer was complete. May be NULL. */
    void (*on_gone)(struct http_request *request);
};

struct http_route {
    const char *method;
    const char *path;
    struct http_handler handler;
    size_t body_limit; /* bytes; a larger body is refused with 413. Streamed: 0 is no limit */
};

struct http_param {
    struct str name;
    struct str value; /* decoded */
};

struct http_match {
    const struct http_route *route; /* NULL: no such path, or no such method for it */
    bool path_known;                /* some route has this path: 405 instead of 404 */
    struct http_param params[HTTP_PARAMS_MAX];
    size_t params_len;
};

/* Finds `method` (HEAD also matches GET routes) and the still encoded `path`; values are decoded
 * into the arena. An encoded slash does not split a segment. */
struct http_match http_route_find(const struct http_route *routes, size_t n, struct str method,
                                  struct str path, struct arena *arena);

/* The methods that a path has, as "GET, POST", for the Allow header. */
struct str http_route_methods(const struct http_route *routes, size_t n, struct str path,
                              struct arena *arena);

#endif
