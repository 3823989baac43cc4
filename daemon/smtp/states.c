#include "smtp/states.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "smtp/command.h"

/*
 * Each arrow is the function that decides it; `say_` runs when a state is entered, `hear_` when its
 * answer came and returns the next state. Everything may go to CLOSED.
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

static const char *server_name(const struct smtp_session *s)
{
    return s->params->server_name ? s->params->server_name : "the server";
}

static bool is_class(const struct smtp_reply *r, int class)
{
    return r->code / 100 == class;
}

static bool is_refusal(const struct smtp_reply *r)
{
    return is_class(r, 4) || is_class(r, 5);
}

static bool may_chunk(const struct smtp_session *s)
{
    return s->offers.chunking;
}

static bool may_pipeline(const struct smtp_session *s)
{
    return s->offers.pipelining;
}

/* The ways to end. */

static void vnote_end(struct smtp_session *s, enum smtp_end end, const char *format, va_list args)
{
    if (s->state == SMTP_CLOSED)
        return;
    s->end = s->farewell ? SMTP_END_UNAVAILABLE : end;
    if (!s->farewell)
        vsnprintf(s->sentence, sizeof(s->sentence), format, args);
}

__attribute__((format(printf, 3, 4))) static enum smtp_state
ending(struct smtp_session *s, enum smtp_end end, const char *format, ...)
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

/* `mx.example refused EHLO, saying "550 5.7.1 Go away".`: the reply ends the session. */
static enum smtp_state ended_by(struct smtp_session *s, enum smtp_end end, const char *did,
                                const struct smtp_reply *r)
{
    struct buf reply = BUF_INIT;
    smtp_reply_format(r, &reply);
    keep_end_reply(s, r);
    enum smtp_state next =
        ending(s, end, "%s %s %s, saying \"%.*s\".", server_name(s), did,
               smtp_state_waits_for(s->state), (int)smtp_text_fit(buf_str(&reply), 200), reply.at);
    buf_release(&reply);
    return next;
}

static enum smtp_state out_of_step(struct smtp_session *s, const struct smtp_reply *r)
{
    return ended_by(s, SMTP_END_GARBAGE, "gave a senseless answer to", r);
}

/* What comes after an answer that needs nothing said at once. */
static enum smtp_state upcoming(const struct smtp_session *s)
{
    const struct smtp_expectation *oldest = smtp_flight_expected(&s->flight);
    if (oldest)
        return oldest->state;
    if (s->quitting && !smtp_flight_waiting(&s->flight))
        return SMTP_QUIT;
    return s->open_transaction ? SMTP_RSET : SMTP_IDLE;
}

/* What was just said has an answer. */
static void expect(struct smtp_session *s, enum smtp_state state, struct smtp_slot *slot)
{
    smtp_flight_expect(&s->flight, (struct smtp_expectation){state, slot, s->output.added});
}

static void say(struct smtp_session *s, enum smtp_state state, struct smtp_slot *slot,
                struct str line)
{
    smtp_output_copy(&s->output, line);
    expect(s, state, slot);
}

static void say_nothing(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)s;
    (void)slot;
}

/* Where no answer is due. */
static enum smtp_state hear_unasked(struct smtp_session *s, struct smtp_slot *slot,
                                    const struct smtp_reply *r)
{
    (void)slot;
    return ended_by(s, SMTP_END_GARBAGE, "spoke when we waited for", r);
}

/* Greeting and hello. */

static void say_greeting(struct smtp_session *s, struct smtp_slot *slot)
{
    expect(s, SMTP_GREETING, slot);
}

static enum smtp_state hear_greeting(struct smtp_session *s, struct smtp_slot *slot,
                                     const struct smtp_reply *r)
{
    (void)slot;
    if (is_class(r, 2))
        return SMTP_EHLO;
    if (is_refusal(r))
        return ended_by(s, SMTP_END_REFUSED, "turned us away at", r);
    return out_of_step(s, r);
}

static void say_hello(struct smtp_session *s, enum smtp_state state, struct str verb)
{
    smtp_output_copy(&s->output, verb);
    smtp_output_copy(&s->output, str_of(s->params->ehlo_name));
    say(s, state, NULL, STR("\r\n"));
}

static void say_ehlo(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)slot;
    say_hello(s, SMTP_EHLO, STR("EHLO "));
}

static bool wants_tls(const struct smtp_session *s)
{
    if (s->secure || s->params->tls == SMTP_TLS_NONE || !s->offers.starttls)
        return false;
    return s->params->tls == SMTP_TLS_REQUIRED || !s->params->no_starttls;
}

/* Both hellos end here: what the server offers is known. */
static enum smtp_state greeted(struct smtp_session *s)
{
    if (wants_tls(s))
        return SMTP_STARTTLS;
    if (s->params->tls == SMTP_TLS_REQUIRED && !s->secure)
        return ending(s, SMTP_END_TLS_MISSING, "%s does not offer STARTTLS, and TLS is required.",
                      server_name(s));
    return SMTP_IDLE;
}

static enum smtp_state hear_ehlo(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    (void)slot;
    if (is_class(r, 5))
        return SMTP_HELO;
    if (is_class(r, 4))
        return ended_by(s, SMTP_END_REFUSED, "refused", r);
    if (!is_class(r, 2))
        return out_of_step(s, r);
    smtp_ehlo_parse(r, &s->offers);
    s->offers.pipelining &= !s->params->no_pipelining;
    s->offers.chunking &= !s->params->no_chunking;
    return greeted(s);
}

static void say_helo(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)slot;
    say_hello(s, SMTP_HELO, STR("HELO "));
}

static enum smtp_state hear_helo(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    (void)slot;
    if (is_refusal(r))
        return ended_by(s, SMTP_END_REFUSED, "refused", r);
    if (!is_class(r, 2))
        return out_of_step(s, r);
    s->offers = (struct smtp_extensions){0};
    return greeted(s);
}

/* TLS (RFC 3207). */

static void say_starttls(struct smtp_session *s, struct smtp_slot *slot)
{
    say(s, SMTP_STARTTLS, slot, STR("STARTTLS\r\n"));
}

static enum smtp_state hear_starttls(struct smtp_session *s, struct smtp_slot *slot,
                                     const struct smtp_reply *r)
{
    (void)slot;
    if (is_class(r, 2) && s->input.len > 0)
        return ending(s, SMTP_END_TLS_FAILED,
                      "%s sent clear text after its answer to STARTTLS: not trusted.",
                      server_name(s));
    if (is_class(r, 2))
        return SMTP_HANDSHAKE;
    if (!is_refusal(r))
        return out_of_step(s, r);
    if (s->params->tls == SMTP_TLS_REQUIRED)
        return ended_by(s, SMTP_END_TLS_FAILED, "refused", r);
    return SMTP_IDLE;
}

static void say_handshake(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)slot;
    s->tls_due = true;
}

/* Between transactions. */

static void say_idle(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)slot;
    s->ready_due = !s->ready;
    s->ready = true;
}

static void say_rset(struct smtp_session *s, struct smtp_slot *slot)
{
    say(s, SMTP_RSET, slot, STR("RSET\r\n"));
}

static enum smtp_state hear_rset(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    (void)slot;
    if (!is_class(r, 2))
        return out_of_step(s, r);
    s->open_transaction = false;
    s->room_due = true;
    return upcoming(s);
}

/* A transaction. */

/*
 * A refusal. 503 says that a command came out of order: to one that flew over another it is no
 * answer about the recipient but a server that lost count, so it goes back unsent and nothing
 * overlaps any more.
 */
static enum smtp_state refused(struct smtp_session *s, struct smtp_slot *slot,
                               enum smtp_phase phase, const struct smtp_reply *r)
{
    if (slot->outcome == SMTP_OUTCOME_NONE && slot->overlapped && r->code == 503) {
        smtp_slot_lose(slot, SMTP_NOT_SENT);
        s->in_flight = 1;
    }
    smtp_slot_answer(slot, phase, r, false);
    bool nothing_opened = phase == SMTP_PHASE_MAIL && !may_pipeline(s);
    bool closed_by_answer = phase == SMTP_PHASE_BODY && !may_chunk(s);
    if (!nothing_opened && !closed_by_answer)
        s->open_transaction = true;
    return upcoming(s);
}

static void say_mail(struct smtp_session *s, struct smtp_slot *slot)
{
    smtp_command_mail(slot->tx, &s->offers, &s->output);
    expect(s, SMTP_MAIL, slot);
}

static enum smtp_state hear_mail(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    if (is_class(r, 2))
        return SMTP_RCPT;
    return is_refusal(r) ? refused(s, slot, SMTP_PHASE_MAIL, r) : out_of_step(s, r);
}

static void say_rcpt(struct smtp_session *s, struct smtp_slot *slot)
{
    smtp_command_rcpt(slot->tx, &s->output);
    expect(s, SMTP_RCPT, slot);
}

static enum smtp_state hear_rcpt(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    if (is_class(r, 2))
        return may_chunk(s) ? SMTP_BODY : SMTP_DATA;
    return is_refusal(r) ? refused(s, slot, SMTP_PHASE_RCPT, r) : out_of_step(s, r);
}

static void say_data(struct smtp_session *s, struct smtp_slot *slot)
{
    say(s, SMTP_DATA, slot, STR("DATA\r\n"));
}

static enum smtp_state hear_data(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    if (is_class(r, 3))
        return SMTP_BODY;
    return is_refusal(r) ? refused(s, slot, SMTP_PHASE_DATA, r) : out_of_step(s, r);
}

/* A 354 for a transaction that was refused before gets a lone dot (RFC 2920 §3.1). */
static void say_body(struct smtp_session *s, struct smtp_slot *slot)
{
    if (slot->outcome != SMTP_OUTCOME_NONE)
        smtp_output_copy(&s->output, STR(".\r\n"));
    else if (may_chunk(s))
        smtp_command_bdat(slot->tx, &s->output);
    else
        smtp_command_body(slot->tx, &s->output);
    expect(s, SMTP_BODY, slot);
    slot->whole = true;
    slot->end_offset = s->output.added;
    s->room_due = true;
}

static enum smtp_state hear_body(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    if (is_refusal(r))
        return refused(s, slot, SMTP_PHASE_BODY, r);
    if (!is_class(r, 2))
        return out_of_step(s, r);
    smtp_slot_answer(slot, SMTP_PHASE_BODY, r, false);
    return upcoming(s);
}

/* The end. */

static void say_quit(struct smtp_session *s, struct smtp_slot *slot)
{
    say(s, SMTP_QUIT, slot, STR("QUIT\r\n"));
}

static enum smtp_state hear_quit(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    (void)slot;
    (void)r;
    return ending(s, SMTP_END_QUIT, "We said QUIT to %s.", server_name(s));
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
    [SMTP_CONNECT] = {"connect", "the connection", say_nothing, hear_unasked, TIMEOUT(connect)},
    [SMTP_GREETING] = {"greeting", "the greeting", say_greeting, hear_greeting, TIMEOUT(greeting)},
    [SMTP_EHLO] = {"ehlo", "EHLO", say_ehlo, hear_ehlo, TIMEOUT(ehlo)},
    [SMTP_HELO] = {"helo", "HELO", say_helo, hear_helo, TIMEOUT(ehlo)},
    [SMTP_STARTTLS] = {"starttls", "STARTTLS", say_starttls, hear_starttls, TIMEOUT(starttls)},
    [SMTP_HANDSHAKE] = {"handshake", "the TLS handshake", say_handshake, hear_unasked,
                        TIMEOUT(starttls)},
    [SMTP_IDLE] = {"idle", "the next message", say_idle, hear_unasked, NO_TIMEOUT},
    [SMTP_RSET] = {"rset", "RSET", say_rset, hear_rset, TIMEOUT(mail)},
    [SMTP_MAIL] = {"mail", "MAIL", say_mail, hear_mail, TIMEOUT(mail)},
    [SMTP_RCPT] = {"rcpt", "RCPT", say_rcpt, hear_rcpt, TIMEOUT(rcpt)},
    [SMTP_DATA] = {"data", "DATA", say_data, hear_data, TIMEOUT(data)},
    [SMTP_BODY] = {"body", "the message", say_body, hear_body, TIMEOUT(body)},
    [SMTP_QUIT] = {"quit", "QUIT", say_quit, hear_quit, TIMEOUT(quit)},
    [SMTP_CLOSED] = {"closed", "nothing", say_closed, hear_unasked, NO_TIMEOUT},
};

const char *smtp_state_name(enum smtp_state state)
{
    return states[state].name;
}

const char *smtp_state_waits_for(enum smtp_state state)
{
    return states[state].waits_for;
}

static void log_step(const struct smtp_session *s, enum smtp_state next)
{
    struct log_line line;
    if (!log_begin(&line, LOG_DEBUG, "smtp_state"))
        return;
    log_text(&line, "server", server_name(s));
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
    ended_by(s, SMTP_END_UNAVAILABLE, "ended the session when we waited for", r);
    s->farewell = true;
    return upcoming(s);
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
    struct smtp_slot *slot = smtp_flight_heard(&s->flight);
    enum smtp_state next;
    if (r->code == 421 && s->state != SMTP_QUIT)
        next = hear_421(s, asked ? slot : NULL, r);
    else
        next = asked ? states[s->state].hear(s, slot, r) : out_of_step(s, r);
    if (s->farewell && !is_worth_listening(s))
        next = SMTP_CLOSED;
    smtp_state_enter(s, next, slot);
}

void smtp_state_launch(struct smtp_session *s, struct smtp_slot *slot)
{
    slot->stage = SMTP_SLOT_FLYING;
    slot->overlapped = smtp_flight_expected(&s->flight) != NULL;
    if (slot->overlapped)
        say_rset(s, slot);
    if (may_pipeline(s)) {
        say_mail(s, slot);
        say_rcpt(s, slot);
        (may_chunk(s) ? say_body : say_data)(s, slot);
    }
    if (s->state == SMTP_IDLE)
        smtp_state_enter(s, SMTP_MAIL, slot);
}
