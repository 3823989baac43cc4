/*
 * How a stream comes to be from this side: one address after the other, or several a short time
 * apart (RFC 8305 §5), until one is connected.
 *
 *     stream_connect ─► begin_more ─► begin ─► on_writable ─► attempt_over ─► connect_won
 *                       ▲  ▲   │         └───► on_share_over       │
 *           on_apart ───┘  │   │                    │ (silent)     │ (refused)
 *                          └───┼────────────────────┴──────────────┘
 *                              └─► connect_lost (none is under way, and none is left)
 *
 * A libuv handle can hold but one socket in its life. So each attempt is a socket of its own that
 * libuv only watches, and the one that is connected first becomes the stream's.
 */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/descriptors.h"
#include "loop/address.h"
#include "loop/stream_inside.h"

enum {
    SHARE_MIN_MS = 1000,
    FAILURES_MAX = 320, /* bytes of the sentence; what fails after that is not named in it */
};

/* One address that is being tried. libuv says when its memory may go. */
struct attempt {
    uv_poll_t watch;
    struct stream *stream;
    struct timer share;
    unsigned index;
    int fd;
};

struct connecting {
    struct stream_target target;
    struct attempt *under_way[STREAM_ADDRESSES_MAX]; /* by index; NULL: not under way */
    unsigned begun;                                  /* addresses that were tried, in order */
    unsigned running;                                /* those of them that are under way */
    uint64_t until_ms;                               /* on the loop's clock */
    struct timer apart;
    bool shortage; /* no more are begun */
    bool refused;  /* an address failed in another way than by its silence */
};

/* -- The ends of an attempt. */

static void on_watch_closed(uv_handle_t *watch)
{
    free(watch->data);
}

/* Returns the socket, which nobody watches any more. */
static int attempt_end(struct attempt *attempt)
{
    struct connecting *c = attempt->stream->connecting;
    c->under_way[attempt->index] = NULL;
    c->running--;
    timer_stop(&attempt->share);
    uv_close((uv_handle_t *)&attempt->watch, on_watch_closed);
    return attempt->fd;
}

void stream_stop_connecting(struct stream *stream)
{
    struct connecting *c = stream->connecting;
    if (!c)
        return;
    for (unsigned i = 0; i < c->begun; i++)
        if (c->under_way[i])
            close(attempt_end(c->under_way[i]));
    timer_stop(&c->apart);
    stream->connecting = NULL;
    free(c);
}

/* "Connecting to 192.0.2.1:25 failed: connection refused; to [2001:db8::1]:25: …." */
static void name_failure(struct stream *stream, unsigned index, const char *why)
{
    struct buf *text = &stream->failures;
    char name[ADDRESS_NAME_SIZE];
    address_name(&stream->connecting->target.addresses[index], name, sizeof(name));
    if (text->len > FAILURES_MAX)
        return;
    if (text->len == 0) {
        buf_addf(text, "Connecting to %s failed: %s.", name, why);
        return;
    }
    buf_cut(text, text->len - 1);
    buf_addf(text, "; to %s: %s.", name, why);
}

/* What is short is no fault of the address. */
static void note_failure(struct stream *stream, unsigned index, int error)
{
    struct connecting *c = stream->connecting;
    name_failure(stream, index, uv_strerror(-error));
    if (error_is_shortage(error)) {
        c->shortage = true;
        return;
    }
    c->refused = true;
    stream->failed |= 1u << index;
}

static void note_silence(struct stream *stream, unsigned index)
{
    name_failure(stream, index, "it did not answer in time");
    stream->failed |= 1u << index;
}

static void connect_lost(struct stream *stream)
{
    const struct connecting *c = stream->connecting;
    enum stream_end why = c->shortage                     ? STREAM_SHORTAGE
                          : stream->failed && !c->refused ? STREAM_CONNECT_TIMEOUT
                                                          : STREAM_CONNECT_FAILED;
    stream_end_now(stream, why, "%s",
                   stream->failures.len ? stream->failures.at
                                        : "There is no address to connect to.");
}

/* All others are closed before a byte is read from them. */
static void connect_won(struct attempt *attempt)
{
    struct stream *stream = attempt->stream;
    bool pipe = stream->uv.any.type == UV_NAMED_PIPE;
    int index = (int)attempt->index, fd = attempt_end(attempt);
    stream_stop_connecting(stream);
    int rc = pipe ? uv_pipe_open(&stream->uv.pipe, fd) : uv_tcp_open(&stream->uv.tcp, fd);
    if (rc) {
        close(fd);
        stream_end_now(stream, STREAM_IO_FAILED, "The connection cannot be used: %s.",
                       uv_strerror(rc));
        return;
    }
    stream->reached = index;
    stream_opened(stream);
    if (stream->state != STREAM_OPEN)
        return;
    bool drained = stream_release_held(stream);
    if (stream->events->on_open)
        stream->events->on_open(stream->owner);
    if (drained)
        stream_tell_drained(stream);
}

/* -- Sockets. */

static const struct sockaddr_storage *source_for(const struct stream_target *target, int family)
{
    const struct sockaddr_storage *source = family == AF_INET    ? &target->source4
                                            : family == AF_INET6 ? &target->source6
                                                                 : NULL;
    return source && source->ss_family ? source : NULL;
}

/* The port is chosen when connecting, not when binding: then it may be in use towards others. */
static int bind_source(int fd, const struct sockaddr_storage *source)
{
    int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bind(fd, (const struct sockaddr *)source, address_size(source));
}

static int connect_to(int fd, const struct sockaddr_storage *address)
{
    return connect(fd, (const struct sockaddr *)address, address_size(address));
}

/*
 * EADDRNOTAVAIL means that the ports are used up, or that this machine has no address at all in the
 * family: so where IPv6 is switched off. UDP needs no port that TCP has taken, so it tells which.
 */
static bool is_out_of_reach(const struct sockaddr_storage *address)
{
    int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool out = connect_to(fd, address) != 0 && errno == EADDRNOTAVAIL;
    close(fd);
    return out;
}

/* 0 if it is connected or on the way to be, an errno otherwise. */
static int connect_from(int fd, const struct sockaddr_storage *source,
                        const struct sockaddr_storage *address)
{
    if (source && bind_source(fd, source))
        return errno;
    if (connect_to(fd, address) == 0 || errno == EINPROGRESS)
        return 0;
    int error = errno;
    if (error == EADDRNOTAVAIL && !source && is_out_of_reach(address))
        return ENETUNREACH;
    return error;
}

/* What became of a socket that is connecting: 0 or an errno. */
static int outcome_of(int fd)
{
    int error = 0;
    socklen_t len = sizeof(error);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

/* -- Attempts. */

static void begin_more(struct stream *stream);

static void attempt_over(struct attempt *attempt)
{
    int error = outcome_of(attempt->fd);
    if (error == 0) {
        connect_won(attempt);
        return;
    }
    struct stream *stream = attempt->stream;
    unsigned index = attempt->index;
    close(attempt_end(attempt));
    note_failure(stream, index, error);
    begin_more(stream);
}

/* `status` is but a hint that the socket has an error, which it tells better itself. */
static void on_writable(uv_poll_t *watch, int status, int happened)
{
    (void)status;
    (void)happened;
    attempt_over(watch->data);
}

/* Timers ring before sockets are looked at: an answer may lie there although the time is up. */
static void on_share_over(void *ctx)
{
    struct attempt *attempt = ctx;
    struct stream *stream = attempt->stream;
    struct pollfd now = {.fd = attempt->fd, .events = POLLOUT};
    if (poll(&now, 1, 0) == 1) {
        attempt_over(attempt);
        return;
    }
    note_silence(stream, attempt->index);
    close(attempt_end(attempt));
    begin_more(stream);
}

/* Takes the socket; 0 or an errno. */
static int watch_socket(struct stream *stream, unsigned index, int fd)
{
    struct connecting *c = stream->connecting;
    struct attempt *attempt = NEW(struct attempt);
    int rc = uv_poll_init_socket(&stream->loop->uv, &attempt->watch, fd);
    if (rc) {
        close(fd);
        free(attempt);
        return -rc;
    }
    attempt->watch.data = attempt;
    attempt->stream = stream;
    attempt->index = index;
    attempt->fd = fd;
    timer_init(&attempt->share, stream->loop, on_share_over, attempt);
    uv_poll_start(&attempt->watch, UV_WRITABLE, on_writable);
    c->under_way[index] = attempt;
    c->running++;
    return 0;
}

static void give_share(struct connecting *c, struct attempt *attempt, uint64_t now)
{
    uint64_t left = c->until_ms - now;
    uint64_t share = left / (c->target.address_count - attempt->index);
    if (share < SHARE_MIN_MS)
        share = SHARE_MIN_MS;
    if (c->target.timeout_ms)
        timer_start(&attempt->share, share < left ? share : left);
}

/* 0 if it is under way, an errno otherwise. */
static int begin(struct stream *stream, unsigned index)
{
    struct connecting *c = stream->connecting;
    const struct sockaddr_storage *address = &c->target.addresses[index];
    int family = address->ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = connect_from(fd, source_for(&c->target, family), address);
    if (error) {
        close(fd);
        return error;
    }
    error = watch_socket(stream, index, fd);
    if (!error)
        give_share(c, c->under_way[index], loop_now_ms(stream->loop));
    return error;
}

static bool has_more(const struct connecting *c, uint64_t now)
{
    return c->begun < c->target.address_count && !c->shortage && now < c->until_ms;
}

/* Begins the next address that can be begun. Nothing under way, and nothing more to begin: that
 * was it. */
static void begin_more(struct stream *stream)
{
    struct connecting *c = stream->connecting;
    uint64_t now = loop_now_ms(stream->loop);
    int error = -1;
    while (error && has_more(c, now)) {
        unsigned index = c->begun++;
        error = begin(stream, index);
        if (error)
            note_failure(stream, index, error);
    }
    if (c->running == 0)
        connect_lost(stream);
    else if (c->target.apart_ms && has_more(c, now))
        timer_start(&c->apart, c->target.apart_ms);
}

static void on_apart(void *ctx)
{
    begin_more(ctx);
}

struct stream *stream_connect(struct loop *loop, const struct stream_target *target,
                              const struct stream_events *events, void *owner)
{
    assert(target->address_count <= STREAM_ADDRESSES_MAX);
    struct stream *stream = stream_new(loop, target->addresses[0].ss_family, events, owner);
    struct connecting *c = NEW(struct connecting);
    c->target = *target;
    c->until_ms = target->timeout_ms ? loop_now_ms(loop) + target->timeout_ms : UINT64_MAX;
    timer_init(&c->apart, loop, on_apart, stream);
    stream->connecting = c;
    address_name(&target->addresses[0], stream->peer_name, sizeof(stream->peer_name));
    begin_more(stream);
    return stream;
}

struct stream_attempts stream_attempts(const struct stream *stream)
{
    return (struct stream_attempts){.reached = stream->reached,
                                    .failed = stream->failed,
                                    .sentence = stream->failures.len ? stream->failures.at : ""};
}
