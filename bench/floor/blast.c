#include "floor/blast.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    REPLIES_EACH = 3, /* MAIL, RCPT, BDAT */
    EVENTS_A_TURN = 128,
    SILENCE_MS = 60 * 1000,
    READ_SIZE = 16 * 1024
};

static int fail_gone(struct blast *b)
{
    return err_set(&b->err, "The receiver closed a connection with %llu replies to come.",
                   (unsigned long long)b->owed);
}

static int watch(struct blast *b, struct conn *c, int how, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(b->epoll, how, c->wire.fd, &event))
        return err_set(&b->err, "A socket cannot be watched: %s.", strerror(errno));
    return 0;
}

static int flush(struct blast *b, struct conn *c)
{
    int result = wire_flush(&c->wire);
    bool blocked = result == WIRE_LATER;
    if (result == WIRE_GONE)
        return fail_gone(b);
    if (blocked == c->blocked)
        return 0;
    c->blocked = blocked;
    return watch(b, c, EPOLL_CTL_MOD, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static bool has_room(const struct blast *b, const struct conn *c)
{
    return b->next < b->end && c->owed + REPLIES_EACH <= b->in_flight * REPLIES_EACH;
}

/* What fits is encrypted first and then leaves in one call. */
static int fill(struct blast *b, struct conn *c)
{
    if (!has_room(b, c))
        return 0;
    while (has_room(b, c)) {
        flight_address(&b->flight, b->next++);
        if (b->signer && flight_sign(&b->flight, b->signer, &b->err))
            return -1;
        if (wire_add(&c->wire, buf_str(&b->flight.bytes)))
            return err_set(&b->err, "A message cannot be encrypted.");
        c->owed += REPLIES_EACH;
    }
    return flush(b, c);
}

static int take(struct blast *b, struct conn *c, struct str in)
{
    unsigned heard = 0;
    if (replies_take(&c->replies, in, &heard, &b->err))
        return -1;
    if (heard > c->owed)
        return err_set(&b->err, "The receiver gave more replies than there were commands.");
    c->owed -= heard;
    b->owed -= heard;
    return 0;
}

static int read_replies(struct blast *b, struct conn *c)
{
    char in[READ_SIZE];
    do {
        int n = wire_read(&c->wire, in, sizeof in);
        if (n == WIRE_LATER)
            break;
        if (n == WIRE_GONE)
            return fail_gone(b);
        if (take(b, c, str_from(in, (size_t)n)))
            return -1;
    } while (wire_has_more(&c->wire));
    return fill(b, c);
}

static int dispatch(struct blast *b, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        struct conn *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT && flush(b, c))
            return -1;
        if (events[i].events & ~(uint32_t)EPOLLOUT && read_replies(b, c))
            return -1;
    }
    return 0;
}

static int start(struct blast *b)
{
    for (unsigned i = 0; i < b->conn_count; i++)
        if (watch(b, &b->conns[i], EPOLL_CTL_ADD, EPOLLIN) || fill(b, &b->conns[i]))
            return -1;
    return 0;
}

static int run(struct blast *b)
{
    struct epoll_event events[EVENTS_A_TURN];
    if (start(b))
        return -1;
    while (b->owed) {
        int count = epoll_wait(b->epoll, events, EVENTS_A_TURN, SILENCE_MS);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return err_set(&b->err,
                           "The receiver was silent for a minute with %llu replies to come.",
                           (unsigned long long)b->owed);
        if (dispatch(b, events, count))
            return -1;
    }
    return 0;
}

int blast_run(struct blast *b)
{
    b->owed = (uint64_t)REPLIES_EACH * (b->end - b->next);
    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (b->epoll < 0)
        return err_set(&b->err, "An epoll cannot be made: %s.", strerror(errno));
    int failed = run(b);
    close(b->epoll);
    return failed;
}
