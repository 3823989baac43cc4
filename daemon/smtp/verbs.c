#include "smtp/verbs.h"

#include "smtp/command.h"

static bool is_class(const struct smtp_reply *r, int class)
{
    return r->code / 100 == class;
}

static bool is_refusal(const struct smtp_reply *r)
{
    return is_class(r, 4) || is_class(r, 5);
}

/* What was just said has an answer. */
static void expect(struct smtp_session *s, enum smtp_state state, struct smtp_slot *slot)
{
    struct smtp_expectation e = {.state = state, .slot = slot, .asked_at = s->output.added};
    smtp_flight_expect(&s->flight, e);
}

static void say(struct smtp_session *s, enum smtp_state state, struct smtp_slot *slot,
                struct str line)
{
    smtp_output_copy(&s->output, line);
    expect(s, state, slot);
}

void smtp_say_nothing(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)s;
    (void)slot;
}

/* Where no answer is due. */
enum smtp_state smtp_hear_unasked(struct smtp_session *s, struct smtp_slot *slot,
                                  const struct smtp_reply *r)
{
    (void)slot;
    return smtp_ended_by(s, SMTP_END_GARBAGE, "spoke when we waited for", r);
}

/* Greeting and hello. */

void smtp_say_greeting(struct smtp_session *s, struct smtp_slot *slot)
{
    expect(s, SMTP_GREETING, slot);
}

enum smtp_state smtp_hear_greeting(struct smtp_session *s, struct smtp_slot *slot,
                                   const struct smtp_reply *r)
{
    (void)slot;
    if (is_class(r, 2))
        return SMTP_EHLO;
    if (is_refusal(r))
        return smtp_ended_by(s, SMTP_END_REFUSED, "turned us away at", r);
    return smtp_out_of_step(s, r);
}

static void say_hello(struct smtp_session *s, enum smtp_state state, struct str verb)
{
    smtp_output_copy(&s->output, verb);
    smtp_output_copy(&s->output, str_of(s->params->ehlo_name));
    say(s, state, NULL, STR("\r\n"));
}

void smtp_say_ehlo(struct smtp_session *s, struct smtp_slot *slot)
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
        return smtp_ending(s, SMTP_END_TLS_MISSING,
                           "%s does not offer STARTTLS, and TLS is required.", smtp_server_name(s));
    return SMTP_IDLE;
}

enum smtp_state smtp_hear_ehlo(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r)
{
    (void)slot;
    if (is_class(r, 5))
        return SMTP_HELO;
    if (is_class(r, 4))
        return smtp_ended_by(s, SMTP_END_REFUSED, "refused", r);
    if (!is_class(r, 2))
        return smtp_out_of_step(s, r);
    smtp_ehlo_parse(r, &s->offers);
    s->offers.pipelining &= !s->params->no_pipelining;
    s->offers.chunking &= !s->params->no_chunking;
    return greeted(s);
}

void smtp_say_helo(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)slot;
    say_hello(s, SMTP_HELO, STR("HELO "));
}

enum smtp_state smtp_hear_helo(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r)
{
    (void)slot;
    if (is_refusal(r))
        return smtp_ended_by(s, SMTP_END_REFUSED, "refused", r);
    if (!is_class(r, 2))
        return smtp_out_of_step(s, r);
    s->offers = (struct smtp_extensions){0};
    return greeted(s);
}

/* TLS (RFC 3207). */

void smtp_say_starttls(struct smtp_session *s, struct smtp_slot *slot)
{
    say(s, SMTP_STARTTLS, slot, STR("STARTTLS\r\n"));
}

enum smtp_state smtp_hear_starttls(struct smtp_session *s, struct smtp_slot *slot,
                                   const struct smtp_reply *r)
{
    (void)slot;
    if (is_class(r, 2) && s->input.len > 0)
        return smtp_ending(s, SMTP_END_TLS_FAILED,
                           "%s sent clear text after its answer to STARTTLS: not trusted.",
                           smtp_server_name(s));
    if (is_class(r, 2))
        return SMTP_HANDSHAKE;
    if (!is_refusal(r))
        return smtp_out_of_step(s, r);
    if (s->params->tls == SMTP_TLS_REQUIRED)
        return smtp_ended_by(s, SMTP_END_TLS_FAILED, "refused", r);
    return SMTP_IDLE;
}

void smtp_say_handshake(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)slot;
    s->tls_due = true;
}

/* Between transactions. */

void smtp_say_idle(struct smtp_session *s, struct smtp_slot *slot)
{
    (void)slot;
    s->ready_due = !s->ready;
    s->ready = true;
}

void smtp_say_rset(struct smtp_session *s, struct smtp_slot *slot)
{
    say(s, SMTP_RSET, slot, STR("RSET\r\n"));
}

/*
 * A server that does not know BDAT reads the message behind it as commands, and what it says now is
 * about their lines. It took nothing from anybody in flight; no answer means anything any more, so
 * all that is left to say is QUIT.
 */
static enum smtp_state lose_flight(struct smtp_session *s)
{
    for (unsigned i = 0; i < s->flight.slot_count; i++)
        smtp_slot_lose(smtp_flight_slot(&s->flight, i), SMTP_NOT_SENT);
    smtp_flight_expect_nothing(&s->flight);
    return SMTP_QUIT;
}

enum smtp_state smtp_hear_rset(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r)
{
    (void)slot;
    if (is_refusal(r) && s->manners.no_bdat && !s->took_chunks)
        return lose_flight(s);
    if (!is_class(r, 2))
        return smtp_out_of_step(s, r);
    s->open_transaction = false;
    s->room_due = true;
    return smtp_upcoming(s);
}

/* A transaction. */

/*
 * 503 says that a command came out of order: to one that flew over another it is no answer about
 * the recipient but a server that lost count, so it goes back unsent and nothing overlaps any more.
 */
static void lose_count(struct smtp_session *s, struct smtp_slot *slot, const struct smtp_reply *r)
{
    smtp_note(s, "lost count of messages that overlap, at", r);
    smtp_slot_lose(slot, SMTP_NOT_SENT);
    s->in_flight = 1;
    s->manners.lost_count = true;
}

/* Whether a refusal says that BDAT is not known: by RFC 5321 §4.2.3 as 500, 502 or 504; and as 503,
 * since MAIL and RCPT were accepted. */
static bool denies_bdat(const struct smtp_session *s, enum smtp_phase phase,
                        const struct smtp_reply *r)
{
    return s->offers.chunking && phase == SMTP_PHASE_BODY &&
           (r->code == 500 || r->code == 502 || r->code == 503 || r->code == 504);
}

/* The message goes back unsent, and the session ends when those in flight have heard what comes of
 * them: others may go by DATA. */
static enum smtp_state lose_bdat(struct smtp_session *s, struct smtp_slot *slot,
                                 const struct smtp_reply *r)
{
    smtp_note(s, "offers CHUNKING and does not know BDAT: it answered", r);
    s->manners.no_bdat = true;
    s->quitting = true;
    s->open_transaction = true;
    smtp_slot_lose(slot, SMTP_NOT_SENT);
    return smtp_upcoming(s);
}

static enum smtp_state refused(struct smtp_session *s, struct smtp_slot *slot,
                               enum smtp_phase phase, const struct smtp_reply *r)
{
    bool unsettled = slot->outcome == SMTP_OUTCOME_NONE;
    if (unsettled && slot->depth == SMTP_OVERLAPPED && r->code == 503)
        lose_count(s, slot, r);
    else if (unsettled && denies_bdat(s, phase, r))
        return lose_bdat(s, slot, r);
    smtp_slot_answer(slot, phase, r, false);
    bool nothing_opened = phase == SMTP_PHASE_MAIL && !s->offers.pipelining;
    bool closed_by_answer = phase == SMTP_PHASE_BODY && !s->offers.chunking;
    if (!nothing_opened && !closed_by_answer)
        s->open_transaction = true;
    return smtp_upcoming(s);
}

void smtp_say_mail(struct smtp_session *s, struct smtp_slot *slot)
{
    smtp_command_mail(slot->tx, &s->offers, &s->output);
    expect(s, SMTP_MAIL, slot);
}

enum smtp_state smtp_hear_mail(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r)
{
    if (is_class(r, 2))
        return SMTP_RCPT;
    return is_refusal(r) ? refused(s, slot, SMTP_PHASE_MAIL, r) : smtp_out_of_step(s, r);
}

void smtp_say_rcpt(struct smtp_session *s, struct smtp_slot *slot)
{
    smtp_command_rcpt(slot->tx, &s->output);
    expect(s, SMTP_RCPT, slot);
}

enum smtp_state smtp_hear_rcpt(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r)
{
    if (is_class(r, 2))
        return s->offers.chunking ? SMTP_BODY : SMTP_DATA;
    return is_refusal(r) ? refused(s, slot, SMTP_PHASE_RCPT, r) : smtp_out_of_step(s, r);
}

void smtp_say_data(struct smtp_session *s, struct smtp_slot *slot)
{
    say(s, SMTP_DATA, slot, STR("DATA\r\n"));
}

enum smtp_state smtp_hear_data(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r)
{
    if (is_class(r, 3))
        return SMTP_BODY;
    return is_refusal(r) ? refused(s, slot, SMTP_PHASE_DATA, r) : smtp_out_of_step(s, r);
}

/* A 354 for a transaction that was refused before gets a lone dot (RFC 2920 §3.1). */
void smtp_say_body(struct smtp_session *s, struct smtp_slot *slot)
{
    if (slot->outcome != SMTP_OUTCOME_NONE)
        smtp_output_copy(&s->output, STR(".\r\n"));
    else if (s->offers.chunking)
        smtp_command_bdat(slot->tx, &s->output);
    else
        smtp_command_body(slot->tx, &s->output);
    expect(s, SMTP_BODY, slot);
    slot->whole = true;
    slot->end_offset = s->output.added;
    s->room_due = true;
}

enum smtp_state smtp_hear_body(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r)
{
    if (is_refusal(r))
        return refused(s, slot, SMTP_PHASE_BODY, r);
    if (!is_class(r, 2))
        return smtp_out_of_step(s, r);
    s->took_chunks |= s->offers.chunking && slot->outcome == SMTP_OUTCOME_NONE;
    smtp_slot_answer(slot, SMTP_PHASE_BODY, r, false);
    return smtp_upcoming(s);
}

/* The end. */

void smtp_say_quit(struct smtp_session *s, struct smtp_slot *slot)
{
    say(s, SMTP_QUIT, slot, STR("QUIT\r\n"));
}

enum smtp_state smtp_hear_quit(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r)
{
    (void)slot;
    (void)r;
    return smtp_ending(s, SMTP_END_QUIT, "We said QUIT to %s.", smtp_server_name(s));
}
