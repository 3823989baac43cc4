#include "smtp/states.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "smtp/verbs.h"

/*
 * Each arrow is the function that decides it; `say_` runs when a state is entered, `hear_` when its
 * answer came and returns the next state (verbs.c; the prefix smtp_ is left out here). Everything
 * may go to CLOSED.
 *
 *     CONNECT ── smtp_session_opened ──> GREETING ── hear_greeting ──> EHLO
 *
 *     EHLO ── hear_ehlo ──> STARTTLS   (offered, wanted, and not done yet)
 *       │ │                    │ │
 *       │ │                    │ └─ hear_starttls (refused) ──> IDLE
 *       │ │                    └─── hear_starttls ──> HANDSHAKE ── smtp_session_secured ──> EHLO
 *       │ └─ hear_ehlo (5xx) ──> HELO ── hear_helo ──> IDLE
 *       └─── hear_ehlo ──> IDLE
 *
 *     IDLE ── smtp_state_launch ──> MAIL ── hear_mail ──> RCPT ── hear_rcpt ──> DATA ── hear_data ┐
 *      ▲                             ▲                      └─── hear_rcpt (CHUNKING) ──> BODY <──┘
 *      │                             │                                                     │
 *      │                             └─ hear_rset ── RSET <── upcoming (a refused one) <───┤
 *      └───────────────── upcoming <─── hear_mail, hear_rcpt, hear_data (refused), hear_body
 *                             └──> QUIT ── hear_quit ──> CLOSED
 *
 * With PIPELINING several of these were said before the first is heard. Then the replies to come
 * stand in the flight, and the state is that of the oldest of them. A transaction that flies before
 * the last one was answered begins with RSET: if that last one is refused, the server may still
 * hold its MAIL (and would take our RCPT for it, under the wrong sender), or be in the
 * indeterminate state of RFC 3030 §2; the RSET makes the next one right in every case.
 */

struct state {
    const char *name;
    const char *waits_for; /* "No answer to …" */
    void (*say)(struct smtp_session *s, struct smtp_slot *slot);
    enum smtp_state (*hear)(struct smtp_session *s, struct smtp_slot *slot,
                            const struct smtp_reply *r);
    size_t timeout; /* offset of an int64_t in struct smtp_timeouts, or NO_TIMEOUT */
};

#define NO_TIMEOUT SIZE_MAX

const char *smtp_server_name(const struct smtp_session *s)
{
    return s->params->server_name ? s->params->server_name : "The server";
}

/* The ways to end. */

/* A server that broke off while it owed answers, or gave one that made no sense, and had not said
 * before that it cannot go on. */
static void note_breach(struct smtp_session *s, enum smtp_end end)
{
    enum smtp_depth depth = smtp_flight_depth(&s->flight);
    bool broke_off = end == SMTP_END_TIMEOUT || end == SMTP_END_PEER_CLOSED;
    if (s->farewell || s->manners.no_bdat || s->state < SMTP_IDLE || s->state >= SMTP_QUIT)
        return;
    if (end == SMTP_END_GARBAGE)
        s->manners.broke_at = depth > s->heard_depth ? depth : s->heard_depth;
    else if (broke_off)
        s->manners.broke_at = depth;
}

static void vnote_end(struct smtp_session *s, enum smtp_end end, const char *format, va_list args)
{
    if (s->state == SMTP_CLOSED)
        return;
    note_breach(s, end);
    s->end = s->farewell ? SMTP_END_UNAVAILABLE : end;
    if (!s->farewell)
        vsnprintf(s->sentence, sizeof(s->sentence), format, args);
}

enum smtp_state smtp_ending(struct smtp_session *s, enum smtp_end end, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vnote_end(s, end, format, args);
    va_end(args);
    return SMTP_CLOSED;
}

void smtp_state_end(struct smtp_session *s, enum smtp_end end, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vnote_end(s, end, format, args);
    va_end(args);
    smtp_state_enter(s, SMTP_CLOSED, NULL);
}

static void keep_end_reply(struct smtp_session *s, const struct smtp_reply *r)
{
    if (!s->farewell)
        smtp_reply_copy(&s->end_reply, r, s->end_text, sizeof(s->end_text));
}

/* `mx.example refused EHLO, saying "550 5.7.1 Go away".` */
static void describe(const struct smtp_session *s, const char *did, const struct smtp_reply *r,
                     char *out, size_t size)
{
    struct buf reply = BUF_INIT;
    smtp_reply_format(r, &reply);
    snprintf(out, size, "%s %s %s, saying \"%.*s\".", smtp_server_name(s), did,
             smtp_state_waits_for(s->state), (int)smtp_text_fit(buf_str(&reply), 200), reply.at);
    buf_release(&reply);
}

enum smtp_state smtp_ended_by(struct smtp_session *s, enum smtp_end end, const char *did,
                              const struct smtp_reply *r)
{
    char sentence[sizeof(s->sentence)];
    describe(s, did, r, sentence, sizeof(sentence));
    keep_end_reply(s, r);
    return smtp_ending(s, end, "%s", sentence);
}

void smtp_note(struct smtp_session *s, const char *did, const struct smtp_reply *r)
{
    if (!s->farewell)
        describe(s, did, r, s->sentence, sizeof(s->sentence));
}

enum smtp_state smtp_out_of_step(struct smtp_session *s, const struct smtp_reply *r)
{
    return smtp_ended_by(s, SMTP_END_GARBAGE, "gave a senseless answer to", r);
}

enum smtp_state smtp_upcoming(const struct smtp_session *s)
{
    const struct smtp_expectation *oldest = smtp_flight_expected(&s->flight);
    if (oldest)
        return oldest->state;
    if (s->quitting && !smtp_flight_waiting(&s->flight))
        return SMTP_QUIT;
    return s->open_transaction ? SMTP_RSET : SMTP_IDLE;
}

/*
 * Whether the receiver may have taken it. Not when a 421 announced the end of the session and the
 * connection closed in order after it: replies come in order, so nothing behind the 421 was heard.
 * Not when the last bytes written are still here.
 */
static bool in_doubt(const struct smtp_session *s, const struct smtp_slot *slot)
{
    if (!slot->whole || s->output.written < slot->end_offset)
        return false;
    if (s->farewell && s->gone)
        return false;
    return !(s->unsent && slot == smtp_flight_newest(&s->flight));
}

static void say_closed(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)slot;
    for (unsigned i = 0; i < s->flight.slot_count; i++) {
        struct smtp_slot *lost = smtp_flight_slot(&s->flight, i);
        smtp_slot_lose(lost, in_doubt(s, lost) ? SMTP_IN_DOUBT : SMTP_NOT_SENT);
    }
    smtp_output_discard(&s->output);
    s->close_due = !s->gone;
}

#define TIMEOUT(member) offsetof(struct smtp_timeouts, member)

static const struct state states[] = {
    [SMTP_CONNECT] = {"connect", "the connection", smtp_say_nothing, smtp_hear_unasked,
                      NO_TIMEOUT}, /* the stream shares it between the addresses */
    [SMTP_GREETING] = {"greeting", "the greeting", smtp_say_greeting, smtp_hear_greeting,
                       TIMEOUT(greeting)},
    [SMTP_EHLO] = {"ehlo", "EHLO", smtp_say_ehlo, smtp_hear_ehlo, TIMEOUT(ehlo)},
    [SMTP_HELO] = {"helo", "HELO", smtp_say_helo, smtp_hear_helo, TIMEOUT(ehlo)},
    [SMTP_STARTTLS] = {"starttls", "STARTTLS", smtp_say_starttls, smtp_hear_starttls,
                       TIMEOUT(starttls)},
    [SMTP_HANDSHAKE] = {"handshake", "the TLS handshake", smtp_say_handshake, smtp_hear_unasked,
                        TIMEOUT(starttls)},
    [SMTP_IDLE] = {"idle", "the next message", smtp_say_idle, smtp_hear_unasked, NO_TIMEOUT},
    [SMTP_RSET] = {"rset", "RSET", smtp_say_rset, smtp_hear_rset, TIMEOUT(mail)},
    [SMTP_MAIL] = {"mail", "MAIL", smtp_say_mail, smtp_hear_mail, TIMEOUT(mail)},
    [SMTP_RCPT] = {"rcpt", "RCPT", smtp_say_rcpt, smtp_hear_rcpt, TIMEOUT(rcpt)},
    [SMTP_DATA] = {"data", "DATA", smtp_say_data, smtp_hear_data, TIMEOUT(data)},
    [SMTP_BODY] = {"body", "the message", smtp_say_body, smtp_hear_body, TIMEOUT(body)},
    [SMTP_QUIT] = {"quit", "QUIT", smtp_say_quit, smtp_hear_quit, TIMEOUT(quit)},
    [SMTP_CLOSED] = {"closed", "nothing", say_closed, smtp_hear_unasked, NO_TIMEOUT},
};

const char *smtp_state_waits_for(enum smtp_state state)
{
    return states[state].waits_for;
}

static void log_step(const struct smtp_session *s, enum smtp_state next)
{
    struct log_line line;
    if (!log_begin(&line, LOG_DEBUG, "smtp_state"))
        return;
    log_text(&line, "server", smtp_server_name(s));
    log_text(&line, "from", states[s->state].name);
    log_text(&line, "to", states[next].name);
    log_end(&line);
}

void smtp_state_rearm(struct smtp_session *s)
{
    const struct smtp_timeouts *timeouts = &s->params->timeouts;
    size_t at = s->farewell ? TIMEOUT(quit) : states[s->state].timeout;
    if (s->state == SMTP_CLOSED)
        at = NO_TIMEOUT;
    s->timer_ms = at == NO_TIMEOUT ? 0 : *(const int64_t *)((const char *)timeouts + at);
    s->rearmed = true;
}

void smtp_state_enter(struct smtp_session *s, enum smtp_state next, struct smtp_slot *slot)
{
    if (s->state == SMTP_CLOSED)
        return;
    if (s->state != next)
        log_step(s, next);
    if (next == SMTP_CLOSED)
        smtp_flight_expect_nothing(&s->flight);
    s->state = next;
    const struct smtp_expectation *said = smtp_flight_expected(&s->flight);
    assert(!said || said->state == next);
    if (!said)
        states[next].say(s, slot);
    smtp_state_rearm(s);
}

/* Somebody may still get an answer, or must be told the truth about not getting one. */
static bool is_worth_listening(struct smtp_session *s)
{
    for (unsigned i = 0; i < s->flight.slot_count; i++) {
        const struct smtp_slot *slot = smtp_flight_slot(&s->flight, i);
        if (slot->outcome == SMTP_OUTCOME_NONE && in_doubt(s, slot))
            return true;
    }
    return false;
}

/*
 * 421: the server closes the channel (RFC 5321 §3.8). To the transaction it answers it is an
 * answer. What flew behind that one was not served if the connection now closes; some servers say
 * 421 and go on, so we listen a moment before we call the rest unsent.
 */
static enum smtp_state hear_421(struct smtp_session *s, struct smtp_slot *slot,
                                const struct smtp_reply *r)
{
    static const enum smtp_phase phases[] = {
        [SMTP_MAIL] = SMTP_PHASE_MAIL,
        [SMTP_RCPT] = SMTP_PHASE_RCPT,
        [SMTP_DATA] = SMTP_PHASE_DATA,
        [SMTP_BODY] = SMTP_PHASE_BODY,
    };
    if (slot && s->state != SMTP_RSET)
        smtp_slot_answer(slot, phases[s->state], r, false);
    smtp_ended_by(s, SMTP_END_UNAVAILABLE, "ended the session when we waited for", r);
    s->farewell = true;
    return smtp_upcoming(s);
}

/* An answer that came before its question left us is no answer to it. */
static bool was_asked(const struct smtp_session *s)
{
    const struct smtp_expectation *oldest = smtp_flight_expected(&s->flight);
    return !oldest || oldest->asked_at <= s->output.written;
}

void smtp_state_hear(struct smtp_session *s)
{
    const struct smtp_reply *r = &s->parser.reply;
    bool asked = was_asked(s);
    if (smtp_flight_expected(&s->flight))
        s->heard_depth = smtp_flight_depth(&s->flight);
    struct smtp_slot *slot = smtp_flight_heard(&s->flight);
    enum smtp_state next;
    if (r->code == 421 && s->state != SMTP_QUIT)
        next = hear_421(s, asked ? slot : NULL, r);
    else
        next = asked ? states[s->state].hear(s, slot, r) : smtp_out_of_step(s, r);
    if (s->farewell && !is_worth_listening(s))
        next = SMTP_CLOSED;
    smtp_state_enter(s, next, slot);
}

void smtp_state_launch(struct smtp_session *s, struct smtp_slot *slot)
{
    bool overlaps = smtp_flight_expected(&s->flight) != NULL;
    slot->stage = SMTP_SLOT_FLYING;
    slot->depth = overlaps ? SMTP_OVERLAPPED : s->offers.pipelining ? SMTP_PIPELINED : SMTP_ALONE;
    if (overlaps)
        smtp_say_rset(s, slot);
    if (s->offers.pipelining) {
        smtp_say_mail(s, slot);
        smtp_say_rcpt(s, slot);
        (s->offers.chunking ? smtp_say_body : smtp_say_data)(s, slot);
    }
    if (s->state == SMTP_IDLE)
        smtp_state_enter(s, SMTP_MAIL, slot);
}
