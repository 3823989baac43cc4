/*
 * Work that is worth doing once for many reasons: a chore that was asked for, however often, is
 * done once at the end of this turn of the loop, when everything that had come in was heard. Chores
 * are embedded in what they work on; there is no closing phase. Only for the loop's own thread.
 */
#ifndef TOCSIN_LOOP_CHORE_H
#define TOCSIN_LOOP_CHORE_H

#include <uv.h>

struct loop;

struct chore {
    struct loop *loop;
    void (*work)(void *ctx);
    void *ctx;
    struct chore *next, **link; /* among those that were asked for; link is NULL for others */
};

/* The chores of a loop; a member of struct loop. */
struct chores {
    struct chore *first, **end;
    size_t count;
    uv_check_t check; /* behind the reading of a turn */
    uv_idle_t idle;   /* while there are some, so that the turn does not wait for anything else */
};

void chore_init(struct chore *chore, struct loop *loop, void (*work)(void *ctx), void *ctx);

/* Never calls `work` from inside; what a chore asks for is done in the next turn. */
void chore_ask(struct chore *chore);

/* Also for one that was not asked for. */
void chore_cancel(struct chore *chore);

/* For loop.c. */
void chores_init(struct chores *chores, uv_loop_t *uv);
void chores_close(struct chores *chores); /* takes the handles off their loop */

#endif
