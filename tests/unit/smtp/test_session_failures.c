#include "conversation.h"

/* Refusals. */

static void test_refused_at_mail_in_a_flight(void **state)
{
    (void)state;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 451 4.7.1 later", "E: answer 1 mail 451 4.7.1 later",
         "S: 503 no", "! room 0", "S: 503 no", "C: RSET", "! room 0", "S: 250 ok", FLIGHT("2"),
         ACCEPTED("2"));
}

static void test_refused_at_rcpt_in_a_flight(void **state)
{
    (void)state;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 550 5.1.1 no such user",
         "E: answer 1 rcpt 550 5.1.1 no such user", "S: 503 no recipients", "C: RSET", "S: 250 ok",
         FLIGHT("2"));
}

static void test_refused_after_the_message(void **state)
{
    (void)state;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 250 ok", "S: 554 5.7.1 spam",
         "E: answer 1 body 554 5.7.1 spam", "C: RSET", "S: 250 ok", FLIGHT("2"));
}

static void test_a_refusal_leaves_the_next_flight_alone(void **state)
{
    (void)state;
    stage.session.in_flight = 3;
    stage.to_send = 3;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), NEXT_FLIGHT("3"), "S: 250 ok",
         "S: 550 no such user", "E: answer 1 rcpt 550 no such user", "S: 554 no recipients",
         "S: 250 reset", "S: 250 ok", "S: 452 full", "E: answer 2 rcpt 452 full", "S: 503 no",
         "S: 250 reset", ACCEPTED("3"), "! room 3");
}

static void test_503_to_what_overlapped_is_no_answer(void **state)
{
    (void)state;
    stage.session.in_flight = 2;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "S: 250 ok", "S: 550 no such user",
         "E: answer 1 rcpt 550 no such user", "S: 554 no recipients", "S: 250 reset",
         "S: 503 nested MAIL", "E: lost 2 not sent", "S: 503 no", "S: 503 no", "C: RSET",
         "S: 250 ok", "! room 1");
}

static void test_503_to_what_stood_alone_is_an_answer(void **state)
{
    (void)state;
    PLAY(&stage, PLAIN, "E: began 1", "C: MAIL FROM:<me@x>", "S: 503 5.5.1 log in first",
         "E: answer 1 mail 503 5.5.1 log in first", "! room 1");
}

static void test_a_lone_dot_for_a_refused_one(void **state)
{
    (void)state;
    stage.to_send = 2;
    PLAY(&stage, PIPELINED, "E: began 1", "C: MAIL FROM:<me@x>", "C: RCPT TO:<u1@x>", "C: DATA",
         "S: 250 ok", "S: 550 no such user", "E: answer 1 rcpt 550 no such user", "S: 354 go",
         "C: .", "! room 0", "S: 554 no recipients", "C: RSET", "S: 250 ok", "E: began 2",
         "C: MAIL FROM:<me@x>", "C: RCPT TO:<u2@x>", "C: DATA");
}

static void test_refused_at_data_in_a_flight(void **state)
{
    (void)state;
    PLAY(&stage, PIPELINED, "E: began 1", "C: MAIL FROM:<me@x>", "C: RCPT TO:<u1@x>", "C: DATA",
         "S: 250 ok", "S: 250 ok", "S: 451 4.3.0 greylisted",
         "E: answer 1 data 451 4.3.0 greylisted", "C: RSET", "S: 250 ok", "! room 1");
}

static void test_refused_one_at_a_time(void **state)
{
    (void)state;
    stage.to_send = 4;
    PLAY(&stage, PLAIN, "E: began 1", "C: MAIL FROM:<me@x>", "S: 450 later",
         "E: answer 1 mail 450 later", "E: began 2", "C: MAIL FROM:<me@x>", "S: 250 ok",
         "C: RCPT TO:<u2@x>", "S: 550 no", "E: answer 2 rcpt 550 no", "C: RSET", "S: 250 ok",
         "E: began 3", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u3@x>", "S: 250 ok",
         "C: DATA", "S: 550 no", "E: answer 3 data 550 no", "C: RSET", "S: 250 ok", "E: began 4",
         "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u4@x>", "S: 250 ok", "C: DATA",
         "S: 354 go", "C: Hello 4", "C: .", "S: 550 no", "E: answer 4 body 550 no", "! room 1");
}

/* 421, at any moment. */

static void test_421_as_greeting(void **state)
{
    (void)state;
    PLAY(&stage, "! open", "S: 421 4.7.0 too many connections",
         "E: closed: unavailable (421), 421");
}

static void test_421_unasked(void **state)
{
    (void)state;
    stage.to_send = 0;
    PLAY(&stage, MODERN, "S: 421 4.4.2 idle too long", "E: closed: unavailable (421), 421");
}

static void test_421_is_the_answer_of_the_one_it_meets(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 421 4.7.28 slow down",
         "E: answer 1 rcpt 421 4.7.28 slow down", "E: closed: unavailable (421), 421");
}

static void test_421_after_the_message(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 250 ok", "S: 421 4.3.2 shutting down",
         "E: answer 1 body 421 4.3.2 shutting down", "E: closed: unavailable (421), 421");
}

static void test_421_then_closed_leaves_the_rest_unsent(void **state)
{
    (void)state;
    stage.session.in_flight = 3;
    stage.to_send = 3;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), NEXT_FLIGHT("3"), ACCEPTED("1"),
         "S: 250 reset", "S: 421 slow down", "E: answer 2 mail 421 slow down", "! room 0",
         "! close", "E: lost 3 not sent", "E: closed: unavailable (421), 421");
}

static void test_421_by_a_server_that_goes_on(void **state)
{
    (void)state;
    stage.session.in_flight = 2;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "S: 421 busy", "E: answer 1 mail 421 busy",
         "S: 503 no", "S: 503 no", "S: 250 reset", "S: 250 ok", "S: 250 ok", "S: 250 taken",
         "E: answer 2 body 250 taken", "E: closed: unavailable (421), 421");
}

static void test_421_then_silence_is_doubt(void **state)
{
    (void)state;
    stage.session.in_flight = 2;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "S: 421 busy", "E: answer 1 mail 421 busy",
         "! timeout", "E: lost 2 in doubt", "E: closed: unavailable (421), 421");
}

/* Lost connections. */

static void test_closed_before_the_message_was_sent(void **state)
{
    (void)state;
    PLAY(&stage, PIPELINED, "E: began 1", "C: MAIL FROM:<me@x>", "C: RCPT TO:<u1@x>", "C: DATA",
         "S: 250 ok", "! close", "E: lost 1 not sent", "E: closed: closed by peer");
}

static void test_closed_after_the_message_was_sent(void **state)
{
    (void)state;
    stage.session.in_flight = 2;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "S: 250 ok", "! close",
         "E: lost 1 in doubt", "E: lost 2 in doubt", "E: closed: closed by peer");
}

static void test_what_never_left_is_not_in_doubt(void **state)
{
    (void)state;
    stage.session.in_flight = 2;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "! unsent", "! close", "E: lost 1 in doubt",
         "E: lost 2 not sent", "E: closed: closed by peer");
}

static void test_closed_after_a_refusal(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 550 no", "E: answer 1 mail 550 no", "! close",
         "E: closed: closed by peer");
}

static void test_no_connection(void **state)
{
    (void)state;
    PLAY(&stage, "! close", "E: closed: connect failed");
}

static void test_silence_before_the_message(void **state)
{
    (void)state;
    PLAY(&stage, PLAIN, "E: began 1", "C: MAIL FROM:<me@x>", "! timeout", "E: lost 1 not sent",
         "E: closed: timeout");
    assert_string_equal(stage.session.sentence, "mx.example did not answer MAIL within 300 s.");
}

static void test_silence_after_the_message(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 250 ok", "! timeout", "E: lost 1 in doubt",
         "E: closed: timeout");
}

/* Servers that are out of step. */

static void test_garbage_instead_of_a_greeting(void **state)
{
    (void)state;
    PLAY(&stage, "! open", "S: HTTP/1.1 400 Bad Request", "E: closed: garbage");
}

static void test_garbage_after_the_message(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: ok", "E: lost 1 in doubt",
         "E: closed: garbage");
}

static void test_an_answer_that_nobody_asked_for(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), ACCEPTED("1"), "S: 250 once more", "E: closed: garbage, 250");
    assert_string_equal(stage.session.sentence, "mx.example spoke when we waited for the next "
                                                "message, saying \"250 once more\".");
}

static void test_answers_of_the_wrong_kind(void **state)
{
    (void)state;
    PLAY(&stage, PLAIN, "E: began 1", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u1@x>",
         "S: 250 ok", "C: DATA", "S: 250 done", "E: lost 1 not sent", "E: closed: garbage, 250");
}

static void test_354_for_a_message_is_garbage(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 250 ok", "S: 354 go", "E: lost 1 in doubt",
         "E: closed: garbage, 354");
}

/* The 250 stands behind the 354 in one read: it cannot be about a message that was not sent yet. */
static void test_an_answer_before_its_question(void **state)
{
    (void)state;
    stage.drip = false;
    PLAY(&stage, PLAIN, "E: began 1", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u1@x>",
         "S: 250 ok", "C: DATA", "S+ 354 go", "S: 250 taken", "E: lost 1 not sent",
         "E: closed: garbage, 250");
}

static void test_rset_refused(void **state)
{
    (void)state;
    stage.to_send = 2;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 550 no", "E: answer 1 rcpt 550 no",
         "S: 503 no", "C: RSET", "S: 500 what?", "E: closed: garbage, 500");
    assert_int_equal(stage.sent, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK(test_refused_at_mail_in_a_flight),
        TALK(test_refused_at_rcpt_in_a_flight),
        TALK(test_refused_after_the_message),
        TALK(test_a_refusal_leaves_the_next_flight_alone),
        TALK(test_503_to_what_overlapped_is_no_answer),
        TALK(test_503_to_what_stood_alone_is_an_answer),
        TALK(test_a_lone_dot_for_a_refused_one),
        TALK(test_refused_at_data_in_a_flight),
        TALK(test_refused_one_at_a_time),
        TALK(test_421_as_greeting),
        TALK(test_421_unasked),
        TALK(test_421_is_the_answer_of_the_one_it_meets),
        TALK(test_421_after_the_message),
        TALK(test_421_then_closed_leaves_the_rest_unsent),
        TALK(test_421_by_a_server_that_goes_on),
        TALK(test_421_then_silence_is_doubt),
        TALK(test_closed_before_the_message_was_sent),
        TALK(test_closed_after_the_message_was_sent),
        TALK(test_what_never_left_is_not_in_doubt),
        TALK(test_closed_after_a_refusal),
        TALK(test_no_connection),
        TALK(test_silence_before_the_message),
        TALK(test_silence_after_the_message),
        TALK(test_garbage_instead_of_a_greeting),
        TALK(test_garbage_after_the_message),
        TALK(test_an_answer_that_nobody_asked_for),
        TALK(test_answers_of_the_wrong_kind),
        TALK(test_354_for_a_message_is_garbage),
        TALK(test_an_answer_before_its_question),
        TALK(test_rset_refused),
    };
    int failed = cmocka_run_group_tests_name("lines", tests, NULL, NULL);
    drip = true;
    return failed + cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
