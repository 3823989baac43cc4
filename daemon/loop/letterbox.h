/*
 * How threads talk: letters posted from any thread, delivered in the order of posting on the thread
 * whose loop owns the letterbox. A letter is embedded in whatever it carries; posting never
 * allocates and never blocks. The sender gives the letter up when it posts it: it must not be
 * touched or posted again before `deliver` was called, and `deliver` may free it or post it anew.
 */
#ifndef TOCSIN_LOOP_LETTERBOX_H
#define TOCSIN_LOOP_LETTERBOX_H

#include <stdatomic.h>
#include <uv.h>

#include "base/err.h"

struct letter {
    struct letter *next;
    void (*deliver)(struct letter *letter); /* find the carrier with LETTER_OF */
};

/* The struct that embeds `letter` as its member `member`. */
#define LETTER_OF(letter, type, member) ((type *)(void *)((char *)(letter)-offsetof(type, member)))

struct letterbox {
    _Atomic(struct letter *) newest; /* a stack: the last posted letter is on top */
    uv_async_t bell;
};

int letterbox_init(struct letterbox *box, uv_loop_t *uv, struct err *err);

/* From any thread, as long as the letterbox is not closed. */
void letterbox_post(struct letterbox *box, struct letter *letter);

/* On the owner's thread: delivers all letters that are there now. The bell calls it. */
void letterbox_drain(struct letterbox *box);

/* Takes the bell off its loop; the letterbox's memory must stay until that loop has run once more.
 */
void letterbox_close(struct letterbox *box);

#endif
