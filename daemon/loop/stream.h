/*
 * The one byte stream that SMTP and HTTP use: TCP or a unix socket, in clear or in TLS, same calls.
 *
 * A stream belongs to its loop's thread and owns its own memory. The owner hands in a table of
 * events and a pointer to itself, and stays alive until `on_closed`, which comes exactly once,
 * last, and never from inside a call of the owner's: then the stream is gone. Between stream_abort
 * or stream_close and on_closed no other event comes. All calls are allowed inside events, and in
 * any state (a write to a stream that is closing is dropped).
 *
 *     connect ─► on_open ─► on_read … ─► start_tls ─► on_secure ─► on_read … ─► on_closed
 *
 * When the peer closes while bytes wait, they are still sent (10 s at most): on_closed comes after
 * that. Streams have no time-outs but those for connecting and for closing: a peer that falls
 * silent is the owner's to find, with a timer of its own.
 */
#ifndef TOCSIN_LOOP_STREAM_H
#define TOCSIN_LOOP_STREAM_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

struct stream;

enum stream_end {
    STREAM_ENDED_HERE,      /* stream_close or stream_abort */
    STREAM_ENDED_BY_PEER,   /* the peer closed, in order or by a reset */
    STREAM_CONNECT_FAILED,  /* refused, unreachable: on_open never came */
    STREAM_CONNECT_TIMEOUT, /* no address answered in time: on_open never came */
    STREAM_TLS_FAILED,      /* the handshake, or a broken record later */
    STREAM_IO_FAILED,       /* reading or writing failed on our side */
    STREAM_SHORTAGE,        /* this machine lacks a descriptor, memory or a port: no on_open */
};

/* The name of an end, for logs: "closed by peer". */
const char *stream_end_name(enum stream_end why);

/* Any may be NULL, except on_read and on_closed. */
struct stream_events {
    /* Connected: not called for accepted streams, which are open from the start. */
    void (*on_open)(void *owner);

    /* At most 64 KiB; the bytes are valid during the call only. */
    void (*on_read)(void *owner, struct str bytes);

    /* All that was kept by writes that returned false is with the kernel now. */
    void (*on_drained)(void *owner);

    /* The TLS handshake ended: 0, or -1 with the reason, and then on_closed follows by itself. */
    void (*on_secure)(void *owner, int result, const struct err *err);

    /* `detail` is a sentence, empty when there is nothing to add; the getters below still work. */
    void (*on_closed)(void *owner, enum stream_end why, const char *detail);
};

enum { STREAM_ADDRESSES_MAX = 8 };

/*
 * Where to connect to: the addresses of one host in the order to try them, which the caller decides
 * (RFC 8305 §4). The next one is begun when the one before it failed, or `apart_ms` after it if
 * that is not 0 (§5 advises 250): then several are under way together, the first that is connected
 * is taken, and the others are closed unread. With 0 there is never more than one connection.
 *
 * Each address has its share of the time: what is left of `timeout_ms` when it is begun, divided
 * among it and those after it, at least 1 s. So a first address that is dead leaves time to the
 * others; a time too short for all leaves the last ones untried.
 */
struct stream_target {
    struct sockaddr_storage addresses[STREAM_ADDRESSES_MAX]; /* AF_INET, AF_INET6; or one AF_UNIX */
    unsigned address_count;
    struct sockaddr_storage source4; /* IPv4 is bound to this address first; ss_family 0: */
    struct sockaddr_storage source6; /* the kernel chooses; and likewise for IPv6 */
    uint64_t timeout_ms; /* for connecting in all; 0: as long as the kernel tries each address */
    uint64_t apart_ms;
};

/* Never NULL; a failure, of whatever kind, is told by on_closed. `target` and `owner`'s table are
 * not copied: the table must live as long as the stream, the target only during the call. */
struct stream *stream_connect(struct loop *loop, const struct stream_target *target,
                              const struct stream_events *events, void *owner);

/*
 * How the addresses of a target did, up to now; complete from on_open on, and in on_closed.
 * `failed` says which are to blame: refused, unreachable, or silent for all of their share. Not
 * among them are those that were never tried, that lost the race, or that this machine had no
 * descriptor, memory or port for (such a shortage ends the trying, and is STREAM_SHORTAGE unless
 * one that was under way is still connected). A source address that is not ours counts as such.
 */
struct stream_attempts {
    int reached;          /* index of the address that is connected; -1: none (yet) */
    unsigned failed;      /* 1 << i: address i */
    const char *sentence; /* names what failed and why; "" if nothing did; lives with the stream */
};

struct stream_attempts stream_attempts(const struct stream *stream);

/*
 * Writes the parts one after the other. What the kernel does not take at once is copied and sent as
 * soon as it can; TLS packs the parts into full records. True: everything is with the kernel.
 * False: stream_pending bytes wait, and on_drained will come. The caller bounds what it lets pile
 * up. Before on_open, and during a TLS handshake, all bytes wait (and go out encrypted after the
 * latter).
 */
bool stream_write(struct stream *stream, const struct str *parts, size_t n);

/* Bytes written here and not yet with the kernel (as they go over the wire). */
size_t stream_pending(const struct stream *stream);

/* Back pressure: no on_read until resumed. A peer that closes is not noticed while paused. */
void stream_pause_read(struct stream *stream);
void stream_resume_read(struct stream *stream);

/* Flushes, says close_notify, sends FIN and reads until the peer closes too, 10 s at most. */
void stream_close(struct stream *stream);

/* Closes now; what was not sent is lost. */
void stream_abort(struct stream *stream);

struct stream_tls {
    SSL_CTX *ctx; /* its settings decide on verification; a reference is taken */
    bool server;  /* wait for the peer's ClientHello instead of sending one */
    const char
        *server_name;     /* client: sent as SNI and compared with the certificate; NULL: neither */
    SSL_SESSION *session; /* client: tried for resumption; a reference is taken; NULL: none */
    size_t unread;        /* clear-text bytes that on_read gave and the owner has not used */
};

/*
 * Upgrades in place; on_secure tells the end of the handshake. Bytes that follow the STARTTLS
 * command or its answer in clear text would be taken for protected ones afterwards (RFC 3207 §4.2,
 * the command injection of CVE-2011-0411), so `unread` must say how many the owner holds, and any
 * but 0 fails the stream with STREAM_TLS_FAILED. All failures are told by on_secure and on_closed,
 * later.
 */
void stream_start_tls(struct stream *stream, const struct stream_tls *tls);

struct stream_tls_info {
    const char *version; /* "TLSv1.3"; NULL in clear text */
    const char *cipher;  /* "TLS_AES_256_GCM_SHA384" */
    bool verified;       /* chain and server_name were checked and are good, whatever ctx demands */
    bool resumed;
    const char *verify_problem; /* why not verified: OpenSSL's words; NULL if verified */
};

struct stream_tls_info stream_tls_info(const struct stream *stream);

/* The session to resume with next time, or NULL. In TLS 1.3 tickets come after the handshake, so
 * ask late: in on_closed is best. The caller frees it (SSL_SESSION_free). */
SSL_SESSION *stream_session(const struct stream *stream);

/* The peer, "192.0.2.1:25", "[2001:db8::1]:25" or "unix", and our own end: for logs. */
void stream_peer_name(const struct stream *stream, char *out, size_t size);
void stream_local_name(const struct stream *stream, char *out, size_t size);

struct stream_credentials {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

/* Who is at the other end of a unix socket (SO_PEERCRED); false for anything else. */
bool stream_credentials(const struct stream *stream, struct stream_credentials *out);

/* For listener.c: takes over a connected, non-blocking socket. Never NULL: on_closed tells
 * failures. */
struct stream *stream_adopt(struct loop *loop, int fd, int family,
                            const struct stream_events *events, void *owner);

#endif
