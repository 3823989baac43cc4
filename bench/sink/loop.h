/*
 * One thread of the sink: an epoll with the listening socket (shared by all threads, each woken in
 * turn) and the connections that this thread accepted. They stay here until they end.
 */
#ifndef SINK_LOOP_H
#define SINK_LOOP_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "sink/options.h"
#include "sink/record.h"

enum { LOOP_SCRATCH = 256 * 1024 };

struct conn;

struct loop {
    const struct options *options;
    struct record *record;
    SSL_CTX *tls; /* shared; NULL where STARTTLS is not offered */
    int listener; /* shared */
    int epoll;
    int wake; /* an eventfd: something is in it once the loop is to stop */
    pthread_t thread;
    struct conn *conns;
    char *scratch;
};

/* Starts the thread. options, record, tls and listener are set and outlive it. */
int loop_start(struct loop *loop, struct err *err);

/* Stops the thread, closes its connections, frees what it had. */
void loop_stop(struct loop *loop);

/* For conn.c: in and out of the list of connections. */
void loop_remember(struct loop *loop, struct conn *c);
void loop_forget(struct loop *loop, struct conn *c);

#endif
