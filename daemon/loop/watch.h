/*
 * Waits for a descriptor that belongs to somebody else: a library with sockets of its own, as
 * c-ares has them. The watch reads and writes nothing; it says when its owner can. Level-triggered:
 * what was not read is said again. Belongs to its loop's thread.
 *
 * The owner frees the watch before the descriptor is closed, since its number may be another
 * socket's a moment later.
 */
#ifndef TOCSIN_LOOP_WATCH_H
#define TOCSIN_LOOP_WATCH_H

#include <stdbool.h>

#include "base/err.h"
#include "loop/loop.h"

struct watch;

/* An error of the descriptor comes as readable and writable: the owner's next call meets it. */
typedef void watch_fn(void *ctx, int fd, bool readable, bool writable);

/* Waits for nothing yet. NULL with `err` set if the descriptor cannot be waited for. */
struct watch *watch_new(struct loop *loop, int fd, watch_fn *on_ready, void *ctx, struct err *err);

/* What to wait for from now on; both false: nothing. */
void watch_set(struct watch *watch, bool readable, bool writable);

/* The descriptor is out of the loop when this returns, also inside on_ready, and may be closed. No
 * more calls; the memory goes a turn later. NULL is fine. */
void watch_free(struct watch *watch);

int watch_fd(const struct watch *watch);

#endif
