/*
 * The header fields that every copy of a job has alike (within one second, for Date): written once,
 * then appended to each copy's header. Belongs to one composer.
 */
#ifndef TOCSIN_COMPOSE_LETTERHEAD_H
#define TOCSIN_COMPOSE_LETTERHEAD_H

#include "compose/mailing.h"
#include "compose/senders.h"

struct letterhead {
    struct buf fields;
    struct buf value; /* one header's value */
    uint32_t job;
    const struct sender *sender; /* NULL: nothing is written */
    int64_t now;
};

void letterhead_init(struct letterhead *letterhead);
void letterhead_release(struct letterhead *letterhead);

/* When senders are exchanged: another one may lie where the old one lay. */
void letterhead_forget(struct letterhead *letterhead);

/* Appends Date, From, Reply-To, List-Id, List-Unsubscribe-Post, Feedback-ID and MIME-Version. */
void letterhead_add(struct letterhead *letterhead, const struct mailing *mailing,
                    const struct sender *sender, int64_t now, struct buf *out);

#endif
