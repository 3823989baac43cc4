/*
 * File descriptors, of which a process has only so many, and other things that this machine may be
 * short of. Connections to receivers leave some descriptors to the daemon itself: its store, its
 * control socket and its resolver must work also when receivers could take more connections than
 * there are descriptors for. From any thread.
 */
#ifndef TOCSIN_BASE_DESCRIPTORS_H
#define TOCSIN_BASE_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

/* Raises this process's limit as far as it may (RLIMIT_NOFILE, the soft one to the hard one). */
void descriptors_raise(void);

/* The limit as it is now. */
uint64_t descriptors_limit(void);

/* How many of `limit` are not for connections to receivers. */
uint64_t descriptors_kept(uint64_t limit);

/* Whether there is another one, with `keep` of them left alone. */
bool descriptors_left(uint64_t keep);

/* Whether `error` (of errno) says that this machine lacks something: descriptors, memory, a local
 * port or address. The peer of a connection that failed so has nothing to do with it. */
bool error_is_shortage(int error);

#endif
