/*
 * A blocking HTTP/1.1 client for the command line, over a unix socket: plain system calls, no loop.
 * One request at a time on one connection, which is opened again when the server has closed it.
 * Every failure is a sentence that the user can act on.
 */
#ifndef TOCSIN_HTTP_CLIENT_H
#define TOCSIN_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct http_client;

/* Connects; NULL with "No daemon answers on …" if nobody listens there. */
struct http_client *http_client_open(const char *path, struct err *err);
void http_client_free(struct http_client *client);

/* Seconds to wait for the server to take or give bytes; 0 (as at first) waits for ever. */
void http_client_set_timeout(struct http_client *client, unsigned seconds);

struct http_exchange {
    const char *method;
    const char *target;       /* "/jobs/12?x=y", encoded */
    const char *content_type; /* of the body; NULL: none */
    const char *accept;       /* NULL: not said */

    /* The body: bytes, or a source that is sent in chunks: fills `at` with up to `size` bytes and
     * returns how many; 0 ends the body; -1 with err gives up. */
    struct str body;
    ssize_t (*read)(void *ctx, char *at, size_t size, struct err *err);
    void *read_ctx;

    /* Called now and then with the body bytes sent so far. May be NULL. */
    void (*progress)(void *ctx, uint64_t sent);
    void *progress_ctx;

    /* Takes the answer's content if the status is below 300; -1 with err gives up (the connection
     * is closed). NULL: the content goes to `answer`. */
    int (*write)(void *ctx, struct str bytes, struct err *err);
    void *write_ctx;

    /* Filled in: the caller releases `answer`, which also holds the content of every refusal. */
    unsigned status;
    struct buf content_type_got;
    struct buf answer;
};

/*
 * Sends the request and reads the answer. 0: there is one, of whatever status. -1: none, and err
 * says why. When the server answers before the body is sent, sending stops and its answer counts.
 */
int http_client_send(struct http_client *client, struct http_exchange *exchange, struct err *err);

/* Releases what http_client_send filled in. */
void http_exchange_release(struct http_exchange *exchange);

#endif
