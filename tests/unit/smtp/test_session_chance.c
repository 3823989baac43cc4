#include "chance_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "smtp/session.h"

/*
 * Thousands of conversations with a server that fails by chance, through a network that carries
 * bytes in pieces, for an owner who changes his mind. Whatever happens: each transaction ends once,
 * by the reply that was meant for it; what is called not sent was not taken; what is in doubt was
 * sent whole and not answered. A failure names the round, and a round is the same each time.
 */

enum end { NOT_ENDED, DELIVERED, REFUSED, IN_DOUBT, NOT_SENT };

struct person {
    char sender[16], recipient[16];
    struct buf body;
    struct smtp_transaction tx;
    bool sent, began;
    enum end end;
};

struct world {
    unsigned round;
    uint64_t seed;
    struct smtp_params params;
    struct smtp_session session;
    struct chance_server server;
    struct buf wire;
    struct person people[CHANCE_PEOPLE + 1]; /* the first is nobody */
    unsigned sent, flying;
    bool moody;   /* the owner quits and aborts, the line breaks, time runs out */
    bool cut;     /* nothing leaves this machine any more */
    bool dropped; /* the network cut it, without the server's doing */
    bool closed;
};

/* How often each kind of thing happened in all rounds: a test of nothing would pass too. */
static struct {
    unsigned ends[NOT_SENT + 1];
    unsigned refused_at[SMTP_PHASE_BODY + 1];
    unsigned overlapped, spared_by_421, spared_by_unsent, spared_by_503;
} seen;

#define CHECK(w, condition, ...)                                              \
    do {                                                                      \
        if (!(condition)) {                                                   \
            print_error("round %u: ", (w)->round);                            \
            print_error(__VA_ARGS__);                                         \
            print_error("\nC: %.*s\nS: %.*s\n", STR_ARG(buf_str(&(w)->wire)), \
                        STR_ARG(buf_str(&(w)->server.said)));                 \
            fail();                                                           \
        }                                                                     \
    } while (0)

/* The kernel takes all, or a part and later the rest. */
static void world_write(void *owner, const struct str *parts, size_t n)
{
    struct world *w = owner;
    bool clogged = w->server.left < w->wire.len || chance(&w->seed, 3) == 0;
    for (size_t i = 0; i < n; i++)
        buf_add_str(&w->wire, parts[i]);
    size_t rest = w->wire.len - w->server.left;
    w->server.left += clogged ? chance(&w->seed, rest) : rest;
    w->session.unsent = clogged;
}

static void init_person(struct person *p, unsigned n)
{
    snprintf(p->sender, sizeof(p->sender), "from%u@x", n);
    snprintf(p->recipient, sizeof(p->recipient), "to%u@x", n);
    chance_body(&p->body, n);
    struct str body = buf_str(&p->body);
    size_t half = body.len / 2;
    p->tx = (struct smtp_transaction){.owner = p,
                                      .sender = str_of(p->sender),
                                      .recipient = str_of(p->recipient),
                                      .body = {str_from(body.at, half), str_skip(body, half)},
                                      .body_count = 2};
}

static void world_init(struct world *w, unsigned round)
{
    static const unsigned in_flight[] = {1, 2, 4, 8, SMTP_IN_FLIGHT_MAX};
    memset(w, 0, sizeof(*w));
    w->round = round;
    w->seed = round;
    w->moody = chance(&w->seed, 4) == 0;
    w->params = (struct smtp_params){.ehlo_name = "me.example",
                                     .server_name = "chance.example",
                                     .timeouts = SMTP_TIMEOUTS_RFC,
                                     .in_flight = in_flight[round % 5]};
    w->server = (struct chance_server){.seed = ~(uint64_t)round,
                                       .pipelining = round / 5 % 4 != 0,
                                       .chunking = round / 20 % 2 != 0,
                                       .wire = &w->wire};
    w->server.faults = chance(&w->seed, 3) * 30;
    buf_add_text(&w->server.said, "220 chance.example\r\n");
    for (unsigned n = 1; n <= CHANCE_PEOPLE; n++)
        init_person(&w->people[n], n);
    smtp_session_init(&w->session, &w->params, world_write, w);
}

static void world_release(struct world *w)
{
    for (unsigned n = 1; n <= CHANCE_PEOPLE; n++)
        buf_release(&w->people[n].body);
    server_release(&w->server);
    buf_release(&w->wire);
}

/* Where the last byte of a person's message lies in the wire, or 0 when it was not written. */
static size_t end_of_message(const struct world *w, unsigned n)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "yours, end of %u\r\n%s", n,
                       w->server.chunking ? "" : ".\r\n");
    const char *found = memmem(w->wire.at, w->wire.len, text, (size_t)len);
    return found ? (size_t)(found - w->wire.at) + (size_t)len : 0;
}

static struct person *person_of(struct world *w, const struct smtp_transaction *tx, unsigned *n)
{
    struct person *p = tx->owner;
    *n = (unsigned)(p - w->people);
    CHECK(w, p->sent && p->began && p->end == NOT_ENDED, "person %u ends out of turn", *n);
    w->flying--;
    return p;
}

static void on_answer(struct world *w, const struct smtp_event *e)
{
    unsigned n;
    char named[32];
    struct person *p = person_of(w, e->tx, &n);
    int len = snprintf(named, sizeof(named), "%s %u", smtp_phase_name(e->answer.phase), n);
    CHECK(w, str_ends(e->answer.reply->text, str_from(named, (size_t)len)),
          "person %u gets the answer \"%.*s\" at %s", n, STR_ARG(e->answer.reply->text),
          smtp_phase_name(e->answer.phase));
    CHECK(w, !e->answer.local, "person %u is refused here", n);
    p->end = smtp_answer_accepted(&e->answer) ? DELIVERED : REFUSED;
    if (p->end == REFUSED)
        seen.refused_at[e->answer.phase]++;
}

/* It was sent whole and yet it is not in doubt: one of three reasons must be there. */
static void check_spared(struct world *w, unsigned n, size_t end, bool heard)
{
    bool lost_count = heard && w->server.final_code[n] == 503;
    bool farewell = w->session.farewell && w->session.gone;
    bool unsent = end > w->server.left;
    CHECK(w, lost_count || farewell || unsent, "person %u was sent, and is not in doubt", n);
    seen.spared_by_503 += lost_count;
    seen.spared_by_421 += farewell && !lost_count;
    seen.spared_by_unsent += unsent && !farewell && !lost_count;
}

static void on_lost(struct world *w, const struct smtp_event *e)
{
    unsigned n;
    struct person *p = person_of(w, e->tx, &n);
    size_t end = end_of_message(w, n), final = w->server.final_at[n];
    bool heard = final && final <= w->server.delivered;
    p->end = e->loss == SMTP_IN_DOUBT ? IN_DOUBT : NOT_SENT;
    if (p->end == NOT_SENT && end)
        check_spared(w, n, end, heard);
    if (p->end == NOT_SENT)
        return;
    CHECK(w, end, "person %u is in doubt, and the message was not written", n);
    CHECK(w, !heard || w->server.senseless_once, "person %u is in doubt after an answer", n);
}

static void on_began(struct world *w, const struct smtp_event *e)
{
    struct person *p = e->tx->owner;
    unsigned n = (unsigned)(p - w->people);
    CHECK(w, p->sent && !p->began, "person %u begins out of turn", n);
    CHECK(w, !memmem(w->wire.at, w->wire.len, p->recipient, strlen(p->recipient)),
          "person %u begins after the first byte", n);
    p->began = true;
    w->flying++;
    seen.overlapped += w->flying > 1;
    CHECK(w, w->flying <= w->params.in_flight, "%u are in flight", w->flying);
}

/* Sends as many as there is room for, or fewer. */
static bool world_send(struct world *w)
{
    unsigned room = smtp_session_room(&w->session);
    if (room == 0 || w->sent == CHANCE_PEOPLE)
        return false;
    room = 1 + (unsigned)chance(&w->seed, room);
    while (room-- > 0 && w->sent < CHANCE_PEOPLE) {
        struct person *p = &w->people[++w->sent];
        p->sent = true;
        smtp_session_send(&w->session, &p->tx);
    }
    return true;
}

static void world_event(struct world *w, const struct smtp_event *e)
{
    CHECK(w, !w->closed, "event %d after the end", (int)e->kind);
    if (e->kind == SMTP_EVENT_BEGAN)
        on_began(w, e);
    else if (e->kind == SMTP_EVENT_ANSWER)
        on_answer(w, e);
    else if (e->kind == SMTP_EVENT_LOST)
        on_lost(w, e);
    else if (e->kind == SMTP_EVENT_ROOM)
        world_send(w);
    else if (e->kind == SMTP_EVENT_CLOSE) {
        w->cut = true;
        smtp_session_gone(&w->session, SMTP_END_PEER_CLOSED, "");
    }
    w->closed = e->kind == SMTP_EVENT_CLOSED;
}

static void world_pump(struct world *w)
{
    struct smtp_event e;
    while (smtp_session_next(&w->session, &e))
        world_event(w, &e);
    smtp_session_flush(&w->session);
}

/* What may happen next; each returns whether it did. */

static bool leave(struct world *w)
{
    if (w->cut || w->server.left == w->wire.len)
        return false;
    w->server.left += 1 + chance(&w->seed, w->wire.len - w->server.left);
    if (w->server.left == w->wire.len) {
        w->session.unsent = false;
        smtp_session_drained(&w->session);
        world_pump(w);
    }
    return true;
}

static bool serve(struct world *w)
{
    bool served = server_step(&w->server);
    CHECK(w, !w->server.complaint, "the server complains of %s", w->server.complaint);
    return served;
}

static bool deliver(struct world *w)
{
    struct chance_server *sv = &w->server;
    if (w->cut || sv->delivered == sv->said.len)
        return false;
    size_t len = 1 + chance(&w->seed, sv->said.len - sv->delivered);
    struct buf copy = BUF_INIT; /* what is said meanwhile moves the buffer */
    buf_add(&copy, sv->said.at + sv->delivered, len);
    sv->delivered += len;
    smtp_session_read(&w->session, buf_str(&copy));
    world_pump(w);
    buf_release(&copy);
    return true;
}

static bool part(struct world *w)
{
    if (w->cut || w->server.mode != SERVER_CLOSED || w->server.delivered < w->server.said.len)
        return false;
    w->cut = true;
    smtp_session_gone(&w->session, SMTP_END_PEER_CLOSED, "");
    world_pump(w);
    return true;
}

static bool send_more(struct world *w)
{
    bool sent = world_send(w);
    world_pump(w);
    return sent;
}

static void be_moody(struct world *w)
{
    uint64_t mood = chance(&w->seed, 4);
    if (mood == 0)
        smtp_session_quit(&w->session);
    else if (mood == 1)
        smtp_session_abort(&w->session);
    else if (mood == 2)
        smtp_session_timeout(&w->session);
    else if (!w->cut && !w->server.busy_once) {
        w->cut = true;
        smtp_session_gone(&w->session, SMTP_END_PEER_CLOSED, "");
    }
    world_pump(w);
}

/* Nothing moves by itself: all is done, or the time for an answer runs out. */
static void wait(struct world *w)
{
    if (w->flying == 0 && w->sent == CHANCE_PEOPLE && w->session.state == SMTP_IDLE) {
        smtp_session_quit(&w->session);
    } else {
        CHECK(w, w->session.timer_ms > 0, "the session waits without end in state %d",
              (int)w->session.state);
        smtp_session_timeout(&w->session);
    }
    world_pump(w);
}

static void world_step(struct world *w)
{
    static bool (*const ways[])(struct world *) = {leave, serve, deliver, part, send_more};
    const size_t count = sizeof(ways) / sizeof(ways[0]);
    if (w->moody && chance(&w->seed, 100) == 0)
        return be_moody(w);
    size_t first = chance(&w->seed, count);
    for (size_t i = 0; i < count; i++)
        if (ways[(first + i) % count](w))
            return;
    wait(w);
}

/* What has left this machine may yet be read by a server that nobody listens to any more. */
static void serve_the_rest(struct world *w)
{
    w->server.faults = 0;
    while (server_step(&w->server))
        ;
}

static void check_ends(struct world *w)
{
    for (unsigned n = 1; n <= w->sent; n++) {
        struct person *p = &w->people[n];
        unsigned took = w->server.took[n];
        CHECK(w, p->end != NOT_ENDED || !p->began, "person %u was forgotten", n);
        CHECK(w, took <= 1, "person %u got %u copies", n, took);
        CHECK(w, took == 1 || p->end != DELIVERED, "person %u was lost", n);
        CHECK(w, took == 0 || (p->end != REFUSED && p->end != NOT_SENT),
              "person %u has a copy, and would be sent another", n);
        seen.ends[p->end]++;
    }
}

static void play_round(unsigned round)
{
    struct world w;
    world_init(&w, round);
    smtp_session_opened(&w.session);
    for (unsigned steps = 0; !w.closed; steps++) {
        CHECK(&w, steps < 10000, "it does not end");
        world_step(&w);
    }
    serve_the_rest(&w);
    check_ends(&w);
    world_release(&w);
}

static void test_whatever_happens(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 4000; round++)
        play_round(round);
    for (enum end end = DELIVERED; end <= NOT_SENT; end++)
        assert_true(seen.ends[end] > 100);
    for (enum smtp_phase phase = SMTP_PHASE_MAIL; phase <= SMTP_PHASE_BODY; phase++)
        assert_true(seen.refused_at[phase] > 100);
    assert_true(seen.overlapped > 1000);
    assert_true(seen.spared_by_421 > 100);
    assert_true(seen.spared_by_unsent > 20);
    assert_true(seen.spared_by_503 > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
