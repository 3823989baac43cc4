/*
 * A copy: one recipient's mail of one job, on its way from the queue to an answer. The delivery
 * thread owns it; while it is with the composers they own it, and they give it back through
 * `answer`, a letter to the thread that asked. Copies are used again and again, with their buffers.
 */
#ifndef TOCSIN_COMPOSE_COPY_H
#define TOCSIN_COMPOSE_COPY_H

#include "base/buf.h"
#include "compose/mailing.h"
#include "loop/loop.h"
#include "store/ledger.h"

enum copy_result {
    COPY_READY, /* sender, recipient and what is on the sheet are to be sent */
    COPY_HELD,  /* the job is paused or cancelled: leave it in the queue */
    COPY_SKIP,  /* never send it: `reason`, with `why` for people */
};

/* What a message is written on; used again and again. */
struct sheet {
    struct sheet *next;
    struct buf head; /* header and empty line */
    struct buf body; /* up to the end of its texts; what follows is the message's `tail`; both in
                        CRLF lines; 7-bit, but for a UTF-8 address and is_8bit */
};

void sheet_free(struct sheet *sheet); /* NULL is fine */

struct copy {
    struct copy *next;       /* in whatever list holds it */
    struct mailing *mailing; /* held by whoever holds the copy */
    uint32_t contact, domain, due;
    uint32_t since;    /* its age counts from here (store/ledger.h); 0: it has no entry yet */
    uint16_t attempts; /* before this one */
    enum recipient_state was; /* in the ledger, before this attempt */
    struct sheet *sheet;      /* to write the message on; the asker's */
    bool may_be_8bit;         /* the receiver takes 8BITMIME */

    /* the composer's answer */
    struct letter answer;
    struct loop *asker;
    enum copy_result result;
    enum skip_reason reason;
    struct err why;
    struct buf sender, recipient; /* addresses, without brackets */
    bool needs_smtputf8;
    bool is_8bit; /* the body is, and goes only to whom may_be_8bit speaks of */
};

#endif
