#include "sink/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "sink/conn.h"

enum { EVENTS_A_TURN = 256, ACCEPTS_A_TURN = 32, SWEEP_US = 500 * 1000 };

void loop_remember(struct loop *loop, struct conn *c)
{
    c->previous = NULL;
    c->next = loop->conns;
    if (c->next)
        c->next->previous = c;
    loop->conns = c;
}

void loop_forget(struct loop *loop, struct conn *c)
{
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        loop->conns = c->next;
}

static void accept_some(struct loop *loop)
{
    for (int turn = 0; turn < ACCEPTS_A_TURN; turn++) {
        int fd = accept4(loop->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        conn_open(loop, fd, atomic_fetch_add(&loop->record->tally.connections, 1) + 1);
    }
}

/* Looks after what waits for a moment; returns the next such moment. */
static int64_t sweep(struct loop *loop, int64_t now)
{
    int64_t next_look = now + SWEEP_US;
    for (struct conn *c = loop->conns, *next; c; c = next) {
        next = c->next;
        int64_t when = conn_tick(c, now);
        next_look = when < next_look ? when : next_look;
    }
    return next_look;
}

/* Milliseconds to sleep, rounded up so that nothing is looked at too early. */
static int sleep_ms(int64_t now, int64_t until)
{
    int64_t ms = until > now ? (until - now + 999) / 1000 : 0;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* False once the loop is to stop. */
static bool dispatch(struct loop *loop, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        void *what = events[i].data.ptr;
        if (what == &loop->wake)
            return false;
        if (what == &loop->listener)
            accept_some(loop);
        else
            conn_ready(what, events[i].events);
    }
    return true;
}

static void *run(void *arg)
{
    struct loop *loop = arg;
    struct epoll_event events[EVENTS_A_TURN];
    bool delays = loop->options->delay_ms > 0, running = true;
    int64_t next_look = 0;
    while (running) {
        int64_t now = clock_mono_us();
        if (delays || now >= next_look)
            next_look = sweep(loop, now);
        int count = epoll_wait(loop->epoll, events, EVENTS_A_TURN, sleep_ms(now, next_look));
        running = dispatch(loop, events, count);
    }
    while (loop->conns)
        conn_free(loop->conns);
    return NULL;
}

static int watch_shared(struct loop *loop, int fd, void *what, uint32_t events, struct err *err)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event))
        return err_set(err, "A socket cannot be watched: %s.", strerror(errno));
    return 0;
}

int loop_start(struct loop *loop, struct err *err)
{
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll < 0 || loop->wake < 0)
        return err_set(err, "An event loop cannot be made: %s.", strerror(errno));
    if (watch_shared(loop, loop->wake, &loop->wake, EPOLLIN, err) ||
        watch_shared(loop, loop->listener, &loop->listener, EPOLLIN | EPOLLEXCLUSIVE, err))
        return -1;
    loop->scratch = alloc(LOOP_SCRATCH);
    int failed = pthread_create(&loop->thread, NULL, run, loop);
    return failed ? err_set(err, "A thread cannot be started: %s.", strerror(failed)) : 0;
}

void loop_stop(struct loop *loop)
{
    uint64_t one = 1;
    if (write(loop->wake, &one, sizeof one) < 0)
        abort();
    pthread_join(loop->thread, NULL);
    close(loop->epoll);
    close(loop->wake);
    free(loop->scratch);
}
