/*
 * Timers to embed in what they watch. All timers of a loop sit in one heap behind one libuv timer,
 * so starting and stopping is immediate: after `timer_stop` the callback will not come and the
 * memory may be freed at once. There is no closing phase. Only for the loop's own thread.
 */
#ifndef TOCSIN_LOOP_TIMER_H
#define TOCSIN_LOOP_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/heap.h"

struct loop;

struct timer {
    struct loop *loop;
    void (*on_due)(void *ctx);
    void *ctx;
    struct heap_item item; /* in the loop's heap while it runs */
    uint64_t order;        /* of starting, among all timers of the loop */
};

/* The timers of a loop; a member of struct loop. */
struct timers {
    struct heap heap; /* by due time, and by order where that is equal */
    uint64_t started; /* how many timers were ever started */
    bool ringing;     /* callbacks are being called */
    uv_timer_t uv;
};

void timer_init(struct timer *timer, struct loop *loop, void (*on_due)(void *ctx), void *ctx);

/* Calls `on_due(ctx)` once, `ms` from now (0: soon, never from inside this call); restarts a
 * running one. */
void timer_start(struct timer *timer, uint64_t ms);

/* Also for a timer that does not run. */
void timer_stop(struct timer *timer);

static inline bool timer_running(const struct timer *timer)
{
    return timer->item.place != 0;
}

/* For loop.c. */
void timers_init(struct timers *timers, uv_loop_t *uv);
void timers_close(struct timers *timers);   /* takes the libuv timer off its loop */
void timers_release(struct timers *timers); /* after that loop has run once more */

#endif
