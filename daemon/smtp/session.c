#include "smtp/session.h"

#include <assert.h>

#include "smtp/command.h"
#include "smtp/states.h"

void smtp_session_init(struct smtp_session *s, const struct smtp_params *params,
                       void (*write)(void *owner, const struct str *parts, size_t n), void *owner)
{
    memset(s, 0, sizeof(*s));
    s->params = params;
    s->in_flight = params->in_flight ? params->in_flight : 1;
    if (s->in_flight > SMTP_IN_FLIGHT_MAX)
        s->in_flight = SMTP_IN_FLIGHT_MAX;
    s->state = SMTP_CONNECT;
    smtp_output_init(&s->output, write, owner);
    smtp_reply_parser_init(&s->parser);
    smtp_state_enter(s, SMTP_CONNECT, NULL);
}

void smtp_session_opened(struct smtp_session *s)
{
    if (s->state == SMTP_CONNECT)
        smtp_state_enter(s, SMTP_GREETING, NULL);
}

void smtp_session_secured(struct smtp_session *s)
{
    if (s->state != SMTP_HANDSHAKE)
        return;
    s->secure = true;
    smtp_state_enter(s, SMTP_EHLO, NULL);
}

void smtp_session_read(struct smtp_session *s, struct str bytes)
{
    s->input = bytes;
}

void smtp_session_drained(struct smtp_session *s)
{
    smtp_state_rearm(s);
}

/* What an end that nobody announced means where we are. One that follows STARTTLS is a failure of
 * TLS, whether its answer was missing or the handshake's. */
static enum smtp_end end_of(const struct smtp_session *s, enum smtp_end why)
{
    if (s->state == SMTP_CONNECT)
        return why == SMTP_END_SHORTAGE ? why : SMTP_END_CONNECT_FAILED;
    if (s->state == SMTP_STARTTLS || s->state == SMTP_HANDSHAKE)
        return SMTP_END_TLS_FAILED;
    return s->state == SMTP_QUIT ? SMTP_END_QUIT : why;
}

void smtp_session_timeout(struct smtp_session *s)
{
    smtp_state_end(s, end_of(s, SMTP_END_TIMEOUT), "%s did not answer %s within %.3g s.",
                   smtp_server_name(s), smtp_state_waits_for(s->state), (double)s->timer_ms / 1000);
}

void smtp_session_gone(struct smtp_session *s, enum smtp_end why, const char *detail)
{
    s->gone = true;
    s->close_due = false;
    s->closed_due = true;
    /* Before there is a connection nobody can have closed it. */
    if (*detail && (s->state == SMTP_CONNECT || s->state == SMTP_HANDSHAKE))
        smtp_state_end(s, end_of(s, why), "%s", detail);
    else
        smtp_state_end(s, end_of(s, why), "%s closed the connection while we waited for %s.%s%s",
                       smtp_server_name(s), smtp_state_waits_for(s->state), *detail ? " " : "",
                       detail);
}

/* How many may fly beside those that do: in a flight, nothing may follow DATA before its answer. */
static unsigned overlap(const struct smtp_session *s)
{
    const struct smtp_slot *newest = smtp_flight_newest(&s->flight);
    unsigned free_slots = s->in_flight - s->flight.slot_count;
    if (!s->offers.pipelining)
        return 0;
    if (s->offers.chunking)
        return free_slots;
    return newest->whole ? 1 : 0;
}

unsigned smtp_session_room(const struct smtp_session *s)
{
    bool resetting = s->state == SMTP_RSET && !smtp_flight_expected(&s->flight)->slot;
    if (s->state < SMTP_IDLE || s->state >= SMTP_QUIT || s->quitting || s->farewell || resetting)
        return 0;
    if (s->flight.slot_count >= s->in_flight)
        return 0;
    if (s->flight.slot_count > 0)
        return overlap(s);
    if (s->state != SMTP_IDLE)
        return 0;
    return s->offers.pipelining && s->offers.chunking ? s->in_flight : 1;
}

void smtp_session_send(struct smtp_session *s, struct smtp_transaction *tx)
{
    assert(smtp_session_room(s) > 0);
    struct smtp_slot *slot = smtp_flight_take(&s->flight, tx);
    enum smtp_phase phase;
    const struct smtp_reply *refusal = smtp_command_refusal(tx, &s->offers, &phase);
    if (refusal)
        smtp_slot_answer(slot, phase, refusal, true);
}

void smtp_session_quit(struct smtp_session *s)
{
    s->quitting = true;
    if (s->state < SMTP_IDLE)
        smtp_state_end(s, SMTP_END_QUIT, "We left before %s was ready.", smtp_server_name(s));
    else if (s->state == SMTP_IDLE && !smtp_flight_waiting(&s->flight))
        smtp_state_enter(s, SMTP_QUIT, NULL);
}

void smtp_session_abort(struct smtp_session *s)
{
    smtp_state_end(s, SMTP_END_ABORTED, "The connection was closed here.");
}

/* Tells an outcome once, and frees the slot before anybody hears of it. */
static void tell_outcome(struct smtp_slot *slot, struct smtp_event *event)
{
    event->kind = slot->outcome == SMTP_OUTCOME_LOST ? SMTP_EVENT_LOST : SMTP_EVENT_ANSWER;
    event->tx = slot->tx;
    event->answer = slot->answer;
    event->loss = slot->loss;
    slot->tx = NULL;
}

/* Brings a slot one step on; true if that made an event. */
static bool advance_slot(struct smtp_session *s, struct smtp_slot *slot, struct smtp_event *event)
{
    if (slot->tx && slot->outcome != SMTP_OUTCOME_NONE) {
        tell_outcome(slot, event);
        return true;
    }
    if (slot->outcome != SMTP_OUTCOME_NONE)
        return false;
    if (slot->stage == SMTP_SLOT_TAKEN) {
        slot->stage = SMTP_SLOT_BEGAN;
        *event = (struct smtp_event){.kind = SMTP_EVENT_BEGAN, .tx = slot->tx};
        return true;
    }
    if (slot->stage == SMTP_SLOT_BEGAN)
        smtp_state_launch(s, slot);
    return false;
}

static bool advance_slots(struct smtp_session *s, struct smtp_event *event)
{
    bool told = false;
    for (unsigned i = 0; i < s->flight.slot_count && !told; i++)
        told = advance_slot(s, smtp_flight_slot(&s->flight, i), event);
    if (smtp_flight_release(&s->flight))
        s->room_due = true;
    return told;
}

static bool take_due(bool *due, enum smtp_event_kind kind, struct smtp_event *event)
{
    if (!*due)
        return false;
    *due = false;
    *event = (struct smtp_event){.kind = kind};
    return true;
}

/* Transactions first, and the end of the session last. */
static bool take_event(struct smtp_session *s, struct smtp_event *event)
{
    if (advance_slots(s, event))
        return true;
    if (smtp_session_room(s) == 0)
        s->room_due = false;
    if (s->ready_due)
        s->room_due = false;
    return take_due(&s->ready_due, SMTP_EVENT_READY, event) ||
           take_due(&s->room_due, SMTP_EVENT_ROOM, event) ||
           take_due(&s->tls_due, SMTP_EVENT_START_TLS, event) ||
           take_due(&s->close_due, SMTP_EVENT_CLOSE, event) ||
           take_due(&s->closed_due, SMTP_EVENT_CLOSED, event);
}

/* Reads one reply; false when there is no whole one. */
static bool hear_reply(struct smtp_session *s)
{
    if (s->state == SMTP_CLOSED || s->input.len == 0)
        return false;
    enum smtp_reply_status status = smtp_reply_parse(&s->parser, &s->input);
    if (status == SMTP_REPLY_MORE)
        return false;
    if (status == SMTP_REPLY_BAD)
        smtp_state_end(s, end_of(s, SMTP_END_GARBAGE),
                       "%s answered %s with something that is not SMTP.", smtp_server_name(s),
                       smtp_state_waits_for(s->state));
    else
        smtp_state_hear(s);
    return true;
}

bool smtp_session_next(struct smtp_session *s, struct smtp_event *event)
{
    do {
        if (take_event(s, event))
            return true;
    } while (hear_reply(s));
    s->input = STR("");
    return false;
}

void smtp_session_flush(struct smtp_session *s)
{
    smtp_output_flush(&s->output);
}

struct smtp_transaction *smtp_session_handed_over(struct smtp_session *s)
{
    for (unsigned i = 0; i < s->flight.slot_count; i++) {
        struct smtp_slot *slot = smtp_flight_slot(&s->flight, i);
        if (!slot->tx || !slot->whole || slot->handed_over || s->output.written < slot->end_offset)
            continue;
        slot->handed_over = true;
        return slot->tx;
    }
    return NULL;
}

bool smtp_session_rearmed(struct smtp_session *s, int64_t *ms)
{
    bool rearmed = s->rearmed;
    s->rearmed = false;
    *ms = s->timer_ms;
    return rearmed;
}
