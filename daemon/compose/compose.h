/*
 * One recipient's message: looks a last time whether it may be sent, renders, encodes, puts the
 * headers around it and signs. What a template sees: compose/scope.h.
 *
 *     gate open? → may this contact get it (compose/gate.h)? → subject, HTML, text → MIME → header
 * → DKIM
 *
 * A composer belongs to one thread and keeps its scratch memory from copy to copy: in the steady
 * state nothing is allocated.
 */
#ifndef TOCSIN_COMPOSE_COMPOSE_H
#define TOCSIN_COMPOSE_COMPOSE_H

#include "compose/copy.h"
#include "compose/gate.h"
#include "compose/letterhead.h"
#include "compose/senders.h"
#include "store/contacts.h"
#include "store/names.h"

/* What a copy says, for people: its parts as they are before they are encoded. */
struct readable {
    struct buf text, html;
};

struct composer {
    const struct senders *senders; /* held by whoever sets it; see composer_use */
    struct signers signers;
    struct token_maker *tokens;
    struct letterhead letterhead;
    struct name_memory names; /* of attributes */
    struct gate_memory gate;
    struct arena scratch;
    struct buf subject, plain; /* rendered; the latter to be encoded */
    struct buf headers;        /* as they are signed */
    struct buf value;          /* one header's value */
    struct buf unsubscribe;    /* the URL */
    struct readable *readable; /* filled with each copy; NULL: nobody reads along */
};

void composer_init(struct composer *composer);
void composer_release(struct composer *composer);

/* Works with these senders from now on; they must stay until the next call or the release. */
int composer_use(struct composer *composer, const struct senders *senders, struct err *err);

/*
 * Fills the copy's answer (result, and sender, recipient, sheet or the reason). `txn` is a
 * read transaction begun a few milliseconds ago at most; `now` is in seconds since 1970.
 */
void compose_copy(struct composer *composer, struct txn *txn, struct copy *copy, int64_t now);

#endif
