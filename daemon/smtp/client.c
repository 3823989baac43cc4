#include "smtp/client.h"

#include <assert.h>

#include "base/alloc.h"
#include "loop/loop.h"
#include "loop/stream.h"
#include "loop/timer.h"
#include "smtp/session.h"

/* The session decides, the stream carries, and the pump below is all there is between them. */
struct smtp_client {
    struct smtp_session session;
    struct stream *stream;
    struct timer timer;
    struct chore late; /* the time is up: what came until the end of this turn still counts */
    const struct smtp_events *events;
    void *owner;
    bool pumping;
};

static void tell_ready(struct smtp_client *c)
{
    struct stream_tls_info tls = {0};
    if (c->session.secure)
        tls = stream_tls_info(c->stream);
    c->events->on_ready(c, c->owner, &c->session.offers, c->session.secure ? &tls : NULL);
}

static void tell_closed(struct smtp_client *c)
{
    const struct smtp_session *s = &c->session;
    c->events->on_closed(c, c->owner, s->end, s->end_reply.code ? &s->end_reply : NULL,
                         s->sentence);
}

static void start_tls(struct smtp_client *c)
{
    const struct smtp_params *params = c->session.params;
    struct stream_tls tls = {
        .ctx = params->tls_context,
        .server_name = params->server_name,
        .session = params->tls_resume,
        .unread = c->session.input.len,
    };
    stream_start_tls(c->stream, &tls);
}

/* After QUIT in good order; a session that ended otherwise has nothing more to say. */
static void close_stream(struct smtp_client *c)
{
    if (c->session.end == SMTP_END_QUIT && c->session.ready)
        stream_close(c->stream);
    else
        stream_abort(c->stream);
}

static void act(struct smtp_client *c, const struct smtp_event *event)
{
    switch (event->kind) {
    case SMTP_EVENT_READY:
        return tell_ready(c);
    case SMTP_EVENT_BEGAN:
        return c->events->on_began(c, c->owner, event->tx);
    case SMTP_EVENT_ANSWER:
        return c->events->on_answer(c, c->owner, event->tx, &event->answer);
    case SMTP_EVENT_LOST:
        return c->events->on_lost(c, c->owner, event->tx, event->loss, c->session.sentence);
    case SMTP_EVENT_ROOM:
        return c->events->on_room(c, c->owner);
    case SMTP_EVENT_START_TLS:
        return start_tls(c);
    case SMTP_EVENT_CLOSE:
        return close_stream(c);
    case SMTP_EVENT_CLOSED:
        return tell_closed(c);
    }
}

static void set_timer(struct smtp_client *c)
{
    int64_t ms;
    if (!smtp_session_rearmed(&c->session, &ms))
        return;
    chore_cancel(&c->late);
    if (ms > 0)
        timer_start(&c->timer, (uint64_t)ms);
    else
        timer_stop(&c->timer);
}

static bool tell_handed_over(struct smtp_client *c)
{
    struct smtp_transaction *tx = smtp_session_handed_over(&c->session);
    if (tx && c->events->on_handed_over)
        c->events->on_handed_over(c, c->owner, tx);
    return tx != NULL;
}

/* Acts on all events, those too that callbacks cause; nested calls leave the work to the first. */
static void pump(struct smtp_client *c)
{
    struct smtp_event event;
    if (c->pumping)
        return;
    c->pumping = true;
    do {
        while (smtp_session_next(&c->session, &event))
            act(c, &event);
        smtp_session_flush(&c->session);
    } while (tell_handed_over(c));
    set_timer(c);
    c->pumping = false;
}

/* What the kernel did not take yet has certainly not arrived: the session is told. */
static void write_parts(void *owner, const struct str *parts, size_t n)
{
    struct smtp_client *c = owner;
    c->session.unsent = !stream_write(c->stream, parts, n);
}

static void on_open(void *owner)
{
    struct smtp_client *c = owner;
    smtp_session_opened(&c->session);
    pump(c);
}

static void on_read(void *owner, struct str bytes)
{
    struct smtp_client *c = owner;
    smtp_session_read(&c->session, bytes);
    pump(c);
}

static void on_drained(void *owner)
{
    struct smtp_client *c = owner;
    c->session.unsent = false;
    smtp_session_drained(&c->session);
    pump(c);
}

/* A failed handshake closes the stream by itself: on_stream_closed tells. */
static void on_secure(void *owner, int result, const struct err *err)
{
    struct smtp_client *c = owner;
    (void)err;
    if (result < 0)
        return;
    smtp_session_secured(&c->session);
    pump(c);
}

static void on_stream_closed(void *owner, enum stream_end why, const char *detail)
{
    struct smtp_client *c = owner;
    smtp_session_gone(&c->session,
                      why == STREAM_SHORTAGE ? SMTP_END_SHORTAGE : SMTP_END_PEER_CLOSED, detail);
    pump(c);
    timer_stop(&c->timer);
    chore_cancel(&c->late);
    free(c);
}

/*
 * Timers ring before sockets are read. An answer that lies there already, because this process was
 * kept from reading it, is no silence: to say so would send the message a second time.
 */
static void on_time_up(void *owner)
{
    struct smtp_client *c = owner;
    chore_ask(&c->late);
}

static void on_late(void *owner)
{
    struct smtp_client *c = owner;
    smtp_session_timeout(&c->session);
    pump(c);
}

static const struct stream_events stream_events = {
    .on_open = on_open,
    .on_read = on_read,
    .on_drained = on_drained,
    .on_secure = on_secure,
    .on_closed = on_stream_closed,
};

static_assert((int)SMTP_ADDRESSES_MAX == (int)STREAM_ADDRESSES_MAX,
              "they are handed on as they are");

static struct stream_target target_of(const struct smtp_params *params)
{
    struct stream_target target = {
        .address_count = params->address_count,
        .source4 = params->source4,
        .source6 = params->source6,
        .timeout_ms = (uint64_t)params->timeouts.connect,
        .apart_ms = params->apart_ms,
    };
    memcpy(target.addresses, params->addresses, sizeof(target.addresses));
    return target;
}

struct smtp_client *smtp_client_new(struct loop *loop, const struct smtp_params *params,
                                    const struct smtp_events *events, void *owner)
{
    struct stream_target target = target_of(params);
    struct smtp_client *c = NEW(struct smtp_client);
    c->events = events;
    c->owner = owner;
    smtp_session_init(&c->session, params, write_parts, c);
    timer_init(&c->timer, loop, on_time_up, c);
    chore_init(&c->late, loop, on_late, c);
    c->stream = stream_connect(loop, &target, &stream_events, c);
    pump(c);
    return c;
}

int smtp_client_reached(const struct smtp_client *client)
{
    return stream_attempts(client->stream).reached;
}

unsigned smtp_client_failed(const struct smtp_client *client)
{
    return stream_attempts(client->stream).failed;
}

const char *smtp_client_failures(const struct smtp_client *client)
{
    return stream_attempts(client->stream).sentence;
}

struct smtp_manners smtp_client_manners(const struct smtp_client *client)
{
    return client->session.manners;
}

unsigned smtp_client_room(const struct smtp_client *client)
{
    return smtp_session_room(&client->session);
}

void smtp_client_send(struct smtp_client *client, struct smtp_transaction *tx)
{
    smtp_session_send(&client->session, tx);
}

void smtp_client_flush(struct smtp_client *client)
{
    pump(client);
}

void smtp_client_quit(struct smtp_client *client)
{
    smtp_session_quit(&client->session);
    pump(client);
}

void smtp_client_abort(struct smtp_client *client)
{
    smtp_session_abort(&client->session);
    pump(client);
}

struct ssl_session_st *smtp_client_tls_session(struct smtp_client *client)
{
    return stream_session(client->stream);
}
