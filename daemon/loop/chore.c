#include "loop/chore.h"

#include <stddef.h>

#include "loop/loop.h"

void chore_init(struct chore *chore, struct loop *loop, void (*work)(void *ctx), void *ctx)
{
    *chore = (struct chore){.loop = loop, .work = work, .ctx = ctx};
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

void chore_ask(struct chore *chore)
{
    struct chores *all = &chore->loop->chores;
    if (chore->link)
        return;
    if (!all->first)
        uv_idle_start(&all->idle, on_idle);
    chore->next = NULL;
    chore->link = all->end;
    *all->end = chore;
    all->count++;
    all->end = &chore->next;
}

void chore_cancel(struct chore *chore)
{
    struct chores *all = &chore->loop->chores;
    if (!chore->link)
        return;
    *chore->link = chore->next;
    if (chore->next)
        chore->next->link = chore->link;
    else
        all->end = chore->link;
    chore->link = NULL;
    all->count--;
    if (!all->first)
        uv_idle_stop(&all->idle);
}

/* Those that are there now: each goes to the end of the line when it is asked for again. */
static void on_check(uv_check_t *check)
{
    struct chores *all = check->data;
    for (size_t count = all->count; count > 0 && all->first; count--) {
        struct chore *chore = all->first;
        chore_cancel(chore);
        chore->work(chore->ctx);
    }
}

void chores_init(struct chores *chores, uv_loop_t *uv)
{
    chores->first = NULL;
    chores->count = 0;
    chores->end = &chores->first;
    uv_check_init(uv, &chores->check);
    uv_idle_init(uv, &chores->idle);
    chores->check.data = chores;
    uv_check_start(&chores->check, on_check);
    uv_unref((uv_handle_t *)&chores->check);
}

void chores_close(struct chores *chores)
{
    uv_close((uv_handle_t *)&chores->check, NULL);
    uv_close((uv_handle_t *)&chores->idle, NULL);
}
