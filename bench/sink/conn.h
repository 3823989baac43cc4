/*
 * One accepted socket: it reads for its session, sends the session's replies when they are due, and
 * carries out its fate. Belongs to one loop and one thread.
 */
#ifndef SINK_CONN_H
#define SINK_CONN_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "sink/session.h"

struct loop;

/* Replies up to byte `upto` of the session may leave at `due`. */
struct conn_mark {
    int64_t due_us;
    uint64_t upto;
};

struct conn {
    struct loop *loop;
    struct conn *next, *previous; /* all of the loop */
    int fd;
    SSL *ssl;
    enum { CONN_OPEN, CONN_HANDSHAKE, CONN_BREAK_TLS, CONN_DRAIN } state;
    int64_t drain_until_us;
    uint32_t interest; /* the epoll events asked for */
    bool blocked;      /* the socket took less than we had */
    struct session session;
    struct buf marks; /* struct conn_mark, first due first; only with --delay */
};

/* Takes fd over; the loop has room for it in its epoll. */
void conn_open(struct loop *loop, int fd, uint64_t id);

/* Something happened to the socket. May free the connection. */
void conn_ready(struct conn *c, uint32_t events);

/* Sends what has become due, ends what drained too long. Returns when to look again, or INT64_MAX.
 */
int64_t conn_tick(struct conn *c, int64_t now_us);

void conn_free(struct conn *c);

#endif
