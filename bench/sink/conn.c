#include "sink/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "sink/loop.h"

enum { READS_A_TURN = 16, DRAIN_US = 2 * 1000 * 1000, OUT_MAX = 1024 * 1024 };

/* What reading and writing can end in, besides a count. */
enum { IO_LATER = -1, IO_GONE = -2 };

static int io_result(struct conn *c, ssize_t n)
{
    if (n > 0)
        return (int)n;
    if (!c->ssl)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? IO_LATER : IO_GONE;
    int why = SSL_get_error(c->ssl, (int)n);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? IO_LATER : IO_GONE;
}

static int conn_read(struct conn *c)
{
    struct loop *loop = c->loop;
    return io_result(c, c->ssl ? SSL_read(c->ssl, loop->scratch, LOOP_SCRATCH)
                               : recv(c->fd, loop->scratch, LOOP_SCRATCH, 0));
}

static int conn_write(struct conn *c, size_t len)
{
    const char *at = c->session.out.at;
    return io_result(c,
                     c->ssl ? SSL_write(c->ssl, at, (int)len) : send(c->fd, at, len, MSG_NOSIGNAL));
}

void conn_free(struct conn *c)
{
    loop_forget(c->loop, c);
    record_disconnection(c->loop->record);
    SSL_free(c->ssl);
    close(c->fd);
    session_release(&c->session);
    buf_release(&c->marks);
    free(c);
}

static void watch(struct conn *c)
{
    bool reads =
        (c->session.fate == FATE_GO_ON || c->state != CONN_OPEN) && c->session.out.len < OUT_MAX;
    uint32_t interest = (reads ? EPOLLIN : 0u) | (c->blocked ? EPOLLOUT : 0u);
    if (interest == c->interest)
        return;
    struct epoll_event event = {.events = interest, .data.ptr = c};
    epoll_ctl(c->loop->epoll, EPOLL_CTL_MOD, c->fd, &event);
    c->interest = interest;
}

/* Notes when what the session said since the last call may leave. */
static void hold_replies(struct conn *c)
{
    unsigned delay_ms = c->loop->options->delay_ms;
    const struct conn_mark *marks = (const struct conn_mark *)(const void *)c->marks.at;
    size_t count = c->marks.len / sizeof *marks;
    uint64_t marked = count ? marks[count - 1].upto : c->session.delivered;
    if (delay_ms == 0 || c->session.said == marked)
        return;
    struct conn_mark mark = {clock_mono_us() + delay_ms * 1000LL, c->session.said};
    buf_add(&c->marks, &mark, sizeof mark);
}

/* How many bytes of the session's replies may leave now. */
static size_t due_bytes(struct conn *c)
{
    size_t due = 0;
    if (c->loop->options->delay_ms == 0)
        return c->session.out.len;
    int64_t now = clock_mono_us();
    const struct conn_mark *marks = (const struct conn_mark *)(const void *)c->marks.at;
    size_t count = c->marks.len / sizeof *marks;
    for (size_t i = 0; i < count && marks[i].due_us <= now; i++)
        due = (size_t)(marks[i].upto - c->session.delivered);
    return due;
}

static void drop_marks(struct conn *c)
{
    const struct conn_mark *marks = (const struct conn_mark *)(const void *)c->marks.at;
    size_t count = c->marks.len / sizeof *marks, passed = 0;
    while (passed < count && marks[passed].upto <= c->session.delivered)
        passed++;
    if (passed)
        buf_drop(&c->marks, passed * sizeof *marks);
}

/* Sends what is due; -1 if the peer is gone. */
static int send_due(struct conn *c)
{
    size_t due = due_bytes(c);
    c->blocked = false;
    while (due) {
        int n = conn_write(c, due);
        if (n == IO_GONE)
            return -1;
        if (n == IO_LATER) {
            c->blocked = true;
            break;
        }
        due -= (size_t)n;
        session_delivered(&c->session, (size_t)n);
        buf_drop(&c->session.out, (size_t)n);
    }
    drop_marks(c);
    return 0;
}

static void start_drain(struct conn *c)
{
    if (c->ssl)
        SSL_shutdown(c->ssl);
    ERR_clear_error();
    shutdown(c->fd, SHUT_WR);
    c->state = CONN_DRAIN;
    c->drain_until_us = clock_mono_us() + DRAIN_US;
}

static void start_handshake(struct conn *c)
{
    c->ssl = SSL_new(c->loop->tls);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_accept_state(c->ssl);
    c->state = CONN_HANDSHAKE;
}

/* Once every reply has left: what the session wants to become of the connection. -1: freed. */
static int meet_fate(struct conn *c)
{
    if (c->session.fate == FATE_GO_ON || c->session.out.len || c->state != CONN_OPEN)
        return 0;
    switch (c->session.fate) {
    case FATE_START_TLS:
        start_handshake(c);
        return 0;
    case FATE_BREAK_TLS:
        c->state = CONN_BREAK_TLS;
        return 0;
    case FATE_CLOSE:
        start_drain(c);
        return 0;
    default:
        conn_free(c);
        return -1;
    }
}

/* Sends, meets fate, sets the events; -1: freed. */
static int settle(struct conn *c)
{
    hold_replies(c);
    if (send_due(c)) {
        conn_free(c);
        return -1;
    }
    if (meet_fate(c))
        return -1;
    watch(c);
    return 0;
}

/* Bytes that epoll does not know of, because OpenSSL took them from the socket already. */
static bool has_hidden_input(const struct conn *c)
{
    return c->ssl && SSL_has_pending(c->ssl);
}

static void read_session(struct conn *c)
{
    int n = LOOP_SCRATCH;
    for (int turn = 0; c->session.fate == FATE_GO_ON; turn++) {
        bool more = c->ssl ? turn == 0 || has_hidden_input(c) : n == LOOP_SCRATCH;
        if (!more || (!c->ssl && turn == READS_A_TURN))
            break;
        n = conn_read(c);
        if (n == IO_LATER)
            break;
        if (n == IO_GONE) {
            conn_free(c);
            return;
        }
        session_take(&c->session, str_from(c->loop->scratch, (size_t)n));
    }
    settle(c);
}

static void shake_hands(struct conn *c)
{
    struct tally *tally = &c->loop->record->tally;
    int done = SSL_accept(c->ssl);
    if (done == 1) {
        tally_add(&tally->handshakes, 1);
        tally_add(&tally->resumed, SSL_session_reused(c->ssl) ? 1 : 0);
        session_secured(&c->session);
        c->state = CONN_OPEN;
        c->blocked = false;
        read_session(c);
        return;
    }
    int why = SSL_get_error(c->ssl, done);
    ERR_clear_error();
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
        tally_add(&tally->failed_handshakes, 1);
        conn_free(c);
        return;
    }
    c->blocked = why == SSL_ERROR_WANT_WRITE;
    watch(c);
}

/* Answers the ClientHello with something that is no TLS at all. */
static void break_handshake(struct conn *c)
{
    static const char nonsense[] = "500 this is no TLS record\r\n";
    (void)conn_read(c);
    (void)send(c->fd, nonsense, sizeof nonsense - 1, MSG_NOSIGNAL);
    conn_free(c);
}

static void drain(struct conn *c)
{
    for (int turn = 0; turn < READS_A_TURN; turn++) {
        ssize_t n = recv(c->fd, c->loop->scratch, LOOP_SCRATCH, 0);
        if (n > 0)
            continue;
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            conn_free(c);
        return;
    }
}

void conn_ready(struct conn *c, uint32_t events)
{
    if (events & EPOLLERR) {
        conn_free(c);
        return;
    }
    switch (c->state) {
    case CONN_HANDSHAKE:
        shake_hands(c);
        break;
    case CONN_BREAK_TLS:
        break_handshake(c);
        break;
    case CONN_DRAIN:
        drain(c);
        break;
    case CONN_OPEN:
        if (events & EPOLLOUT && settle(c))
            return;
        if (events & (EPOLLIN | EPOLLHUP) || has_hidden_input(c))
            read_session(c);
        break;
    }
}

int64_t conn_tick(struct conn *c, int64_t now_us)
{
    if (c->state == CONN_DRAIN) {
        int64_t until = c->drain_until_us;
        if (now_us >= until)
            conn_free(c);
        return until;
    }
    const struct conn_mark *first = (const struct conn_mark *)(const void *)c->marks.at;
    if (c->marks.len == 0)
        return INT64_MAX;
    if (first->due_us > now_us)
        return first->due_us;
    if (settle(c) || c->marks.len == 0)
        return INT64_MAX;
    first = (const struct conn_mark *)(const void *)c->marks.at;
    return c->blocked ? INT64_MAX : first->due_us;
}

void conn_open(struct loop *loop, int fd, uint64_t id)
{
    struct conn *c = NEW(struct conn);
    int on = 1;
    c->loop = loop;
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    c->interest = EPOLLIN;
    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
    loop_remember(loop, c);
    record_connection(loop->record);
    session_init(&c->session, loop->options, loop->record, loop->tls != NULL, id);
    settle(c);
}
