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
    if (turns->first_calm == turn)
        turns->first_calm = turn->next == turns->first ? NULL : turn->next;
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
    turns->taken = false;
    if (!turn)
        return;
    turn->called_by = turns;
    take_out(turn);
    if (turns->first)
        call_in(turns, NEXT_MS);
    turn->on_turn(turn->ctx);
}

void turns_init(struct turns *turns, struct loop *loop)
{
    turns->first = turns->first_calm = NULL;
    turns->called = NULL;
    turns->taken = false;
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

/* Before another one; NULL: at the end. */
static void stand_before(struct turns *turns, struct turn *turn, struct turn *place)
{
    turn->waits_in = turns;
    if (!turns->first) {
        turn->next = turn->previous = turn;
        turns->first = turn;
        return;
    }
    turn->next = place ? place : turns->first;
    turn->previous = turn->next->previous;
    turn->previous->next = turn;
    turn->next->previous = turn;
    if (place == turns->first)
        turns->first = turn;
}

/* In its part of the line, at the end, or at the front if it was there before. */
static void stand(struct turns *turns, struct turn *turn, bool again)
{
    struct turn *front = turn->urgent ? turns->first : turns->first_calm;
    struct turn *end = turn->urgent ? turns->first_calm : NULL;
    stand_before(turns, turn, again ? front : end);
    if (!turn->urgent && (again || !turns->first_calm))
        turns->first_calm = turn;
}

void turns_wait(struct turns *turns, struct turn *turn, uint64_t ms, bool urgent)
{
    bool again = turns->called == turn && !turns->taken;
    if (turns->called == turn)
        turns->called = NULL;
    if (turn->waits_in != turns) {
        turn_leave(turn);
        turn->urgent = urgent;
        stand(turns, turn, again);
    }
    if (again && turns->first == turn)
        timer_stop(&turns->timer); /* there is nothing for the next one either */
    call_in(turns, ms);
}

bool turns_is_free(const struct turns *turns, const struct turn *turn)
{
    return !turns->first || turns->called == turn;
}

void turns_take(struct turns *turns)
{
    turns->taken = true;
}

void turns_call(struct turns *turns)
{
    if (turns->first)
        call_in(turns, 0);
}

void turn_leave(struct turn *turn)
{
    if (turn->called_by && turn->called_by->called == turn)
        turn->called_by->called = NULL;
    turn->called_by = NULL;
    if (turn->waits_in)
        take_out(turn);
}
