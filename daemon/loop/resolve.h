/*
 * A host name to addresses, by the system's resolver (getaddrinfo on libuv's thread pool). For the
 * fixed hosts of routes; MX lookup is dns/'s. A literal address is answered without asking anybody,
 * still not from inside the call.
 */
#ifndef TOCSIN_LOOP_RESOLVE_H
#define TOCSIN_LOOP_RESOLVE_H

#include <sys/socket.h>

#include "loop/loop.h"

enum { RESOLVE_MAX = 16 };

struct resolve_answer {
    struct sockaddr_storage addresses[RESOLVE_MAX];
    size_t count;  /* 0: failed, and `err` says why */
    bool shortage; /* no address, because this machine lacked what it takes to ask */
    struct err err;
};

struct resolve;

/* Asks; `on_answer` comes once, unless resolve_cancel is called first. */
struct resolve *resolve_ask(struct loop *loop, const char *host, uint16_t port,
                            void (*on_answer)(void *ctx, const struct resolve_answer *answer),
                            void *ctx);

/* The answer comes soon, a failure if nobody is looking yet; a look-up that has begun goes on. */
void resolve_hurry(struct resolve *resolve);

/* No answer will come; the memory goes when the resolver is done. NULL is fine. */
void resolve_cancel(struct resolve *resolve);

#endif
