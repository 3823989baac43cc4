#include "loop/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/address.h"
#include "loop/scratch.h"
#include "loop/stream_inside.h"

enum { CLOSE_TIMEOUT_MS = 10000 };

const char *stream_end_name(enum stream_end why)
{
    static const char *const names[] = {
        [STREAM_ENDED_HERE] = "closed here",
        [STREAM_ENDED_BY_PEER] = "closed by peer",
        [STREAM_CONNECT_FAILED] = "connect failed",
        [STREAM_CONNECT_TIMEOUT] = "connect timed out",
        [STREAM_TLS_FAILED] = "tls failed",
        [STREAM_IO_FAILED] = "i/o failed",
        [STREAM_SHORTAGE] = "nothing to connect with",
    };
    return names[why];
}

/* -- The end. */

static void stream_free(struct stream *stream)
{
    stream_tls_release(stream);
    buf_release(&stream->sending);
    buf_release(&stream->waiting);
    buf_release(&stream->held);
    buf_release(&stream->undecrypted);
    buf_release(&stream->failures);
    free(stream->detail);
    free(stream);
}

static void tell_handshake_failed(struct stream *stream)
{
    struct err err;
    err_set(&err, "%s", stream->detail ? stream->detail : "The TLS handshake failed.");
    if (stream->events->on_secure)
        stream->events->on_secure(stream->owner, -1, &err);
}

static void on_uv_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;
    if (stream->handshake_failed)
        tell_handshake_failed(stream);
    stream->events->on_closed(stream->owner, stream->why, stream->detail ? stream->detail : "");
    stream_free(stream);
}

/* Keeps the first reason: what comes after it are its consequences. */
static void set_reason(struct stream *stream, enum stream_end why, const char *format, va_list args)
{
    if (stream->detail || stream->state >= STREAM_FLUSHING)
        return;
    stream->why = why;
    if (format[0] == '\0')
        return;
    struct buf text = BUF_INIT;
    buf_addv(&text, format, args);
    stream->detail = text.at;
}

void stream_end_now(struct stream *stream, enum stream_end why, const char *format, ...)
{
    if (stream->state == STREAM_GONE)
        return;
    va_list args;
    va_start(args, format);
    set_reason(stream, why, format, args);
    va_end(args);
    if (stream->handshaking && stream->state == STREAM_OPEN && stream->why != STREAM_ENDED_HERE) {
        stream->handshake_failed = true;
        stream->why = STREAM_TLS_FAILED;
    }
    stream->state = STREAM_GONE;
    timer_stop(&stream->deadline);
    timer_stop(&stream->resume);
    chore_cancel(&stream->ack);
    stream_stop_connecting(stream);
    uv_close(&stream->uv.any, on_uv_closed);
}

static void on_deadline(void *ctx)
{
    struct stream *stream = ctx;
    stream_end_now(stream, STREAM_ENDED_BY_PEER, "%s takes no more bytes.", stream->peer_name);
}

void stream_abort(struct stream *stream)
{
    stream_end_now(stream, STREAM_ENDED_HERE, "%s", "");
}

static void start_closing(struct stream *stream, enum stream_end why)
{
    stream->why = why;
    stream->state = STREAM_FLUSHING;
    timer_start(&stream->deadline, CLOSE_TIMEOUT_MS);
    stream_update_reading(stream);
    if (stream->ssl)
        stream_tls_say_goodbye(stream);
    stream_finish_if_flushed(stream);
}

void stream_close(struct stream *stream)
{
    if (stream->state == STREAM_CONNECTING || stream->handshaking)
        stream_abort(stream);
    else if (stream->state == STREAM_OPEN)
        start_closing(stream, STREAM_ENDED_HERE);
}

void stream_peer_ended(struct stream *stream)
{
    stream->peer_ended = true;
    stream_update_reading(stream);
    if (stream->handshaking) {
        stream_end_now(stream, STREAM_TLS_FAILED,
                       "%s closed the connection during the TLS handshake.", stream->peer_name);
    } else if (stream->state == STREAM_OPEN) {
        start_closing(stream, STREAM_ENDED_BY_PEER);
    } else {
        stream_finish_if_flushed(stream);
    }
}

/* -- Reading. */

void stream_give(struct stream *stream, struct str bytes)
{
    if (stream->state == STREAM_OPEN && bytes.len)
        stream->events->on_read(stream->owner, bytes);
}

static void on_read_failed(struct stream *stream, int rc)
{
    bool by_peer = rc == UV_ECONNRESET || rc == UV_EPIPE || rc == UV_ETIMEDOUT;
    stream_end_now(stream, by_peer ? STREAM_ENDED_BY_PEER : STREAM_IO_FAILED,
                   "Reading from %s failed%s: %s.", stream->peer_name,
                   stream->handshaking ? " during the TLS handshake" : "", uv_strerror(rc));
}

/*
 * A server that sends its answers in small pieces under Nagle's algorithm waits for our ACK before
 * the next piece, and ours would wait up to 40 ms for something to travel with: Postfix with
 * CHUNKING so took 23 messages a second on a connection instead of 480. What is written takes the
 * ACK along, so it is asked for at the end of a turn in which bytes came and none went. The kernel
 * forgets the option by itself (tcp(7)), so it is set each time.
 */
static void ack_at_once(void *ctx)
{
    const struct stream *stream = ctx;
    int on = 1;
    uv_os_fd_t fd;
    if (!stream->answered && uv_fileno(&stream->uv.any, &fd) == 0)
        setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static void on_uv_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
    struct stream *stream = uv->data;
    if (stream->state == STREAM_GONE || n == 0)
        return;
    if (n == UV_EOF)
        stream_peer_ended(stream);
    else if (n < 0)
        on_read_failed(stream, (int)n);
    if (n < 0 || stream->state != STREAM_OPEN)
        return; /* closing: what still comes is nobody's */
    stream->answered = false;
    if (stream->ssl)
        stream_tls_input(stream, str_from(buf->base, (size_t)n));
    else
        stream_give(stream, str_from(buf->base, (size_t)n));
    if (stream->uv.any.type == UV_TCP && stream->state == STREAM_OPEN)
        chore_ask(&stream->ack);
}

static void on_uv_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct stream *stream = handle->data;
    *buf = uv_buf_init(stream->loop->scratch->read, LOOP_READ_SIZE);
}

/* Reads exactly when somebody wants the bytes, or when they must be thrown away to close. */
void stream_update_reading(struct stream *stream)
{
    bool open = stream->state == STREAM_OPEN && (!stream->paused || stream->handshaking) &&
                stream->undecrypted.len == 0;
    bool closing = stream->state == STREAM_FLUSHING || stream->state == STREAM_LINGERING;
    bool wanted = (open || closing) && !stream->peer_ended;
    if (wanted == stream->reading || stream->state == STREAM_GONE)
        return;
    stream->reading = wanted;
    if (!wanted) {
        uv_read_stop(&stream->uv.stream);
        return;
    }
    int rc = uv_read_start(&stream->uv.stream, on_uv_alloc, on_uv_read);
    if (rc)
        on_read_failed(stream, rc);
}

void stream_pause_read(struct stream *stream)
{
    stream->paused = true;
    timer_stop(&stream->resume);
    stream_update_reading(stream);
}

void stream_resume_read(struct stream *stream)
{
    stream->paused = false;
    if (stream->undecrypted.len && stream->state == STREAM_OPEN)
        timer_start(&stream->resume, 0);
    else
        stream_update_reading(stream);
}

/* -- The beginning. */

struct stream *stream_new(struct loop *loop, int family, const struct stream_events *events,
                          void *owner)
{
    struct stream *stream = NEW(struct stream);
    stream->loop = loop;
    stream->events = events;
    stream->owner = owner;
    stream->reached = -1;
    timer_init(&stream->deadline, loop, on_deadline, stream);
    timer_init(&stream->resume, loop, stream_tls_resume, stream);
    chore_init(&stream->ack, loop, ack_at_once, stream);
    if (family == AF_UNIX)
        uv_pipe_init(&loop->uv, &stream->uv.pipe, 0);
    else
        uv_tcp_init(&loop->uv, &stream->uv.tcp);
    stream->uv.any.data = stream;
    return stream;
}

static void name_socket(struct stream *stream, char *out,
                        int (*ask)(int, struct sockaddr *restrict, socklen_t *restrict))
{
    uv_os_fd_t fd;
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    snprintf(out, ADDRESS_NAME_SIZE, "unknown");
    if (uv_fileno(&stream->uv.any, &fd) == 0 && ask(fd, (struct sockaddr *)&address, &len) == 0)
        address_name(&address, out, ADDRESS_NAME_SIZE);
}

void stream_opened(struct stream *stream)
{
    enum { KEEPALIVE_S = 60 };
    stream->state = STREAM_OPEN;
    timer_stop(&stream->deadline);
    if (stream->uv.any.type == UV_TCP) {
        uv_tcp_nodelay(&stream->uv.tcp, 1);
        uv_tcp_keepalive(&stream->uv.tcp, 1, KEEPALIVE_S);
    }
    name_socket(stream, stream->peer_name, getpeername);
    name_socket(stream, stream->local_name, getsockname);
    stream_update_reading(stream);
}

struct stream *stream_adopt(struct loop *loop, int fd, int family,
                            const struct stream_events *events, void *owner)
{
    struct stream *stream = stream_new(loop, family, events, owner);
    int rc =
        family == AF_UNIX ? uv_pipe_open(&stream->uv.pipe, fd) : uv_tcp_open(&stream->uv.tcp, fd);
    if (rc) {
        close(fd);
        stream_end_now(stream, STREAM_IO_FAILED, "The connection cannot be used: %s.",
                       uv_strerror(rc));
        return stream;
    }
    stream_opened(stream);
    return stream;
}

/* -- What is known of it. */

void stream_peer_name(const struct stream *stream, char *out, size_t size)
{
    snprintf(out, size, "%s", stream->peer_name);
}

void stream_local_name(const struct stream *stream, char *out, size_t size)
{
    snprintf(out, size, "%s", stream->local_name);
}

bool stream_credentials(const struct stream *stream, struct stream_credentials *out)
{
    uv_os_fd_t fd;
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (stream->uv.any.type != UV_NAMED_PIPE || uv_fileno(&stream->uv.any, &fd))
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
        return false;
    *out = (struct stream_credentials){peer.pid, peer.uid, peer.gid};
    return true;
}
