/*
 * Inside the API: what its handlers share. Only this room includes it; everything here is used on
 * the front loop's thread.
 */
#ifndef TOCSIN_API_INSIDE_H
#define TOCSIN_API_INSIDE_H

#include "api/api.h"
#include "api/backups.h"
#include "api/imports.h"
#include "http/server.h"
#include "store/store.h"

struct api {
    struct api_parts parts;
    struct http_server *control, *metrics; /* metrics: NULL when nothing listens */
    struct imports imports;
    struct backups backups;
    int64_t started_us; /* monotonic */

    unsigned open; /* servers that are not gone */
    void (*on_closed)(void *ctx);
    void *ctx;
};

static inline struct api *api_of(const struct http_request *request)
{
    return http_request_context(request);
}

static inline struct store *store_of(const struct http_request *request)
{
    return api_of(request)->parts.store;
}

#endif
