/*
 * A server that says anything, in any pieces, to a session with transactions to send. The first
 * four bytes choose the session; then a byte below 0x08 is a happening (timeout, close, quit …) and
 * everything else is what the server says. However it goes: each transaction begins at most once
 * and ends exactly once; one that was accepted or is in doubt was written to its end; one that was
 * written to its end and is "not sent" met a 421, a server that lost count or does not know BDAT,
 * or output that never left; a breach of manners comes with an end that is one, and not after a
 * 421; and the end of the session comes once, last.
 */
#include <assert.h>

#include "smtp/session.h"

#define TRANSACTIONS 12

struct life {
    char body[16];
    bool began;
    bool whole; /* the end of its body was written */
    unsigned ends;
};

struct stage {
    struct smtp_params params;
    struct smtp_session session;
    struct smtp_transaction tx[TRANSACTIONS];
    struct life lives[TRANSACTIONS];
    unsigned sent;
    bool ready, closed;
    uint64_t written;
};

static void note_whole(struct stage *st, const char *end)
{
    for (unsigned i = 0; i < TRANSACTIONS; i++)
        if (end == st->tx[i].body[0].at + st->tx[i].body[0].len)
            st->lives[i].whole = true;
}

static void stage_write(void *owner, const struct str *parts, size_t n)
{
    struct stage *st = owner;
    assert(!st->closed && n > 0 && n <= SMTP_OUTPUT_PARTS);
    for (size_t i = 0; i < n; i++) {
        st->written += parts[i].len;
        note_whole(st, parts[i].at + parts[i].len);
    }
}

static void send_some(struct stage *st)
{
    while (st->sent < TRANSACTIONS && smtp_session_room(&st->session) > 0)
        smtp_session_send(&st->session, &st->tx[st->sent++]);
}

static void check_answer(const struct life *life, const struct smtp_event *e)
{
    const struct smtp_answer *a = &e->answer;
    assert(life->began != a->local);
    assert(a->reply->code >= 400 || smtp_answer_accepted(a));
    assert(a->reply->code / 100 != 3);
    assert(life->whole || !smtp_answer_accepted(a));
}

static void check_loss(const struct smtp_session *s, const struct life *life, enum smtp_loss loss)
{
    if (loss == SMTP_IN_DOUBT)
        assert(life->began && life->whole);
    else if (life->whole)
        assert(s->farewell || s->unsent || s->in_flight == 1 || s->manners.no_bdat);
}

static void check_event(struct stage *st, const struct smtp_event *e)
{
    struct life *life = e->tx ? &st->lives[e->tx - st->tx] : NULL;
    assert(!st->closed);
    if (e->kind == SMTP_EVENT_BEGAN) {
        assert(!life->began && life->ends == 0);
        life->began = true;
    } else if (e->kind == SMTP_EVENT_ANSWER) {
        check_answer(life, e);
        life->ends++;
    } else if (e->kind == SMTP_EVENT_LOST) {
        check_loss(&st->session, life, e->loss);
        life->ends++;
    } else if (e->kind == SMTP_EVENT_READY) {
        assert(!st->ready);
        assert(st->params.tls != SMTP_TLS_REQUIRED || st->session.secure);
        st->ready = true;
    }
}

static void check_manners(const struct smtp_session *s)
{
    const struct smtp_manners *m = &s->manners;
    bool breach =
        s->end == SMTP_END_TIMEOUT || s->end == SMTP_END_PEER_CLOSED || s->end == SMTP_END_GARBAGE;
    assert(!m->lost_count || s->in_flight == 1);
    assert(!m->broke_at || (breach && !s->farewell && !m->no_bdat && s->ready));
}

static void act(struct stage *st, const struct smtp_event *e)
{
    if (e->kind == SMTP_EVENT_CLOSE)
        smtp_session_gone(&st->session, SMTP_END_PEER_CLOSED, "");
    else if (e->kind == SMTP_EVENT_START_TLS)
        smtp_session_secured(&st->session);
    else if (e->kind == SMTP_EVENT_CLOSED)
        st->closed = true;
    else if (e->kind == SMTP_EVENT_READY || e->kind == SMTP_EVENT_ROOM)
        send_some(st);
}

static void pump(struct stage *st)
{
    struct smtp_event e;
    int64_t ms;
    while (smtp_session_next(&st->session, &e)) {
        check_event(st, &e);
        act(st, &e);
    }
    smtp_session_flush(&st->session);
    smtp_session_rearmed(&st->session, &ms);
    assert(st->session.output.written == st->written);
}

static void happen(struct stage *st, uint8_t what)
{
    if (what == 0)
        smtp_session_timeout(&st->session);
    else if (what == 1 && !st->session.gone)
        smtp_session_gone(&st->session, SMTP_END_PEER_CLOSED, "gone");
    else if (what == 2)
        smtp_session_quit(&st->session);
    else if (what == 3)
        smtp_session_abort(&st->session);
    else if (what == 4)
        smtp_session_drained(&st->session);
    else if (what == 5)
        send_some(st);
    else if (what == 6)
        st->session.unsent = !st->session.unsent;
}

static void stage_init(struct stage *st, const uint8_t *choice)
{
    memset(st, 0, sizeof(*st));
    st->params.ehlo_name = "me.example";
    st->params.timeouts = SMTP_TIMEOUTS_RFC;
    st->params.tls = choice[0] % 3;
    st->params.in_flight = choice[1] % (SMTP_IN_FLIGHT_MAX + 2);
    st->params.no_pipelining = choice[2] & 1;
    st->params.no_chunking = choice[2] & 2;
    st->params.no_starttls = choice[2] & 4;
    for (unsigned i = 0; i < TRANSACTIONS; i++) {
        bool bad = i == choice[3] % 16;
        st->tx[i].recipient = bad ? STR("u\r\n@x") : STR("u@x");
        snprintf(st->lives[i].body, sizeof(st->lives[i].body), "Hi\r\n.\r\n..%u", i);
        st->tx[i].body[0] = str_of(st->lives[i].body);
        st->tx[i].body_count = 1;
    }
    smtp_session_init(&st->session, &st->params, stage_write, st);
}

/* Feeds what the server says up to the next happening. */
static void play(struct stage *st, struct str script)
{
    while (script.len > 0 && !st->session.gone) {
        size_t n = 0;
        while (n < script.len && (unsigned char)script.at[n] >= 0x08)
            n++;
        if (n > 0)
            smtp_session_read(&st->session, str_from(script.at, n));
        else
            happen(st, (uint8_t)script.at[n++]);
        pump(st);
        script = str_skip(script, n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stage st;
    if (size < 4)
        return 0;
    stage_init(&st, data);
    smtp_session_opened(&st.session);
    pump(&st);
    play(&st, str_from(data + 4, size - 4));
    if (!st.session.gone)
        smtp_session_gone(&st.session, SMTP_END_PEER_CLOSED, "");
    pump(&st);
    assert(st.closed);
    check_manners(&st.session);
    for (unsigned i = 0; i < TRANSACTIONS; i++)
        assert(st.lives[i].ends == (i < st.sent ? 1 : 0));
    return 0;
}
