#include "loop/letterbox.h"

#include <stddef.h>

static void on_bell(uv_async_t *bell)
{
    letterbox_drain(bell->data);
}

int letterbox_init(struct letterbox *box, uv_loop_t *uv, struct err *err)
{
    atomic_init(&box->newest, NULL);
    int rc = uv_async_init(uv, &box->bell, on_bell);
    if (rc)
        return err_set(err, "A letterbox cannot be made: %s.", uv_strerror(rc));
    box->bell.data = box;
    return 0;
}

void letterbox_post(struct letterbox *box, struct letter *letter)
{
    struct letter *below = atomic_load_explicit(&box->newest, memory_order_relaxed);
    do {
        letter->next = below;
    } while (!atomic_compare_exchange_weak_explicit(&box->newest, &below, letter,
                                                    memory_order_release, memory_order_relaxed));
    /* Only the first letter rings: the owner takes all that are there when it comes. */
    if (!below)
        uv_async_send(&box->bell);
}

/* Turns the stack over, so that the letter posted first is first. */
static struct letter *oldest_first(struct letter *newest)
{
    struct letter *first = NULL;
    while (newest) {
        struct letter *below = newest->next;
        newest->next = first;
        first = newest;
        newest = below;
    }
    return first;
}

void letterbox_drain(struct letterbox *box)
{
    struct letter *all = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire);
    struct letter *next;
    for (struct letter *letter = oldest_first(all); letter; letter = next) {
        next = letter->next; /* deliver may free the letter */
        letter->deliver(letter);
    }
}

void letterbox_close(struct letterbox *box)
{
    uv_close((uv_handle_t *)&box->bell, NULL);
}
