#include "smtp/client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "loop/address.h"
#include "loop/loop.h"
#include "loop/stream.h"
#include "unit/loop/sockets.h"

/*
 * The client with real sockets: a thread plays the server by a script, the test's own thread runs
 * the loop. Lines of the script: "S: said", "C: heard", and "TLS", "pause" (30 ms), "wait" (until
 * the client leaves), "close". What the client tells comes out as text.
 */
struct server {
    int listener;
    const char *const *script;
    SSL_CTX *tls;
    pthread_t thread;
    int fd;
    SSL *ssl;
    char fault[512]; /* empty: all went by the script */
};

static int server_read(struct server *sv, char *byte)
{
    return sv->ssl ? SSL_read(sv->ssl, byte, 1) : (int)recv(sv->fd, byte, 1, 0);
}

static void server_say(struct server *sv, const char *line)
{
    char wire[600];
    int n = snprintf(wire, sizeof(wire), "%s\r\n", line);
    if (sv->ssl)
        SSL_write(sv->ssl, wire, n);
    else
        peer_send(sv->fd, str_from(wire, (size_t)n));
}

static void server_hear(struct server *sv, const char *expected)
{
    char line[400];
    size_t n = 0;
    while (n < sizeof(line) - 1 && server_read(sv, line + n) == 1)
        if (line[n++] == '\n')
            break;
    line[n] = '\0';
    struct str heard = str_trim(str_from(line, n));
    if (!str_eq(heard, str_of(expected)) && !sv->fault[0])
        snprintf(sv->fault, sizeof(sv->fault), "expected \"%s\", heard \"%.*s\"", expected,
                 STR_ARG(heard));
}

static void server_secure(struct server *sv)
{
    sv->ssl = SSL_new(sv->tls);
    SSL_set_fd(sv->ssl, sv->fd);
    if (SSL_accept(sv->ssl) != 1)
        snprintf(sv->fault, sizeof(sv->fault), "the handshake failed");
}

static void server_wait(struct server *sv)
{
    char byte;
    while (server_read(sv, &byte) == 1)
        continue;
}

static void server_step(struct server *sv, const char *line)
{
    if (line[0] == 'S')
        server_say(sv, line + 3);
    else if (line[0] == 'C')
        server_hear(sv, line + 3);
    else if (line[0] == 'T')
        server_secure(sv);
    else if (line[0] == 'p')
        usleep(30000);
    else if (line[0] == 'w')
        server_wait(sv);
}

static void *server_run(void *arg)
{
    struct server *sv = arg;
    sv->fd = accept(sv->listener, NULL, NULL);
    for (const char *const *line = sv->script; *line; line++)
        server_step(sv, *line);
    if (sv->ssl)
        SSL_free(sv->ssl);
    close(sv->fd);
    return NULL;
}

struct world {
    struct loop loop;
    struct smtp_params params;
    struct smtp_client *client;
    struct smtp_transaction tx[3];
    unsigned to_send, sent, handed_over;
    int reached; /* as on_closed could ask */
    unsigned failed;
    char failures[400];
    bool abort_on_began;
    unsigned busy_ms; /* after the first answer the loop does something else for so long */
    struct buf told;
    struct ssl_session_st *tls_session;
    struct server server;
};

static struct world world;

static void send_some(struct world *w)
{
    while (w->sent < w->to_send && smtp_client_room(w->client) > 0)
        smtp_client_send(w->client, &w->tx[w->sent++]);
}

static unsigned number(const struct world *w, const struct smtp_transaction *tx)
{
    return (unsigned)(tx - w->tx) + 1;
}

static void on_ready(struct smtp_client *client, void *owner, const struct smtp_extensions *offers,
                     const struct stream_tls_info *tls)
{
    struct world *w = owner;
    assert_ptr_equal(client, w->client);
    buf_addf(&w->told, "ready%s%s%s|", offers->chunking ? " chunking" : "", tls ? " tls" : "",
             tls && tls->resumed ? " resumed" : "");
    assert_true(smtp_client_reached(client) >= 0);
    send_some(w);
    if (w->to_send == 0)
        smtp_client_quit(client);
}

static void on_began(struct smtp_client *client, void *owner, struct smtp_transaction *tx)
{
    struct world *w = owner;
    buf_addf(&w->told, "began %u|", number(w, tx));
    if (w->abort_on_began)
        smtp_client_abort(client);
}

/* From here on nobody may look at the message. */
static void on_handed_over(struct smtp_client *client, void *owner, struct smtp_transaction *tx)
{
    struct world *w = owner;
    (void)client;
    w->handed_over++;
    for (size_t i = 0; i < tx->body_count; i++)
        tx->body[i] = str_from((const char *)1, 1000);
}

static void on_answer(struct smtp_client *client, void *owner, struct smtp_transaction *tx,
                      const struct smtp_answer *answer)
{
    struct world *w = owner;
    buf_addf(&w->told, "%u: ", number(w, tx));
    smtp_reply_format(answer->reply, &w->told);
    buf_add_byte(&w->told, '|');
    if (number(w, tx) == 1)
        usleep(w->busy_ms * 1000);
    if (number(w, tx) == w->to_send)
        smtp_client_quit(client);
}

static void on_lost(struct smtp_client *client, void *owner, struct smtp_transaction *tx,
                    enum smtp_loss loss, const char *sentence)
{
    struct world *w = owner;
    (void)client;
    assert_true(strlen(sentence) > 10);
    buf_addf(&w->told, "%u: %s|", number(w, tx), smtp_loss_name(loss));
}

static void on_room(struct smtp_client *client, void *owner)
{
    (void)client;
    send_some(owner);
}

static void on_closed(struct smtp_client *client, void *owner, enum smtp_end end,
                      const struct smtp_reply *reply, const char *sentence)
{
    struct world *w = owner;
    buf_addf(&w->told, "%s", smtp_end_name(end));
    if (reply)
        buf_addf(&w->told, " %d", reply->code);
    assert_true(sentence[strlen(sentence) - 1] == '.');
    smtp_client_abort(client);
    assert_int_equal(smtp_client_room(client), 0);
    w->reached = smtp_client_reached(client);
    w->failed = smtp_client_failed(client);
    snprintf(w->failures, sizeof(w->failures), "%s", smtp_client_failures(client));
    w->tls_session = smtp_client_tls_session(client);
    loop_stop(&w->loop);
}

static const struct smtp_events events = {
    .on_ready = on_ready,
    .on_began = on_began,
    .on_handed_over = on_handed_over,
    .on_answer = on_answer,
    .on_lost = on_lost,
    .on_room = on_room,
    .on_closed = on_closed,
};

static void write_messages(void)
{
    for (unsigned i = 0; i < 3; i++)
        world.tx[i] = (struct smtp_transaction){.sender = STR("me@x"),
                                                .recipient = STR("u@x"),
                                                .body = {STR("Hello\r\n"), STR(".dot\r\n")},
                                                .body_count = 2};
}

static int start(void **state)
{
    unsigned port;
    (void)state;
    memset(&world, 0, sizeof(world));
    world.server.listener = peer_listen(&port);
    world.params.addresses[0] = loopback(port);
    world.params.address_count = 1;
    world.params.ehlo_name = "me.example";
    world.params.server_name = "mx.example";
    world.params.timeouts = SMTP_TIMEOUTS_RFC;
    world.params.in_flight = 2;
    world.params.tls_context = SSL_CTX_new(TLS_client_method());
    world.server.tls = self_signed("mx.example");
    world.to_send = 1;
    write_messages();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    buf_release(&world.told);
    close(world.server.listener);
    SSL_SESSION_free(world.tls_session);
    SSL_SESSION_free(world.params.tls_resume);
    SSL_CTX_free(world.params.tls_context);
    SSL_CTX_free(world.server.tls);
    return 0;
}

/* Runs one session to its end, and compares what the client told. */
static void run_script(const char *const *script, const char *told)
{
    struct server *sv = &world.server;
    sv->script = script;
    sv->ssl = NULL;
    assert_int_equal(loop_init(&world.loop, "test", NULL), 0);
    assert_int_equal(pthread_create(&sv->thread, NULL, server_run, sv), 0);
    world.client = smtp_client_new(&world.loop, &world.params, &events, &world);
    loop_run(&world.loop);
    loop_release(&world.loop);
    pthread_join(sv->thread, NULL);
    assert_string_equal(sv->fault, "");
    assert_string_equal(world.told.at, told);
}

#define RUN(told, ...) run_script((const char *const[]){__VA_ARGS__, NULL}, told)

#define HELLO "S: 220 mx.example", "C: EHLO me.example"
#define FLIGHT "C: MAIL FROM:<me@x>", "C: RCPT TO:<u@x>", "C: BDAT 13 LAST", "C: Hello", "C: .dot"
#define TAKEN "S: 250 ok", "S: 250 ok", "S: 250 taken"
#define BYE "C: QUIT", "S: 221 bye", "wait"
#define SECURE_TALK                                                                                \
    HELLO, "S: 250-mx.example", "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS",              \
        "C: EHLO me.example", "S: 250-mx.example", "S: 250-PIPELINING", "S: 250 CHUNKING", FLIGHT, \
        "C: RSET", FLIGHT, TAKEN, "C: RSET", FLIGHT, "S: 250 ok", TAKEN, "S: 250 ok", TAKEN, BYE

static void test_overlapping_flights_over_tls(void **state)
{
    (void)state;
    world.params.tls = SMTP_TLS_REQUIRED;
    world.to_send = 3;
    RUN("ready chunking tls|began 1|began 2|1: 250 taken|began 3|2: 250 taken|3: 250 taken|quit",
        SECURE_TALK);
    assert_int_equal(world.handed_over, 3);
}

static void test_the_next_session_resumes(void **state)
{
    (void)state;
    world.params.tls = SMTP_TLS_OPPORTUNISTIC;
    world.to_send = 3;
    RUN("ready chunking tls|began 1|began 2|1: 250 taken|began 3|2: 250 taken|3: 250 taken|quit",
        SECURE_TALK);
    assert_non_null(world.tls_session);
    world.params.tls_resume = world.tls_session;
    world.tls_session = NULL;
    world.sent = 0;
    write_messages();
    buf_reset(&world.told);
    RUN("ready chunking tls resumed|began 1|began 2|1: 250 taken|began 3|2: 250 taken|"
        "3: 250 taken|quit",
        SECURE_TALK);
}

static void test_data_in_clear(void **state)
{
    (void)state;
    RUN("ready|began 1|1: 250 taken|quit", HELLO, "S: 250 mx.example", "C: MAIL FROM:<me@x>",
        "S: 250 ok", "C: RCPT TO:<u@x>", "S: 250 ok", "C: DATA", "S: 354 go", "C: Hello",
        "C: ..dot", "C: .", "S: 250 taken", BYE);
}

static void test_a_handshake_with_no_tls_behind_it(void **state)
{
    (void)state;
    world.params.tls = SMTP_TLS_OPPORTUNISTIC;
    RUN("tls failed", HELLO, "S: 250-mx.example", "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go",
        "S: 500 what is this? I speak no TLS at all", "wait");
}

static void test_a_server_that_leaves_in_the_handshake(void **state)
{
    (void)state;
    world.params.tls = SMTP_TLS_OPPORTUNISTIC;
    RUN("tls failed", HELLO, "S: 250-mx.example", "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go");
}

/* A session that comes to no connection. */
static void run_unanswered(const char *told)
{
    assert_int_equal(loop_init(&world.loop, "test", NULL), 0);
    world.client = smtp_client_new(&world.loop, &world.params, &events, &world);
    loop_run(&world.loop);
    loop_release(&world.loop);
    assert_string_equal(world.told.at, told);
    assert_int_equal(world.reached, -1);
}

static unsigned refusing_port(void)
{
    unsigned port;
    close(peer_listen(&port));
    return port;
}

static void test_nobody_listens(void **state)
{
    (void)state;
    world.params.addresses[0] = loopback(refusing_port());
    world.params.addresses[1] = loopback(refusing_port());
    world.params.address_count = 2;
    run_unanswered("connect failed");
    assert_int_equal(world.failed, 3);
    assert_non_null(strstr(world.failures, "refused; to 127.0.0.1:"));
}

static void test_nobody_answers(void **state)
{
    struct deaf deaf;
    (void)state;
    deaf_start(&deaf);
    world.params.addresses[0] = loopback(deaf.port);
    world.params.timeouts.connect = 50;
    run_unanswered("connect failed");
    assert_int_equal(world.failed, 1);
    assert_non_null(strstr(world.failures, "did not answer in time"));
    deaf_end(&deaf);
}

static void test_nothing_to_connect_with(void **state)
{
    (void)state;
    socket_address_parse(STR("192.0.2.1:0"), &world.params.source4, NULL);
    run_unanswered("nothing to connect with");
    assert_int_equal(world.failed, 0);
}

/* The first refuses, the second never answers, the third is the server. */
static void test_the_third_address_is_reached(void **state)
{
    struct deaf deaf;
    (void)state;
    deaf_start(&deaf);
    world.params.addresses[2] = world.params.addresses[0];
    world.params.addresses[1] = loopback(deaf.port);
    world.params.addresses[0] = loopback(refusing_port());
    world.params.address_count = 3;
    world.params.apart_ms = 30;
    world.to_send = 0;
    RUN("ready|quit", HELLO, "S: 250 mx.example", BYE);
    assert_int_equal(world.reached, 2);
    assert_int_equal(world.failed, 1);
    assert_non_null(strstr(world.failures, "connection refused."));
    deaf_end(&deaf);
}

static void test_a_server_that_says_nothing(void **state)
{
    (void)state;
    world.params.timeouts.greeting = 50;
    RUN("timeout", "wait");
}

static void test_a_server_that_falls_silent(void **state)
{
    (void)state;
    world.params.timeouts.body = 50;
    RUN("ready chunking|began 1|1: in doubt|timeout", HELLO, "S: 250-mx.example",
        "S: 250-PIPELINING", "S: 250 CHUNKING", FLIGHT, "S: 250 ok", "S: 250 ok", "wait");
}

/* The second answer comes while the loop is busy for longer than the time-out: it was in time. */
static void test_an_answer_that_nobody_had_time_to_read(void **state)
{
    (void)state;
    world.params.timeouts.mail = 50;
    world.params.timeouts.body = 50;
    world.to_send = 2;
    world.busy_ms = 150;
    RUN("ready chunking|began 1|began 2|1: 250 taken|2: 250 taken|quit", HELLO, "S: 250-mx.example",
        "S: 250-PIPELINING", "S: 250 CHUNKING", FLIGHT, "C: RSET", FLIGHT, TAKEN, "pause",
        "S: 250 ok", TAKEN, BYE);
}

static void test_a_server_that_leaves_after_the_message(void **state)
{
    (void)state;
    RUN("ready chunking|began 1|1: in doubt|closed by peer", HELLO, "S: 250-mx.example",
        "S: 250-PIPELINING", "S: 250 CHUNKING", FLIGHT);
}

/* More than the kernel takes, to a server that leaves without reading it: certainly not sent. */
static void test_a_server_that_does_not_read(void **state)
{
    struct buf big = BUF_INIT;
    (void)state;
    char *at = buf_reserve(&big, 32 << 20);
    memset(at, 'x', 32 << 20);
    world.tx[0].body[0] = str_from(at, 32 << 20);
    RUN("ready chunking|began 1|1: not sent|closed by peer", HELLO, "S: 250-mx.example",
        "S: 250-PIPELINING", "S: 250 CHUNKING", "C: MAIL FROM:<me@x>", "C: RCPT TO:<u@x>");
    buf_release(&big);
}

static void test_421_ends_the_session(void **state)
{
    (void)state;
    world.to_send = 2;
    RUN("ready|began 1|1: 250 taken|began 2|2: 421 4.3.2 going down|unavailable (421) 421", HELLO,
        "S: 250 mx.example", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u@x>", "S: 250 ok",
        "C: DATA", "S: 354 go", "C: Hello", "C: ..dot", "C: .", "S: 250 taken",
        "C: MAIL FROM:<me@x>", "S: 421 4.3.2 going down", "wait");
}

static void test_abort_inside_a_callback(void **state)
{
    (void)state;
    world.abort_on_began = true;
    RUN("ready|began 1|1: not sent|aborted", HELLO, "S: 250 mx.example", "wait");
}

static void test_quit_at_once(void **state)
{
    (void)state;
    world.to_send = 0;
    RUN("ready|quit", HELLO, "S: 250 mx.example", BYE);
}

#define RUNS(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(test_overlapping_flights_over_tls),
        RUNS(test_the_next_session_resumes),
        RUNS(test_data_in_clear),
        RUNS(test_a_handshake_with_no_tls_behind_it),
        RUNS(test_a_server_that_leaves_in_the_handshake),
        RUNS(test_nobody_listens),
        RUNS(test_nobody_answers),
        RUNS(test_nothing_to_connect_with),
        RUNS(test_the_third_address_is_reached),
        RUNS(test_a_server_that_says_nothing),
        RUNS(test_a_server_that_falls_silent),
        RUNS(test_an_answer_that_nobody_had_time_to_read),
        RUNS(test_a_server_that_leaves_after_the_message),
        RUNS(test_a_server_that_does_not_read),
        RUNS(test_421_ends_the_session),
        RUNS(test_abort_inside_a_callback),
        RUNS(test_quit_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
