#include "loop/timer.h"

#include <stddef.h>

#include "loop/loop.h"

/* A key is the due time, in ms on the loop's clock, above the low bits of the order of starting. */
enum { ORDER_BITS = 24 };

static int64_t key_of(uint64_t due_ms, uint64_t order)
{
    return (int64_t)(due_ms << ORDER_BITS | (order & ((1u << ORDER_BITS) - 1)));
}

static uint64_t due_of(const struct timer *timer)
{
    return (uint64_t)timer->item.key >> ORDER_BITS;
}

static struct timer *first_of(struct timers *timers)
{
    struct heap_item *item = heap_first(&timers->heap);
    return item ? (struct timer *)(void *)((char *)item - offsetof(struct timer, item)) : NULL;
}

static void on_uv_timer(uv_timer_t *uv);

/* Sets the libuv timer to the first of ours, `least` ms from now or more. */
static void arm(struct timers *timers, uint64_t least)
{
    struct timer *first = first_of(timers);
    if (!first) {
        uv_timer_stop(&timers->uv);
        return;
    }
    uint64_t now = uv_now(timers->uv.loop), due = due_of(first);
    uv_timer_start(&timers->uv, on_uv_timer, due > now + least ? due - now : least, 0);
}

/*
 * Timers that are started by the callbacks wait for the next turn, so that none can starve the
 * loop; and that turn is 1 ms away, because libuv runs a timer that is started with 0 inside its
 * own callback again and again without looking at anything else.
 */
static void on_uv_timer(uv_timer_t *uv)
{
    struct timers *timers = uv->data;
    uint64_t now = uv_now(uv->loop), before = timers->started;
    timers->ringing = true;
    for (struct timer *timer; (timer = first_of(timers));) {
        if (due_of(timer) > now || timer->order > before)
            break;
        timer_stop(timer);
        timer->on_due(timer->ctx);
    }
    timers->ringing = false;
    arm(timers, 1);
}

void timer_init(struct timer *timer, struct loop *loop, void (*on_due)(void *ctx), void *ctx)
{
    *timer = (struct timer){.loop = loop, .on_due = on_due, .ctx = ctx};
}

void timer_start(struct timer *timer, uint64_t ms)
{
    struct timers *timers = &timer->loop->timers;
    timer->order = ++timers->started;
    heap_put(&timers->heap, &timer->item, key_of(uv_now(timers->uv.loop) + ms, timer->order));
    if (first_of(timers) == timer && !timers->ringing)
        arm(timers, 0);
}

/* The libuv timer is left as it is: at worst it wakes once for nothing and is set anew. */
void timer_stop(struct timer *timer)
{
    if (timer->item.place)
        heap_remove(&timer->loop->timers.heap, &timer->item);
}

void timers_init(struct timers *timers, uv_loop_t *uv)
{
    *timers = (struct timers){0};
    heap_init(&timers->heap);
    uv_timer_init(uv, &timers->uv); /* cannot fail */
    timers->uv.data = timers;
}

void timers_close(struct timers *timers)
{
    uv_close((uv_handle_t *)&timers->uv, NULL);
}

void timers_release(struct timers *timers)
{
    heap_release(&timers->heap);
}
