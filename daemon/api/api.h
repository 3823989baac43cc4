/*
 * The control API: HTTP and JSON on a unix socket (docs/api.md has every route), and Prometheus
 * metrics on a TCP address when the configuration names one. Who may connect to the control socket
 * is decided by the socket's mode.
 *
 * It lives on the front loop and decides nothing: it asks the campaign, the delivery, the audience
 * and the store, and puts what they say into words. It owns its two servers and the imports that
 * are under way.
 */
#ifndef TOCSIN_API_API_H
#define TOCSIN_API_API_H

#include "base/err.h"
#include "campaign/campaign.h"
#include "compose/composers.h"
#include "config/config.h"
#include "delivery/delivery.h"
#include "loop/loop.h"
#include "store/store.h"

struct api;

/* All must outlive the API, and the store the letters of the front loop. */
struct api_parts {
    struct loop *front;
    struct store *store;
    struct campaign *campaign;
    struct delivery *delivery;
    struct composers *composers;
    const struct config *config;
};

/* Opens both servers. NULL with a sentence: a socket or an address is in use, or cannot be made. */
struct api *api_new(const struct api_parts *parts, struct err *err);

/*
 * Takes no more requests, gives those that are under way `grace_ms`, and calls on_closed(ctx) once
 * on the front loop; the API is gone then. Imports that are still being received are given up;
 * those that are being applied go on to their end. A backup is given up. Answers that the store
 * still owes come as letters to the front loop, which must be drained when the store has closed
 * (loop_release does).
 */
void api_close(struct api *api, uint64_t grace_ms, void (*on_closed)(void *ctx), void *ctx);

#endif
