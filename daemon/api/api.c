#include "api/api.h"

#include <jansson.h>

#include "api/inside.h"
#include "api/metrics.h"
#include "api/routes.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "loop/address.h"

/* A reader that stands at a pager for a while is no dead peer; nor is a slow export into us. */
enum { SILENCE_MS = 15 * 60 * 1000 };

static struct http_server *server_new(struct api *api, const struct http_server_options *options)
{
    api->open++;
    return http_server_new(api->parts.front, options);
}

static int open_control(struct api *api, struct err *err)
{
    const struct control_config *control = &api->parts.config->control;
    struct http_server_options options = {.routes = control_routes,
                                          .routes_len = control_routes_len,
                                          .ctx = api,
                                          .name = "control",
                                          .silence_ms = SILENCE_MS};
    api->control = server_new(api, &options);
    return http_server_listen_unix(api->control, control->socket.at, (mode_t)control->mode, err);
}

static int open_metrics(struct api *api, struct err *err)
{
    const struct listen_address *listen = &api->parts.config->metrics_listen;
    struct http_server_options options = {.routes = metrics_routes,
                                          .routes_len = metrics_routes_len,
                                          .ctx = api,
                                          .name = "metrics",
                                          .connections_max = 32};
    char address[ADDRESS_NAME_SIZE];
    if (listen->port == 0)
        return 0;
    metrics_init();
    api->metrics = server_new(api, &options);
    snprintf(address, sizeof(address), strchr(listen->host, ':') ? "[%s]:%u" : "%s:%u",
             listen->host, listen->port);
    return http_server_listen_tcp(api->metrics, address, err);
}

static void nobody_waits(void *ctx)
{
    (void)ctx;
}

struct api *api_new(const struct api_parts *parts, struct err *err)
{
    struct api *api = NEW(struct api);
    api->parts = *parts;
    api->started_us = clock_mono_us();
    json_object_seed(0);
    imports_init(&api->imports, parts->front, parts->store, parts->config->data_dir);
    backups_init(&api->backups, parts->front, parts->store);
    if (open_control(api, err) == 0 && open_metrics(api, err) == 0)
        return api;
    api_close(api, 0, nobody_waits, NULL);
    return NULL;
}

/* The last server to go takes the API with it. */
static void on_server_closed(void *ctx)
{
    struct api *api = ctx;
    if (--api->open > 0)
        return;
    imports_release(&api->imports);
    backups_release(&api->backups);
    void (*on_closed)(void *ctx) = api->on_closed;
    void *closed_ctx = api->ctx;
    free(api);
    on_closed(closed_ctx);
}

void api_close(struct api *api, uint64_t grace_ms, void (*on_closed)(void *ctx), void *ctx)
{
    struct http_server *control = api->control, *metrics = api->metrics;
    api->on_closed = on_closed;
    api->ctx = ctx;
    backups_stop(&api->backups);
    http_server_close(control, grace_ms, on_server_closed, api);
    if (metrics)
        http_server_close(metrics, grace_ms, on_server_closed, api);
}
