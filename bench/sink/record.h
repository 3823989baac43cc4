/*
 * What the sink saw: counters, the log with a line for each message, and the messages kept as
 * files. One for the whole program; every function may be called from any thread. The log gathers
 * in memory and is written when record_flush is called (main.c does, twenty times a second) or 256
 * KiB are full.
 */
#ifndef SINK_RECORD_H
#define SINK_RECORD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct tally {
    _Atomic uint64_t connections, open, peak;
    _Atomic uint64_t messages, recipients, bytes;
    _Atomic uint64_t by_bdat, with_utf8;
    _Atomic uint64_t handshakes, resumed, failed_handshakes;
    _Atomic uint64_t pipelined;  /* commands before the answer to the one before them … */
    _Atomic uint64_t overlapped; /* … and of these, MAIL */
    _Atomic uint64_t faults;     /* by clients */
    _Atomic uint64_t injected;   /* on request */
};

struct record {
    struct tally tally;
    pthread_mutex_t lock;
    struct buf pending;
    int fd; /* -1 without a log */
    bool strict;
    const char *keep;
    unsigned keep_every;
    _Atomic uint64_t begun; /* messages, for keep_every */
};

struct record_message {
    struct str from;       /* escaped, see record_escape */
    struct str recipients; /* escaped, with commas */
    unsigned recipient_count;
    struct str id;
    uint64_t bytes;
    const char *digest;
    bool tls, bdat, utf8;
    uint64_t connection;
};

static inline void tally_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Opens the log for appending (NULL: none); `keep` is a folder that exists, or NULL. */
int record_open(struct record *r, const char *log, const char *keep, struct err *err);
void record_close(struct record *r);
void record_flush(struct record *r);

void record_connection(struct record *r);
void record_disconnection(struct record *r);
void record_message(struct record *r, const struct record_message *m);

/* Something that the client did against the protocol; `sentence` without a stop. */
void record_fault(struct record *r, uint64_t connection, const char *sentence);

/* Called as a message begins: its number if it is to be kept, else 0. */
uint64_t record_choose(struct record *r);

/* Writes the message as KEEP/NNNNNN.eml. A failure is told on stderr. */
void record_keep(struct record *r, uint64_t number, struct str message);

/* Adds s with `%XX` for spaces, controls, commas and percent signs. */
void record_escape(struct buf *out, struct str s);

/* The counters as `summary key=value …` and a newline. */
void record_summary(struct record *r, struct buf *out);

#endif
