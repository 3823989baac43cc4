#include "conversation.h"

/* The ways a message goes when all is well. */

static void test_one_flight(void **state)
{
    (void)state;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), "! room 0", ACCEPTED("1"), FLIGHT("2"), ACCEPTED("2"));
    PLAY(&stage, "! room 1", "! quit", "C: QUIT", "S: 221 bye", "E: closed: quit");
}

static void test_flights_overlap(void **state)
{
    (void)state;
    stage.params.in_flight = 2;
    stage.session.in_flight = 2;
    stage.to_send = 3;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "! room 0");
    PLAY(&stage, ACCEPTED("1"), NEXT_FLIGHT("3"), "S: 250 reset", ACCEPTED("2"), "! room 1");
    PLAY(&stage, "S: 250 reset", ACCEPTED("3"), "! room 2");
    PLAY(&stage, "! quit", "C: QUIT", "S: 221 bye", "E: closed: quit");
}

static void test_data_in_a_flight(void **state)
{
    (void)state;
    stage.tx[0].body[0] = STR(".dot\r\nno line end");
    PLAY(&stage, PIPELINED, "E: began 1", "C: MAIL FROM:<me@x>", "C: RCPT TO:<u1@x>", "C: DATA",
         "S: 250 ok", "S: 250 ok", "S: 354 go", "C: ..dot", "C: no line end", "C: .", "! room 0",
         "S: 250 2.6.0 taken", "E: answer 1 body 250 2.6.0 taken", "! room 1");
}

static void test_data_flights_overlap_behind_the_message(void **state)
{
    (void)state;
    stage.session.in_flight = 4;
    stage.to_send = 2;
    PLAY(&stage, PIPELINED, "E: began 1", "C: MAIL FROM:<me@x>", "C: RCPT TO:<u1@x>", "C: DATA",
         "S: 250 ok", "S: 250 ok", "! room 0", "S: 354 go", "C: Hello 1", "C: .", "E: began 2",
         "C: RSET", "C: MAIL FROM:<me@x>", "C: RCPT TO:<u2@x>", "C: DATA", "! room 0",
         "S: 250 taken", "E: answer 1 body 250 taken", "S: 250 reset", "S: 250 ok", "S: 250 ok",
         "S: 354 go", "C: Hello 2", "C: .", "S: 250 taken", "E: answer 2 body 250 taken");
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    stage.session.in_flight = 4;
    stage.to_send = 2;
    PLAY(&stage, PLAIN, "E: began 1", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u1@x>",
         "S: 250 ok", "C: DATA", "! room 0", "S: 354 go", "C: Hello 1", "C: .", "! room 0",
         "S: 250 taken", "E: answer 1 body 250 taken", "E: began 2", "C: MAIL FROM:<me@x>");
}

static void test_chunks_one_at_a_time(void **state)
{
    (void)state;
    PLAY(&stage, CHUNKED, "E: began 1", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u1@x>",
         "S: 250 ok", "C: BDAT 9 LAST", "C: Hello 1", "S: 250 taken", "E: answer 1 body 250 taken",
         "! room 1");
}

static void test_helo_for_old_servers(void **state)
{
    (void)state;
    PLAY(&stage, GREETED, "S: 502 5.5.2 what?", "C: HELO me.example", "S: 250 hello", "E: ready",
         "E: began 1", "C: MAIL FROM:<me@x>");
}

static void test_lessons_are_heeded(void **state)
{
    (void)state;
    stage.params.no_chunking = true;
    stage.params.no_pipelining = true;
    PLAY(&stage, MODERN, "E: began 1", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u1@x>",
         "S: 250 ok", "C: DATA");
}

/* A hundred transactions through the ring of slots, eight at a time. */
static void test_many_in_a_row(void **state)
{
    char answer[64];
    (void)state;
    stage.session.in_flight = 8;
    stage.to_send = 8;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), NEXT_FLIGHT("3"), NEXT_FLIGHT("4"),
         NEXT_FLIGHT("5"), NEXT_FLIGHT("6"), NEXT_FLIGHT("7"), NEXT_FLIGHT("8"));
    for (unsigned i = 0; i < 100; i++) {
        unsigned n = i % 8;
        snprintf(answer, sizeof(answer), "E: answer %u body 250 taken", n + 1);
        PLAY(&stage, "S: 250 ok", "S: 250 ok", "S: 250 taken", answer);
        smtp_session_send(&stage.session, &stage.tx[n]);
        stage_pump(&stage);
        stage.said_seen = stage.said.len;
        stage.told_seen = stage.told.len;
        PLAY(&stage, "S: 250 reset");
    }
}

static void test_each_state_has_its_time(void **state)
{
    int64_t ms;
    (void)state;
    assert_true(smtp_session_rearmed(&stage.session, &ms));
    assert_int_equal(ms, 0); /* connecting is timed by the stream */
    PLAY(&stage, PLAIN, "E: began 1", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u1@x>",
         "S: 250 ok", "C: DATA");
    assert_true(smtp_session_rearmed(&stage.session, &ms));
    assert_int_equal(ms, stage.params.timeouts.data);
    PLAY(&stage, "S: 354 go", "C: Hello 1", "C: .");
    assert_true(smtp_session_rearmed(&stage.session, &ms));
    assert_int_equal(ms, stage.params.timeouts.body);
    PLAY(&stage, "S: 250 ok", "E: answer 1 body 250 ok");
    assert_true(smtp_session_rearmed(&stage.session, &ms));
    assert_int_equal(ms, 0);
    assert_false(smtp_session_rearmed(&stage.session, &ms));
}

/* A greeting that is none. */

static void test_refused_greeting_and_hello(void **state)
{
    (void)state;
    PLAY(&stage, "! open", "S: 554 5.7.1 blocked", "E: closed: refused, 554");
    assert_string_equal(stage.session.sentence,
                        "mx.example turned us away at the greeting, saying \"554 5.7.1 blocked\".");
    stop(NULL);
    start(NULL);
    PLAY(&stage, GREETED, "S: 450 later", "E: closed: refused, 450");
    stop(NULL);
    start(NULL);
    PLAY(&stage, GREETED, "S: 550 no", "C: HELO me.example", "S: 550 no",
         "E: closed: refused, 550");
}

/* TLS. */

#define OFFERED GREETED, "S: 250-mx.example", "S: 250-CHUNKING", "S: 250 STARTTLS"

static void test_tls_and_hello_again(void **state)
{
    (void)state;
    stage.params.tls = SMTP_TLS_OPPORTUNISTIC;
    PLAY(&stage, OFFERED, "C: STARTTLS", "S: 220 go", "E: handshake", "! secured",
         "C: EHLO me.example", "S: 250-mx.example", "S: 250 STARTTLS", "E: ready, secure",
         "E: began 1", "C: MAIL FROM:<me@x>");
    assert_false(stage.session.offers.chunking);
}

static void test_tls_not_wanted(void **state)
{
    (void)state;
    stage.to_send = 0;
    PLAY(&stage, OFFERED, "E: ready");
    stop(NULL);
    start(NULL);
    stage.to_send = 0;
    stage.params.tls = SMTP_TLS_OPPORTUNISTIC;
    stage.params.no_starttls = true;
    PLAY(&stage, OFFERED, "E: ready");
}

static void test_tls_refused(void **state)
{
    (void)state;
    stage.to_send = 0;
    stage.params.tls = SMTP_TLS_OPPORTUNISTIC;
    PLAY(&stage, OFFERED, "C: STARTTLS", "S: 454 not now", "E: ready", "! room 1");
}

static void test_tls_required(void **state)
{
    (void)state;
    stage.params.tls = SMTP_TLS_REQUIRED;
    PLAY(&stage, GREETED, "S: 250 mx.example", "E: closed: tls not offered");
    stop(NULL);
    start(NULL);
    stage.params.tls = SMTP_TLS_REQUIRED;
    stage.params.no_starttls = true;
    PLAY(&stage, OFFERED, "C: STARTTLS", "S: 454 not now", "E: closed: tls failed, 454");
    stop(NULL);
    start(NULL);
    stage.params.tls = SMTP_TLS_REQUIRED;
    PLAY(&stage, GREETED, "S: 502 what?", "C: HELO me.example", "S: 250 hi",
         "E: closed: tls not offered");
}

static void test_handshake_fails(void **state)
{
    (void)state;
    stage.params.tls = SMTP_TLS_OPPORTUNISTIC;
    PLAY(&stage, OFFERED, "C: STARTTLS", "S: 220 go", "E: handshake", "! close",
         "E: closed: tls failed");
    stop(NULL);
    start(NULL);
    stage.params.tls = SMTP_TLS_OPPORTUNISTIC;
    PLAY(&stage, OFFERED, "C: STARTTLS", "S: 220 go", "E: handshake", "! timeout",
         "E: closed: tls failed");
}

/* No answer to STARTTLS is a failure of TLS too: an opportunistic site goes on in clear. A 421 is
 * none. */
static void test_no_answer_to_starttls(void **state)
{
    static const char *const ways[] = {"! close", "! timeout", "S: nonsense"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        stage.params.tls = SMTP_TLS_OPPORTUNISTIC;
        PLAY(&stage, OFFERED, "C: STARTTLS", ways[i], "E: closed: tls failed");
        stop(state);
        start(state);
    }
    stage.params.tls = SMTP_TLS_OPPORTUNISTIC;
    PLAY(&stage, OFFERED, "C: STARTTLS", "S: 421 later", "E: closed: unavailable (421), 421");
}

static void test_clear_text_behind_starttls_is_not_trusted(void **state)
{
    (void)state;
    stage.drip = false;
    stage.params.tls = SMTP_TLS_OPPORTUNISTIC;
    PLAY(&stage, OFFERED, "C: STARTTLS", "S+ 220 go", "S: 250 injected", "E: closed: tls failed");
}

/* What the session refuses by itself. */

static void test_local_refusals(void **state)
{
    (void)state;
    stage.to_send = 3;
    stage.tx[0].body[0] = STR("0123456789\r\n");
    stage.tx[1].recipient = STR("a\r\nRSET@x");
    PLAY(&stage, GREETED, "S: 250-mx", "S: 250 SIZE 10", "E: ready",
         "E: local 1 mail 552 5.3.4 The message is bigger than the server's SIZE limit; not sent.",
         "E: local 2 rcpt 553 5.1.3 The recipient's address cannot be written in SMTP; not sent.",
         "E: began 3", "C: MAIL FROM:<me@x> SIZE=9");
}

static void test_local_refusals_between_flights(void **state)
{
    (void)state;
    stage.session.in_flight = 3;
    stage.to_send = 4;
    stage.tx[1].needs_smtputf8 = true;
    PLAY(&stage, MODERN, FLIGHT("1"),
         "E: local 2 mail 550 5.6.7 The server does not offer SMTPUTF8, which this mail needs; "
         "not sent.",
         NEXT_FLIGHT("3"), "! room 0", ACCEPTED("1"), NEXT_FLIGHT("4"), "S: 250 ok", ACCEPTED("3"),
         "S: 250 ok", ACCEPTED("4"), "! room 3");
}

/* Leaving. */

static void test_quit_waits_for_the_last_answer(void **state)
{
    (void)state;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), "! quit", "! room 0", ACCEPTED("1"), "C: QUIT", "! close",
         "E: closed: quit");
}

static void test_quit_after_a_refusal_needs_no_reset(void **state)
{
    (void)state;
    PLAY(&stage, PLAIN, "E: began 1", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u1@x>",
         "! quit", "S: 550 no", "E: answer 1 rcpt 550 no", "C: QUIT", "S: 421 whatever",
         "E: closed: quit");
}

static void test_quit_before_ready(void **state)
{
    (void)state;
    PLAY(&stage, GREETED, "! quit", "E: closed: quit");
}

static void test_abort(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "! abort", "E: lost 1 in doubt", "E: closed: aborted");
    PLAY(&stage, "! abort", "! quit", "! timeout", "! room 0");
}

/* Aborted between on_began and the first byte: nothing is said, nothing is in doubt. */
static void test_abort_when_it_began(void **state)
{
    struct smtp_event e;
    (void)state;
    stage.to_send = 0;
    PLAY(&stage, MODERN);
    smtp_session_send(&stage.session, &stage.tx[0]);
    assert_true(smtp_session_next(&stage.session, &e));
    assert_int_equal(e.kind, SMTP_EVENT_BEGAN);
    smtp_session_abort(&stage.session);
    PLAY(&stage, "! open", "E: lost 1 not sent", "E: closed: aborted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK(test_one_flight),
        TALK(test_flights_overlap),
        TALK(test_data_in_a_flight),
        TALK(test_data_flights_overlap_behind_the_message),
        TALK(test_one_at_a_time),
        TALK(test_chunks_one_at_a_time),
        TALK(test_helo_for_old_servers),
        TALK(test_lessons_are_heeded),
        TALK(test_many_in_a_row),
        TALK(test_each_state_has_its_time),
        TALK(test_refused_greeting_and_hello),
        TALK(test_tls_and_hello_again),
        TALK(test_tls_not_wanted),
        TALK(test_tls_refused),
        TALK(test_tls_required),
        TALK(test_handshake_fails),
        TALK(test_no_answer_to_starttls),
        TALK(test_clear_text_behind_starttls_is_not_trusted),
        TALK(test_local_refusals),
        TALK(test_local_refusals_between_flights),
        TALK(test_quit_waits_for_the_last_answer),
        TALK(test_quit_after_a_refusal_needs_no_reset),
        TALK(test_quit_before_ready),
        TALK(test_abort),
        TALK(test_abort_when_it_began),
    };
    int failed = cmocka_run_group_tests_name("lines", tests, NULL, NULL);
    drip = true;
    return failed + cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
