#include "loop/timer.h"

#include "base/alloc.h"
#include "loop/loop.h"

static bool is_before(const struct timer *a, const struct timer *b)
{
    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms;
    return a->order < b->order;
}

/* Places count from 1, so that a timer of all zeroes is one that does not run. */
static void put(struct timers *timers, size_t place, struct timer *timer)
{
    timers->at[place - 1] = timer;
    timer->place = place;
}

static void move_up(struct timers *timers, size_t place, struct timer *timer)
{
    while (place > 1 && is_before(timer, timers->at[place / 2 - 1])) {
        put(timers, place, timers->at[place / 2 - 1]);
        place /= 2;
    }
    put(timers, place, timer);
}

static void move_down(struct timers *timers, size_t place, struct timer *timer)
{
    for (size_t child; (child = place * 2) <= timers->len; place = child) {
        if (child < timers->len && is_before(timers->at[child], timers->at[child - 1]))
            child++;
        if (!is_before(timers->at[child - 1], timer))
            break;
        put(timers, place, timers->at[child - 1]);
    }
    put(timers, place, timer);
}

static void heap_add(struct timers *timers, struct timer *timer)
{
    if (timers->len == timers->size) {
        timers->size = timers->size ? timers->size * 2 : 64;
        timers->at = alloc_again(timers->at, timers->size * sizeof(struct timer *));
    }
    move_up(timers, ++timers->len, timer);
}

static void heap_remove(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    struct timer *last = timers->at[--timers->len];
    timer->place = 0;
    if (last == timer)
        return;
    if (place > 1 && is_before(last, timers->at[place / 2 - 1]))
        move_up(timers, place, last);
    else
        move_down(timers, place, last);
}

static void on_uv_timer(uv_timer_t *uv);

/* Sets the libuv timer to the first one of the heap, `least` ms from now or more. */
static void arm(struct timers *timers, uint64_t least)
{
    if (timers->len == 0) {
        uv_timer_stop(&timers->uv);
        return;
    }
    uint64_t now = uv_now(timers->uv.loop), due = timers->at[0]->due_ms;
    uv_timer_start(&timers->uv, on_uv_timer, due > now + least ? due - now : least, 0);
}

/* Timers that are started by the callbacks wait for the next turn, so that none can starve the
 * loop. */
static void on_uv_timer(uv_timer_t *uv)
{
    struct timers *timers = uv->data;
    uint64_t now = uv_now(uv->loop), before = timers->started;
    timers->ringing = true;
    while (timers->len && timers->at[0]->due_ms <= now && timers->at[0]->order <= before) {
        struct timer *timer = timers->at[0];
        heap_remove(timers, timer);
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
    if (timer->place)
        heap_remove(timers, timer);
    timer->due_ms = uv_now(timers->uv.loop) + ms;
    timer->order = ++timers->started;
    heap_add(timers, timer);
    if (timer->place == 1 && !timers->ringing)
        arm(timers, 0);
}

/* The libuv timer is left as it is: at worst it wakes once for nothing and is set anew. */
void timer_stop(struct timer *timer)
{
    if (timer->place)
        heap_remove(&timer->loop->timers, timer);
}

void timers_init(struct timers *timers, uv_loop_t *uv)
{
    *timers = (struct timers){0};
    uv_timer_init(uv, &timers->uv); /* cannot fail */
    timers->uv.data = timers;
}

void timers_close(struct timers *timers)
{
    uv_close((uv_handle_t *)&timers->uv, NULL);
}

void timers_release(struct timers *timers)
{
    free(timers->at);
    *timers = (struct timers){0};
}
