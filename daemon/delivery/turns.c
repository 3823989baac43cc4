#include "delivery/turns.h"

#include <stdint.h>

#include "loop/loop.h"

enum { NEXT_MS = 1 };

static void call_in(struct turns *turns, uint64_t ms)
{
    uint64_t due = loop_now_ms(turns->timer.loop) + ms;
    if (timer_running(&turns->timer) && turns->due_ms <= due)
        return;
    turns->due_ms = due;
    timer_start(&turns->timer, ms);
}

static void take_out(struct turn *turn)
{
    struct turns *turns = turn->waits_in;
    if (turn->next == turn)
        turns->first = NULL;
    else if (turns->first == turn)
        turns->first = turn->next;
    turn->previous->next = turn->next;
    turn->next->previous = turn->previous;
    turn->waits_in = NULL;
}

static void on_due(void *ctx)
{
    struct turns *turns = ctx;
    struct turn *turn = turns->first;
    turns->called = turn;
    if (!turn)
        return;
    take_out(turn);
    if (turns->first)
        call_in(turns, NEXT_MS);
    turn->on_turn(turn->ctx);
}

void turns_init(struct turns *turns, struct loop *loop)
{
    turns->first = NULL;
    turns->called = NULL;
    timer_init(&turns->timer, loop, on_due, turns);
}

void turns_release(struct turns *turns)
{
    timer_stop(&turns->timer);
}

void turn_init(struct turn *turn, void (*on_turn)(void *ctx), void *ctx)
{
    *turn = (struct turn){.on_turn = on_turn, .ctx = ctx};
}

static void stand(struct turns *turns, struct turn *turn, bool urgent)
{
    turn->waits_in = turns;
    if (!turns->first) {
        turn->next = turn->previous = turn;
        turns->first = turn;
        return;
    }
    turn->next = turns->first;
    turn->previous = turns->first->previous;
    turn->previous->next = turn;
    turn->next->previous = turn;
    if (urgent)
        turns->first = turn;
}

void turns_wait(struct turns *turns, struct turn *turn, uint64_t ms, bool urgent)
{
    if (turns->called == turn)
        turns->called = NULL;
    if (turn->waits_in != turns) {
        turn_leave(turn);
        stand(turns, turn, urgent);
    }
    call_in(turns, ms);
}

bool turns_is_free(const struct turns *turns, const struct turn *turn)
{
    return !turns->first || turns->called == turn;
}

void turns_call(struct turns *turns)
{
    if (turns->first)
        call_in(turns, 0);
}

void turn_leave(struct turn *turn)
{
    if (!turn->waits_in)
        return;
    if (turn->waits_in->called == turn)
        turn->waits_in->called = NULL;
    take_out(turn);
}
