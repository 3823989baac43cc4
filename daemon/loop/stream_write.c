/* The writing half of a stream: at once what the kernel takes, the rest behind one libuv request.
 */
#include "loop/stream_inside.h"

enum {
    PARTS_AT_ONCE = 32,       /* of a gathered write */
    KEEP_MEMORY = 16 * 1024,  /* a drained buffer that is larger is given back */
    BROKEN_TIMEOUT_MS = 1000, /* to read what the peer said before it stopped taking bytes */
};

bool stream_wire_idle(const struct stream *stream)
{
    return !stream->writing && stream->waiting.len == 0;
}

size_t stream_pending(const struct stream *stream)
{
    return stream->sending.len + stream->waiting.len + stream->held.len;
}

static void forget(struct buf *b)
{
    if (b->size > KEEP_MEMORY)
        buf_release(b);
    else
        buf_reset(b);
}

/*
 * The peer takes no more. It may have said why before ("421 …"), and that can still be read: so the
 * reading half finds the end, unless it rests.
 */
static void on_write_failed(struct stream *stream, int rc)
{
    if (stream->write_failed || stream->state == STREAM_GONE)
        return;
    stream->write_failed = true;
    forget(&stream->waiting);
    if (stream->state != STREAM_OPEN || !stream->reading)
        stream_end_now(stream, STREAM_ENDED_BY_PEER, "Writing to %s failed: %s.", stream->peer_name,
                       uv_strerror(rc));
    else
        timer_start(&stream->deadline, BROKEN_TIMEOUT_MS);
}

static void write_waiting(struct stream *stream);

static void on_uv_written(uv_write_t *request, int rc)
{
    struct stream *stream = request->data;
    stream->writing = false;
    forget(&stream->sending);
    if (stream->state == STREAM_GONE)
        return;
    if (rc) {
        on_write_failed(stream, rc);
    } else if (stream->waiting.len) {
        write_waiting(stream);
    } else if (stream->state == STREAM_OPEN) {
        stream_tell_drained(stream);
    } else {
        stream_finish_if_flushed(stream);
    }
}

static void write_waiting(struct stream *stream)
{
    struct buf swap = stream->sending;
    stream->sending = stream->waiting;
    stream->waiting = swap;
    uv_buf_t buf = {.base = stream->sending.at, .len = stream->sending.len};
    stream->write.data = stream;
    int rc = uv_write(&stream->write, &stream->uv.stream, &buf, 1, on_uv_written);
    if (rc) {
        forget(&stream->sending);
        on_write_failed(stream, rc);
    } else {
        stream->writing = true;
    }
}

/* How many bytes of the parts the kernel took just now; negative when it never will. */
static ssize_t try_write(struct stream *stream, const struct str *parts, size_t n)
{
    uv_buf_t bufs[PARTS_AT_ONCE];
    for (size_t i = 0; i < n; i++)
        bufs[i] = (uv_buf_t){.base = (char *)parts[i].at, .len = parts[i].len};
    int rc = uv_try_write(&stream->uv.stream, bufs, (unsigned)n);
    stream->answered |= rc > 0;
    return rc == UV_EAGAIN ? 0 : rc;
}

static void keep(struct stream *stream, const struct str *parts, size_t n, size_t sent)
{
    for (size_t i = 0; i < n; i++) {
        size_t skip = sent < parts[i].len ? sent : parts[i].len;
        sent -= skip;
        buf_add_str(&stream->waiting, str_skip(parts[i], skip));
    }
}

void stream_send_wire(struct stream *stream, const struct str *parts, size_t n)
{
    while (n && !stream->write_failed && stream->state != STREAM_GONE) {
        size_t now = n < PARTS_AT_ONCE ? n : PARTS_AT_ONCE;
        ssize_t sent = stream_wire_idle(stream) ? try_write(stream, parts, now) : 0;
        if (sent < 0) {
            on_write_failed(stream, (int)sent);
            return;
        }
        keep(stream, parts, now, (size_t)sent);
        parts += now;
        n -= now;
    }
    if (!stream->writing && stream->waiting.len)
        write_waiting(stream);
}

bool stream_write(struct stream *stream, const struct str *parts, size_t n)
{
    if (stream->write_failed || stream->state >= STREAM_FLUSHING)
        return false;
    if (stream->state == STREAM_CONNECTING || stream->handshaking)
        for (size_t i = 0; i < n; i++)
            buf_add_str(&stream->held, parts[i]);
    else if (stream->ssl)
        stream_tls_write(stream, parts, n);
    else
        stream_send_wire(stream, parts, n);
    return stream_pending(stream) == 0 && !stream->write_failed && stream->state == STREAM_OPEN;
}

bool stream_release_held(struct stream *stream)
{
    if (stream->held.len == 0 || stream->state != STREAM_OPEN)
        return false;
    struct buf held = stream->held;
    buf_init(&stream->held);
    struct str part = buf_str(&held);
    bool out = stream_write(stream, &part, 1);
    buf_release(&held);
    return out;
}

void stream_tell_drained(struct stream *stream)
{
    if (stream->state == STREAM_OPEN && stream_pending(stream) == 0 && stream->events->on_drained)
        stream->events->on_drained(stream->owner);
}

/* -- Closing. */

static void on_uv_shutdown(uv_shutdown_t *request, int rc)
{
    struct stream *stream = request->data;
    if (stream->state == STREAM_GONE)
        return;
    if (rc || stream->peer_ended)
        stream_end_now(stream, STREAM_ENDED_HERE, "%s", "");
}

void stream_finish_if_flushed(struct stream *stream)
{
    bool closing = stream->state == STREAM_FLUSHING || stream->state == STREAM_LINGERING;
    if (!closing || !stream_wire_idle(stream))
        return;
    if (stream->peer_ended || stream->write_failed) {
        stream_end_now(stream, STREAM_ENDED_HERE, "%s", "");
        return;
    }
    if (stream->state == STREAM_LINGERING)
        return;
    stream->state = STREAM_LINGERING;
    stream->shutdown.data = stream;
    int rc = uv_shutdown(&stream->shutdown, &stream->uv.stream, on_uv_shutdown);
    if (rc)
        stream_end_now(stream, STREAM_ENDED_HERE, "%s", "");
}
