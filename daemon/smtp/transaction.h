/*
 * One copy of one message for one recipient, on its way through a session, and the ways it can end:
 * an answer of the receiver, or a loss without one. Exactly one of the two happens to every
 * transaction that a session took. The caller owns the transaction and all that its views point to,
 * and keeps them until that moment; then the session has forgotten them. (The message itself is not
 * needed for so long: see on_handed_over in client.h.)
 */
#ifndef TOCSIN_SMTP_TRANSACTION_H
#define TOCSIN_SMTP_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "smtp/reply.h"

/* Headers, signature and body may come in pieces, so that nobody has to glue them. */
#define SMTP_BODY_PARTS 4

struct smtp_transaction {
    void *owner;                      /* the caller's; never looked at here */
    struct str sender;                /* the return path without <>; empty is the null sender */
    struct str recipient;             /* without <> */
    struct str body[SMTP_BODY_PARTS]; /* the message as CRLF text, in order; no dot-stuffing yet */
    size_t body_count;
    bool eight_bit;      /* the message holds bytes above 127 */
    bool needs_smtputf8; /* its headers hold UTF-8 (RFC 6531); addresses are looked at here */
};

/* How far a transaction, or one reply of it, was said ahead of the answers before it. */
enum smtp_depth {
    SMTP_NOT_SAID,
    SMTP_ALONE,     /* each command after the answer to the one before it */
    SMTP_PIPELINED, /* several commands of one transaction in one flight */
    SMTP_OVERLAPPED /* before the transaction before it was answered */
};

enum { SMTP_DEPTHS = SMTP_OVERLAPPED + 1 };

enum smtp_phase { SMTP_PHASE_MAIL, SMTP_PHASE_RCPT, SMTP_PHASE_DATA, SMTP_PHASE_BODY };

/*
 * The receiver's answer: a 2xx at SMTP_PHASE_BODY means that it took the message; everything else
 * is the 4xx or 5xx that refused it, and where. `local` says that the session itself refused to
 * send (too big for the server's SIZE: 552 5.3.4; SMTPUTF8 not offered: 550 5.6.7; an address that
 * cannot be written on the wire: 553 5.1.3), and then `on_began` was not called.
 */
struct smtp_answer {
    enum smtp_phase phase;
    bool local;
    enum smtp_depth depth;
    const struct smtp_reply *reply; /* valid during the callback */
};

static inline bool smtp_answer_accepted(const struct smtp_answer *a)
{
    return a->phase == SMTP_PHASE_BODY && a->reply->code / 100 == 2;
}

enum smtp_loss {
    SMTP_NOT_SENT, /* the receiver cannot have taken it: safe to send again */
    SMTP_IN_DOUBT, /* its last byte left us and no answer came */
};

enum smtp_end {
    SMTP_END_QUIT,           /* we said QUIT, as asked */
    SMTP_END_ABORTED,        /* smtp_client_abort */
    SMTP_END_PEER_CLOSED,    /* the server or the network closed the connection */
    SMTP_END_UNAVAILABLE,    /* 421, at any moment */
    SMTP_END_REFUSED,        /* a 4xx or 5xx greeting, or answer to EHLO and HELO */
    SMTP_END_TIMEOUT,        /* no answer in time */
    SMTP_END_GARBAGE,        /* what came is not SMTP, or not an answer to what we said */
    SMTP_END_CONNECT_FAILED, /* no connection */
    SMTP_END_SHORTAGE,       /* no connection, because this machine lacks what it takes for one */
    SMTP_END_TLS_FAILED,  /* the handshake failed, or STARTTLS was refused where TLS is required */
    SMTP_END_TLS_MISSING, /* TLS is required and the server does not offer it */
};

/*
 * What a session saw of the server's manners: whether it can do what it offers. It only reports;
 * what follows from it is decided above.
 */
struct smtp_manners {
    bool
        lost_count; /* 503 (out of order) to a transaction that overlapped: it was lost, not sent */
    bool no_bdat;   /* CHUNKING is offered and BDAT not known: what it was to carry was not sent */
    /* How deep in flight it was when it fell silent, closed the connection or made no sense;
     * SMTP_NOT_SAID when it did none of these in a transaction. Networks do that, too. */
    enum smtp_depth broke_at;
};

const char *smtp_phase_name(enum smtp_phase phase); /* "mail", "rcpt", "data", "body" */
const char *smtp_loss_name(enum smtp_loss loss);
const char *smtp_end_name(enum smtp_end end);

#endif
