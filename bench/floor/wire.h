/*
 * One connection: a socket, TLS in it, and the bytes that are to leave. OpenSSL writes into a
 * buffer of ours, so that a flight of several TLS records leaves in one system call. The socket
 * blocks while the dialogue of the opening goes on (dialogue.c) and does not during the blast.
 */
#ifndef FLOOR_WIRE_H
#define FLOOR_WIRE_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "floor/options.h"

enum { WIRE_LATER = -1, WIRE_GONE = -2 };

struct wire {
    int fd;
    SSL *ssl;       /* NULL in clear text */
    struct buf out; /* as it goes into the socket */
    size_t sent;    /* of out */
};

/* One for all connections; nothing is verified. NULL with the sentence in err. */
SSL_CTX *wire_context(struct err *err);

/* Connects; the socket blocks, at most half a minute for each read. */
int wire_open(struct wire *w, const struct options *o, struct err *err);
void wire_close(struct wire *w);

/* The handshake, on a socket that blocks. `w` stays where it is from here on. */
int wire_secure(struct wire *w, SSL_CTX *tls, struct err *err);

int wire_unblock(struct wire *w, struct err *err);

/* Encrypts into the output. -1 if OpenSSL fails, which leaves nothing to do but stop. */
int wire_add(struct wire *w, struct str bytes);

/* Sends the output: 0 once all of it has left, or WIRE_LATER or WIRE_GONE. */
int wire_flush(struct wire *w);

/* Reads up to `size` bytes: how many, or WIRE_LATER or WIRE_GONE. */
int wire_read(struct wire *w, char *at, size_t size);

/* True if there is more to read that epoll does not know of. */
bool wire_has_more(const struct wire *w);

#endif
