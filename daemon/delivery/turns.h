/*
 * Who waits for a limit that several share, in the order of asking, the urgent ones before the
 * others. The first is called when the time has come for which it waits, or when something was
 * freed, and may then take what there is; whoever comes meanwhile stands behind those that wait.
 * Whoever was called and found nothing keeps its place, and nobody is called before there may be
 * something; whoever took something stands at the end. The next is called a moment later, so that
 * one turn costs the same however many wait.
 */
#ifndef TOCSIN_DELIVERY_TURNS_H
#define TOCSIN_DELIVERY_TURNS_H

#include "loop/timer.h"

/* One that may wait; embedded in it. */
struct turn {
    struct turn *next, *previous; /* in a ring, while it waits */
    struct turns *waits_in;       /* NULL: it does not wait */
    struct turns *called_by;      /* the last that called it */
    bool urgent;
    void (*on_turn)(void *ctx);
    void *ctx;
};

struct turns {
    struct turn *first;
    struct turn *first_calm;   /* of those that are not urgent; NULL: there is none */
    const struct turn *called; /* the one whose turn it is, until the next is called */
    bool taken;                /* it, or somebody, took something since */
    struct timer timer;
    uint64_t due_ms; /* while it runs: on the loop's clock */
};

void turns_init(struct turns *turns, struct loop *loop);
void turns_release(struct turns *turns); /* nobody waits any more */

void turn_init(struct turn *turn, void (*on_turn)(void *ctx), void *ctx);

/* Waits at the end of the line (of its urgent part, if `urgent`), or stays where it waits already;
 * the first is called in `ms`, unless it is called earlier. */
void turns_wait(struct turns *turns, struct turn *turn, uint64_t ms, bool urgent);

/* Whether it may take something now: nobody else waits, or it was called. */
bool turns_is_free(const struct turns *turns, const struct turn *turn);

/* Somebody took something. */
void turns_take(struct turns *turns);

/* Something was freed: the first is called at once. */
void turns_call(struct turns *turns);

/* Waits no more; also for one that does not. */
void turn_leave(struct turn *turn);

#endif
