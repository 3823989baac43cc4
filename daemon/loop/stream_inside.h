/*
 * The inside of a stream, for stream.c (its life and what it reads), stream_write.c, stream_tls.c
 * and stream_connect.c. Nobody else includes this.
 *
 *     CONNECTING ─ connect_won ──► OPEN ─ stream_close ─► FLUSHING ─ all sent ─► LINGERING ─► GONE
 *          │                        │ │                     ▲ │                      │         ▲
 *          │                        │ └─ peer ends, bytes ──┘ └── deadline, reset ───┴─────────┤
 *          └────── timeout, refused ┴──── abort, reset, peer ends, TLS fails ──────────────────┘
 *
 * stream_end_now is the only way to GONE; there the handle is closed, and on_uv_closed tells the
 * owner and frees the stream, once.
 */
#ifndef TOCSIN_LOOP_STREAM_INSIDE_H
#define TOCSIN_LOOP_STREAM_INSIDE_H

#include "base/buf.h"
#include "loop/address.h"
#include "loop/stream.h"
#include "loop/timer.h"

enum stream_state {
    STREAM_CONNECTING,
    STREAM_OPEN,
    STREAM_FLUSHING,  /* no events any more; what was written is being sent */
    STREAM_LINGERING, /* FIN is out; reading until the peer closes, so that no reset eats our bytes
                       */
    STREAM_GONE,      /* the handle is closing */
};

struct stream {
    struct loop *loop;
    const struct stream_events *events;
    void *owner;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    uv_shutdown_t shutdown;
    uv_write_t write;
    struct timer deadline; /* of closing */
    struct chore ack;      /* of what was read, if nothing was written */

    enum stream_state state;
    enum stream_end why;
    char *detail; /* a sentence, or NULL */
    bool reading, paused, writing;
    bool answered;     /* something was written since the last read began */
    bool peer_ended;   /* it will send no more */
    bool write_failed; /* it takes no more; what it sent before may still be readable */

    struct buf sending; /* with libuv */
    struct buf waiting; /* next; wire bytes */
    struct buf held;    /* clear bytes, until connected and until a handshake has ended */

    SSL *ssl;
    bool handshaking, handshake_failed;
    bool names_server;      /* a server_name was given to compare with */
    struct str input;       /* wire bytes that OpenSSL has not read, while it is being served */
    struct buf undecrypted; /* the same, when the owner paused in the middle */
    struct timer resume;    /* serves `undecrypted` outside of the owner's call */

    struct connecting *connecting; /* stream_connect.c; NULL when that is over */
    int reached;                   /* as struct stream_attempts says, */
    unsigned failed;
    struct buf failures; /* and its sentence */

    char peer_name[ADDRESS_NAME_SIZE];
    char local_name[ADDRESS_NAME_SIZE];
};

/* -- stream.c */
struct stream *stream_new(struct loop *loop, int family, const struct stream_events *events,
                          void *owner);
void stream_opened(struct stream *stream); /* CONNECTING → OPEN: learns its names, begins to read */
void stream_update_reading(struct stream *stream);
void stream_give(struct stream *stream, struct str bytes); /* to the owner, if it still listens */
void stream_peer_ended(struct stream *stream);
void stream_end_now(struct stream *stream, enum stream_end why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* -- stream_connect.c */
/* Closes the sockets that are under way, if there are any. */
void stream_stop_connecting(struct stream *stream);

/* -- stream_write.c */
void stream_send_wire(struct stream *stream, const struct str *parts, size_t n);
bool stream_wire_idle(const struct stream *stream);
/* Writes what waited for a connection or a handshake; true if all of it went out at once, so that
 * stream_tell_drained is due when the owner has heard of the rest. */
bool stream_release_held(struct stream *stream);
void stream_tell_drained(struct stream *stream);
void stream_finish_if_flushed(struct stream *stream);

/* -- stream_tls.c */
void stream_tls_input(struct stream *stream, struct str bytes);
void stream_tls_write(struct stream *stream, const struct str *parts, size_t n);
void stream_tls_say_goodbye(struct stream *stream); /* close_notify */
void stream_tls_release(struct stream *stream);
void stream_tls_resume(void *ctx); /* the stream */

#endif
