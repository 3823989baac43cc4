/*
 * The mail of one contact, made by the same code as a real copy (compose/compose.h) and sent
 * nowhere: for people who want to see it before. It belongs to job 0, which there never is: its
 * links look like real ones and lead nowhere.
 */
#ifndef TOCSIN_COMPOSE_PREVIEW_H
#define TOCSIN_COMPOSE_PREVIEW_H

#include "compose/compose.h"

struct preview_order {
    struct str source;   /* the text of the message, or a bundle of it and its files */
    struct str identity; /* empty: the first */
    struct str name;     /* what the job would be called */
    enum job_lane lane;
    uint32_t contact;
};

struct preview {
    bool skipped;   /* this contact would not get it: `why` says why, and the rest is empty */
    struct err why; /* a sentence, or the part of one: "the contact is suppressed" */
    struct buf from, to, subject; /* as people read them */
    struct readable parts;
    struct buf whole; /* the message as it would be sent, signed if the identity has keys */
};

/* All zeroes before; release it in any case. -1 with a sentence: the message cannot be sent at all,
 * or the store failed. */
int preview_make(const struct preview_order *order, struct txn *txn, const struct senders *senders,
                 int64_t now, struct preview *out, struct err *err);
void preview_release(struct preview *preview);

#endif
