/*
 * A socket that waits for connections: a unix socket at a path, or a TCP address. Each connection
 * is offered to `on_connection`, which takes it with listener_accept (and gets an open stream) or
 * lets it go. When the process runs out of file descriptors, accepting rests for a moment instead
 * of spinning, and the log says so once. Belongs to its loop's thread.
 */
#ifndef TOCSIN_LOOP_LISTENER_H
#define TOCSIN_LOOP_LISTENER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"
#include "loop/loop.h"
#include "loop/stream.h"

struct listener;

typedef void listener_fn(struct listener *listener, void *ctx);

/*
 * Listens on a unix socket with the permissions `mode` (0660, say). A socket file that a dead
 * process left is removed; a live one is an error ("Another process listens on …"), and so is a
 * file that is no socket. NULL with `err` set on failure.
 */
struct listener *listener_open_unix(struct loop *loop, const char *path, mode_t mode,
                                    listener_fn *on_connection, void *ctx, struct err *err);

/* Listens on an IPv4 or IPv6 address; port 0 lets the kernel choose one: see listener_port. */
struct listener *listener_open_tcp(struct loop *loop, const struct sockaddr_storage *address,
                                   listener_fn *on_connection, void *ctx, struct err *err);

/* Only inside on_connection, once: the offered connection as a stream, never NULL. */
struct stream *listener_accept(struct listener *listener, const struct stream_events *events,
                               void *owner);

/* The TCP port that is listened on; 0 for a unix socket. */
unsigned listener_port(const struct listener *listener);

/* Stops listening, removes the unix socket's file, frees the listener (its memory a turn of the
 * loop later). Accepted streams live on. */
void listener_close(struct listener *listener);

#endif
