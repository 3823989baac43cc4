/*
 * A stage on which tests hold conversations with the pure session. One line, one step:
 *
 *     "S: 250 ok"        the server says this line (CRLF is added)
 *     "S+ 250 ok"        the same, in one read with the line after it
 *     "C: MAIL FROM:<>"  the client has said this line next
 *     "E: answer 1 …"    this event came next
 *     "! close"          the server closes the connection; also: timeout, secured, quit, abort,
 *                        unsent (what was written is still here), room N (N transactions may go)
 *
 * The client must have said and told all, and nothing more, before the server speaks again: so a
 * step that nobody expected fails the test where it happens. Transactions are numbered from 1; the
 * stage sends `to_send` of them as soon as there is room.
 */
#ifndef TOCSIN_TESTS_SMTP_CONVERSATION_H
#define TOCSIN_TESTS_SMTP_CONVERSATION_H

#include "smtp/session.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define STAGE_TRANSACTIONS 16

struct stage {
    struct smtp_params params;
    struct smtp_session session;
    struct smtp_transaction tx[STAGE_TRANSACTIONS];
    char recipient[STAGE_TRANSACTIONS][32];
    char body[STAGE_TRANSACTIONS][32];
    unsigned to_send, sent;
    struct buf said, told;
    size_t said_seen, told_seen;
    bool drip; /* the server's bytes come one by one */
};

static void stage_write(void *owner, const struct str *parts, size_t n)
{
    struct stage *st = owner;
    for (size_t i = 0; i < n; i++)
        buf_add_str(&st->said, parts[i]);
}

static void stage_init(struct stage *st, bool drip)
{
    memset(st, 0, sizeof(*st));
    st->drip = drip;
    st->params.ehlo_name = "me.example";
    st->params.server_name = "mx.example";
    st->params.timeouts = SMTP_TIMEOUTS_RFC;
    st->params.in_flight = 1;
    st->to_send = 1;
    for (unsigned i = 0; i < STAGE_TRANSACTIONS; i++) {
        snprintf(st->recipient[i], sizeof(st->recipient[i]), "u%u@x", i + 1);
        snprintf(st->body[i], sizeof(st->body[i]), "Hello %u\r\n", i + 1);
        st->tx[i].sender = STR("me@x");
        st->tx[i].recipient = str_of(st->recipient[i]);
        st->tx[i].body[0] = str_of(st->body[i]);
        st->tx[i].body_count = 1;
    }
    smtp_session_init(&st->session, &st->params, stage_write, st);
}

static void stage_release(struct stage *st)
{
    buf_release(&st->said);
    buf_release(&st->told);
}

static void stage_send(struct stage *st)
{
    while (st->sent < st->to_send && smtp_session_room(&st->session) > 0)
        smtp_session_send(&st->session, &st->tx[st->sent++]);
}

static void stage_tell_answer(struct stage *st, unsigned n, const struct smtp_answer *a)
{
    buf_addf(&st->told, "%s %u %s ", a->local ? "local" : "answer", n, smtp_phase_name(a->phase));
    smtp_reply_format(a->reply, &st->told);
}

static void stage_tell_closed(struct stage *st)
{
    buf_addf(&st->told, "closed: %s", smtp_end_name(st->session.end));
    if (st->session.end_reply.code)
        buf_addf(&st->told, ", %d", st->session.end_reply.code);
}

static void stage_tell(struct stage *st, const struct smtp_event *e)
{
    unsigned n = e->tx ? (unsigned)(e->tx - st->tx) + 1 : 0;
    if (e->kind == SMTP_EVENT_READY)
        buf_add_text(&st->told, st->session.secure ? "ready, secure" : "ready");
    else if (e->kind == SMTP_EVENT_BEGAN)
        buf_addf(&st->told, "began %u", n);
    else if (e->kind == SMTP_EVENT_ANSWER)
        stage_tell_answer(st, n, &e->answer);
    else if (e->kind == SMTP_EVENT_LOST)
        buf_addf(&st->told, "lost %u %s", n, smtp_loss_name(e->loss));
    else if (e->kind == SMTP_EVENT_START_TLS)
        buf_add_text(&st->told, "handshake");
    else if (e->kind == SMTP_EVENT_CLOSED)
        stage_tell_closed(st);
    buf_add_byte(&st->told, '\n');
}

static void stage_pump(struct stage *st)
{
    struct smtp_event e;
    while (smtp_session_next(&st->session, &e)) {
        if (e.kind == SMTP_EVENT_CLOSE)
            smtp_session_gone(&st->session, SMTP_END_PEER_CLOSED, "");
        else if (e.kind != SMTP_EVENT_ROOM)
            stage_tell(st, &e);
        if (e.kind == SMTP_EVENT_READY || e.kind == SMTP_EVENT_ROOM)
            stage_send(st);
    }
    smtp_session_flush(&st->session);
}

static void stage_feed(struct stage *st, struct str bytes)
{
    size_t step = st->drip ? 1 : bytes.len;
    for (size_t at = 0; at < bytes.len; at += step) {
        smtp_session_read(&st->session, str_from(bytes.at + at, step));
        stage_pump(st);
    }
}

/* Compares the next line of what was said or told. */
static void stage_expect(struct buf *from, size_t *seen, const char *what, const char *line)
{
    struct str rest = str_skip(buf_str(from), *seen);
    if (rest.len == 0)
        fail_msg("expected \"%s%s\", and nothing came", what, line);
    struct str next = str_cut(&rest, '\n');
    *seen += next.len + 1;
    next = str_trim(next);
    if (!str_eq(next, str_of(line)))
        fail_msg("expected \"%s%s\", and \"%.*s\" came", what, line, STR_ARG(next));
}

static void stage_expect_no_more(struct stage *st, const char *before)
{
    struct str said = str_skip(buf_str(&st->said), st->said_seen);
    struct str told = str_skip(buf_str(&st->told), st->told_seen);
    if (said.len > 0)
        fail_msg("before \"%s\", the client also said: %.*s", before, STR_ARG(said));
    if (told.len > 0)
        fail_msg("before \"%s\", also came: %.*s", before, STR_ARG(told));
}

static void stage_happen(struct stage *st, const char *what)
{
    if (strcmp(what, "close") == 0)
        smtp_session_gone(&st->session, SMTP_END_PEER_CLOSED, "");
    else if (strcmp(what, "timeout") == 0)
        smtp_session_timeout(&st->session);
    else if (strcmp(what, "secured") == 0)
        smtp_session_secured(&st->session);
    else if (strcmp(what, "quit") == 0)
        smtp_session_quit(&st->session);
    else if (strcmp(what, "abort") == 0)
        smtp_session_abort(&st->session);
    else if (strcmp(what, "unsent") == 0)
        st->session.unsent = true;
    else if (strncmp(what, "room ", 5) == 0)
        assert_int_equal(smtp_session_room(&st->session), what[5] - '0');
    else if (strcmp(what, "open") == 0)
        smtp_session_opened(&st->session);
    else
        fail_msg("the stage does not know \"%s\"", what);
    stage_pump(st);
}

static void stage_step(struct stage *st, struct buf *read, const char *line)
{
    if (line[0] == 'C')
        return stage_expect(&st->said, &st->said_seen, "C: ", line + 3);
    if (line[0] == 'E')
        return stage_expect(&st->told, &st->told_seen, "E: ", line + 3);
    if (read->len == 0)
        stage_expect_no_more(st, line);
    if (line[0] == '!')
        return stage_happen(st, line + 2);
    buf_addf(read, "%s\r\n", line + 3);
    if (line[1] == '+')
        return;
    stage_feed(st, buf_str(read));
    buf_reset(read);
}

/* Plays all lines, then sees that nothing is left over. */
static void stage_play(struct stage *st, const char *const *lines)
{
    struct buf read = BUF_INIT;
    for (; *lines; lines++)
        stage_step(st, &read, *lines);
    buf_release(&read);
    stage_expect_no_more(st, "the end");
}

#define PLAY(stage, ...) stage_play((stage), (const char *const[]){__VA_ARGS__, NULL})

/* The openings that most conversations share. */
#define GREETED "! open", "S: 220 mx.example ESMTP", "C: EHLO me.example"
#define MODERN GREETED, "S: 250-mx.example", "S: 250-PIPELINING", "S: 250 CHUNKING", "E: ready"
#define PIPELINED GREETED, "S: 250-mx.example", "S: 250 PIPELINING", "E: ready"
#define CHUNKED GREETED, "S: 250-mx.example", "S: 250 CHUNKING", "E: ready"
#define PLAIN GREETED, "S: 250 mx.example", "E: ready"

/* What the client says for transaction N. */
#define FLIGHT(n) \
    "E: began " n, "C: MAIL FROM:<me@x>", "C: RCPT TO:<u" n "@x>", "C: BDAT 9 LAST", "C: Hello " n
#define NEXT_FLIGHT(n)                                                                          \
    "E: began " n, "C: RSET", "C: MAIL FROM:<me@x>", "C: RCPT TO:<u" n "@x>", "C: BDAT 9 LAST", \
        "C: Hello " n
#define ACCEPTED(n)                                              \
    "S: 250 2.1.0 ok", "S: 250 2.1.5 ok", "S: 250 2.0.0 queued", \
        "E: answer " n " body 250 2.0.0 queued"

/* Every conversation is held twice: with the server's lines whole, and byte by byte. */
static struct stage stage;
static bool drip;

static int start(void **state)
{
    (void)state;
    stage_init(&stage, drip);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    stage_release(&stage);
    return 0;
}

#define TALK(test) cmocka_unit_test_setup_teardown(test, start, stop)

#endif
