/*
 * An outgoing SMTP session as a pure machine: bytes and happenings go in, events come out, one at a
 * time, and what it says goes to one write function. It opens no socket, starts no timer and takes
 * no memory, so a test can hold a conversation with it; client.c joins it with a stream.
 *
 * After each call that puts something in, the owner takes events until there are none, then
 * flushes:
 *
 *     smtp_session_read(&s, bytes);
 *     while (smtp_session_next(&s, &event))
 *         act on it; every call below is allowed here
 *     smtp_session_flush(&s);
 *     if (smtp_session_rearmed(&s, &ms)) set the timer, or stop it when ms is 0
 *
 * The rules of client.h hold: each transaction ends exactly once, and SMTP_EVENT_CLOSED comes last.
 */
#ifndef TOCSIN_SMTP_SESSION_H
#define TOCSIN_SMTP_SESSION_H

#include "smtp/ehlo.h"
#include "smtp/flight.h"
#include "smtp/output.h"
#include "smtp/params.h"
#include "smtp/reply.h"

struct smtp_session {
    const struct smtp_params *params;
    enum smtp_state state;
    struct smtp_extensions offers; /* less what the params tell us not to use */
    bool secure;
    bool ready;         /* on_ready was due once */
    unsigned in_flight; /* as the params say, or 1 once a server lost count */
    struct smtp_flight flight;
    struct smtp_output output;
    struct str input; /* not read yet; valid until smtp_session_next returns false */
    struct smtp_reply_parser parser;

    struct smtp_manners manners;
    enum smtp_depth heard_depth; /* of the last reply that was due */
    bool took_chunks;            /* the server accepted a message by BDAT */

    bool open_transaction; /* the server may hold a refused one: RSET before the next MAIL */
    bool quitting;
    bool farewell; /* a 421 was heard: listen to what is still to come, say nothing */
    bool unsent;   /* set by the owner: not all that was written has left this machine */
    bool gone;     /* the connection is no more */
    bool drop;     /* the end came without QUIT: close without ceremony */

    /* Events that are due. */
    bool ready_due, room_due, tls_due, close_due, closed_due;
    bool rearmed;
    int64_t timer_ms;

    enum smtp_end end;
    struct smtp_reply end_reply; /* code 0: no reply ended it */
    char end_text[512];
    char sentence[400];
};

enum smtp_event_kind {
    SMTP_EVENT_READY,
    SMTP_EVENT_BEGAN,  /* tx */
    SMTP_EVENT_ANSWER, /* tx, answer; its reply is valid until the next call */
    SMTP_EVENT_LOST,   /* tx, loss; the sentence is the session's */
    SMTP_EVENT_ROOM,
    SMTP_EVENT_START_TLS, /* begin the handshake, then call smtp_session_secured */
    SMTP_EVENT_CLOSE,     /* close the connection, then call smtp_session_gone */
    SMTP_EVENT_CLOSED,    /* last */
};

struct smtp_event {
    enum smtp_event_kind kind;
    struct smtp_transaction *tx;
    struct smtp_answer answer;
    enum smtp_loss loss;
};

void smtp_session_init(struct smtp_session *s, const struct smtp_params *params,
                       void (*write)(void *owner, const struct str *parts, size_t n), void *owner);

/* What happens to the connection. */
void smtp_session_opened(struct smtp_session *s);
void smtp_session_read(struct smtp_session *s, struct str bytes);
void smtp_session_secured(struct smtp_session *s);
void smtp_session_timeout(struct smtp_session *s);
/* The output that waited has left: the time to answer begins now. */
void smtp_session_drained(struct smtp_session *s);
/* Closed, by whomever; `why` counts when the session had not ended by itself, `detail` may be "".
 */
void smtp_session_gone(struct smtp_session *s, enum smtp_end why, const char *detail);

/* What the owner wants; see client.h. */
unsigned smtp_session_room(const struct smtp_session *s);
void smtp_session_send(struct smtp_session *s, struct smtp_transaction *tx);
void smtp_session_quit(struct smtp_session *s);
void smtp_session_abort(struct smtp_session *s);

/* What comes out. */
bool smtp_session_next(struct smtp_session *s, struct smtp_event *event);
void smtp_session_flush(struct smtp_session *s);
/* After a flush, until it is NULL: a transaction whose message was given away whole just now. */
struct smtp_transaction *smtp_session_handed_over(struct smtp_session *s);
bool smtp_session_rearmed(struct smtp_session *s, int64_t *ms);

#endif
