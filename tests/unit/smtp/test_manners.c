#include "conversation.h"

/* What a session sees of the server's manners, and that nobody bounces or is lost because of them.
 */

static void assert_manners(bool lost_count, bool no_bdat, enum smtp_depth broke_at)
{
    const struct smtp_manners *m = &stage.session.manners;
    assert_int_equal(m->lost_count, lost_count);
    assert_int_equal(m->no_bdat, no_bdat);
    assert_int_equal(m->broke_at, broke_at);
}

static void overlap(unsigned n)
{
    stage.session.in_flight = n;
    stage.to_send = n;
}

/* What the client says before the first answer. */
#define PIPED_DATA(n) "E: began " n, "C: MAIL FROM:<me@x>", "C: RCPT TO:<u" n "@x>", "C: DATA"
#define ONE_BY_ONE "E: began 1", "C: MAIL FROM:<me@x>", "S: 250 ok", "C: RCPT TO:<u1@x>"

static void a_good_server(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), ACCEPTED("1"), "S: 250 reset", "S: 250 ok",
         "S: 550 no", "E: answer 2 rcpt 550 no", "S: 503 no recipients", "C: RSET", "S: 250 ok",
         "! quit", "C: QUIT", "S: 221 bye", "E: closed: quit");
    assert_manners(false, false, SMTP_NOT_SAID);
}

static void answers_say_how_deep_they_flew(void **state)
{
    struct smtp_event e;
    unsigned seen[SMTP_DEPTHS] = {0};
    (void)state;
    overlap(3);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), NEXT_FLIGHT("3"), ACCEPTED("1"),
         "S: 250 reset", "S: 250 ok", "S: 250 ok");
    smtp_session_read(&stage.session, STR("250 taken\r\n250 reset\r\n250 ok\r\n550 no\r\n"));
    while (smtp_session_next(&stage.session, &e))
        if (e.kind == SMTP_EVENT_ANSWER)
            seen[e.answer.depth]++;
    assert_int_equal(seen[SMTP_OVERLAPPED], 2);
    assert_int_equal(seen[SMTP_PIPELINED], 0); /* the first was: it is told above */
}

/* Lost count. */

static void a_503_to_what_overlapped(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), ACCEPTED("1"), "S: 250 reset",
         "S: 503 nested MAIL", "E: lost 2 not sent");
    assert_manners(true, false, SMTP_NOT_SAID);
    assert_string_equal(stage.session.sentence,
                        "mx.example lost count of messages that overlap, at MAIL, saying \"503 "
                        "nested MAIL\".");
    PLAY(&stage, "S: 503 no", "S: 503 no", "C: RSET", "S: 250 ok", "! room 1");
}

static void a_503_to_an_overlapped_bdat_is_no_word_about_bdat(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), ACCEPTED("1"), "S: 250 reset", "S: 250 ok",
         "S: 250 ok", "S: 503 no", "E: lost 2 not sent", "C: RSET", "S: 250 ok");
    assert_manners(true, false, SMTP_NOT_SAID);
}

static void a_503_to_what_stood_alone_is_an_answer(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 503 5.5.1 log in first",
         "E: answer 1 mail 503 5.5.1 log in first", "S: 503 no", "S: 503 no", "C: RSET",
         "S: 250 ok");
    assert_manners(false, false, SMTP_NOT_SAID);
}

/* BDAT is not known. */

static void each_way_to_deny_bdat(void **state)
{
    static const char *const ways[] = {"S: 500 5.5.2 what?", "S: 502 5.5.1 no",
                                       "S: 503 5.5.1 no DATA", "S: 504 5.5.4 no"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 250 ok", ways[i], "E: lost 1 not sent",
             "C: QUIT", "! room 0");
        assert_manners(false, true, SMTP_NOT_SAID);
        stop(state);
        start(state);
    }
}

/* What follows are the answers to the lines of the messages, taken for commands. */
static void nobody_in_flight_was_sent(void **state)
{
    (void)state;
    overlap(3);
    stage.to_send = 4;
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), NEXT_FLIGHT("3"), "S: 250 ok", "S: 250 ok",
         "S: 502 5.5.1 not implemented", "E: lost 1 not sent", "! room 0");
    assert_string_equal(stage.session.sentence,
                        "mx.example offers CHUNKING and does not know BDAT: it answered the "
                        "message, saying \"502 5.5.1 not implemented\".");
    PLAY(&stage, "S: 500 what?", "E: lost 2 not sent", "E: lost 3 not sent", "C: QUIT",
         "S: 500 what?", "E: closed: quit");
    assert_manners(false, true, SMTP_NOT_SAID);
    assert_int_equal(stage.sent, 3);
}

/* One that skips the message before it refuses the command is still in step. */
static void each_in_flight_hears_its_own_denial(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "S: 250 ok", "S: 250 ok", "S: 502 no",
         "E: lost 1 not sent", "S: 250 reset", "S: 250 ok", "S: 250 ok", "S: 502 no",
         "E: lost 2 not sent", "C: QUIT", "S: 221 bye", "E: closed: quit");
    assert_manners(false, true, SMTP_NOT_SAID);
}

/* 502 was a strange word for something else: what the others hear is true. */
static void each_in_flight_hears_the_truth(void **state)
{
    (void)state;
    overlap(3);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), NEXT_FLIGHT("3"), "S: 250 ok", "S: 250 ok",
         "S: 500 I do not like that", "E: lost 1 not sent", "S: 250 reset", ACCEPTED("2"),
         "S: 250 reset", "S: 250 ok", "S: 550 no", "E: answer 3 rcpt 550 no", "S: 503 no",
         "C: QUIT", "S: 221 bye", "E: closed: quit");
}

static void without_pipelining_too(void **state)
{
    (void)state;
    PLAY(&stage, CHUNKED, ONE_BY_ONE, "S: 250 ok", "C: BDAT 9 LAST", "C: Hello 1", "S: 500 what?",
         "E: lost 1 not sent", "C: QUIT", "! close", "E: closed: quit");
    assert_manners(false, true, SMTP_NOT_SAID);
}

static void closed_behind_the_denial(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "S: 250 ok", "S: 250 ok", "S: 500 what?",
         "E: lost 1 not sent", "! close", "E: lost 2 in doubt", "E: closed: closed by peer");
    assert_manners(false, true, SMTP_NOT_SAID); /* that explains the end */
}

/* A server that took a message by BDAT knows it, and does not read messages as commands. */
static void bdat_worked_before(void **state)
{
    (void)state;
    overlap(3);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), NEXT_FLIGHT("3"), ACCEPTED("1"),
         "S: 250 reset", "S: 250 ok", "S: 250 ok", "S: 502 not now", "E: lost 2 not sent",
         "S: 500 what?", "E: lost 3 in doubt", "E: closed: garbage, 500");
    assert_manners(false, true, SMTP_NOT_SAID);
}

static void a_refused_message_is_refused(void **state)
{
    static const char *const ways[] = {"550 5.7.1 spam", "552 5.2.3 too big", "554 5.6.0 no",
                                       "501 5.5.4 no"};
    char answer[64], told[64];
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        snprintf(answer, sizeof(answer), "S: %s", ways[i]);
        snprintf(told, sizeof(told), "E: answer 1 body %s", ways[i]);
        PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 250 ok", answer, told, "C: RSET");
        assert_manners(false, false, SMTP_NOT_SAID);
        stop(state);
        start(state);
    }
}

static void data_is_not_bdat(void **state)
{
    (void)state;
    PLAY(&stage, PLAIN, ONE_BY_ONE, "S: 250 ok", "C: DATA", "S: 354 go", "C: Hello 1", "C: .",
         "S: 502 no", "E: answer 1 body 502 no");
    assert_manners(false, false, SMTP_NOT_SAID);
}

/* A refused recipient's BDAT gets any 5xx: that says nothing. */
static void behind_a_refusal_bdat_is_not_denied(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 550 no", "E: answer 1 rcpt 550 no",
         "S: 503 no recipients", "C: RSET", "S: 250 ok", "! room 1");
    assert_manners(false, false, SMTP_NOT_SAID);
}

/* Silence and closed connections: how deep in flight. */

static const char *const ways_to_break_off[] = {"close", "timeout"};

#define EACH_WAY(i) for (size_t i = 0; i < 2; i++, stop(state), start(state))

/* Whom it loses is told by other tests. */
static void assert_breaks_off(const char *how, enum smtp_depth depth)
{
    stage_happen(&stage, how);
    assert_manners(false, false, depth);
}

static void while_messages_overlap(void **state)
{
    EACH_WAY(i)
    {
        overlap(2);
        PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), ACCEPTED("1"), "S: 250 reset");
        assert_breaks_off(ways_to_break_off[i], SMTP_OVERLAPPED);
    }
}

static void we_may_break_off(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "S: 250 ok");
    assert_breaks_off("abort", SMTP_NOT_SAID);
}

static void in_a_flight(void **state)
{
    EACH_WAY(i)
    {
        PLAY(&stage, PIPELINED, PIPED_DATA("1"), "S: 250 ok");
        assert_breaks_off(ways_to_break_off[i], SMTP_PIPELINED);
    }
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 250 ok");
    assert_breaks_off("timeout", SMTP_PIPELINED);
}

static void one_by_one(void **state)
{
    EACH_WAY(i)
    {
        PLAY(&stage, PLAIN, ONE_BY_ONE);
        assert_breaks_off(ways_to_break_off[i], SMTP_ALONE);
    }
    /* The text after 354 was said alone, whatever was pipelined before it. */
    PLAY(&stage, PIPELINED, PIPED_DATA("1"), "S: 250 ok", "S: 250 ok", "S: 354 go", "C: Hello 1",
         "C: .");
    assert_breaks_off("close", SMTP_ALONE);
}

static void outside_of_a_transaction(void **state)
{
    (void)state;
    assert_breaks_off("close", SMTP_NOT_SAID);
    stop(NULL);
    start(NULL);
    stage.to_send = 0;
    PLAY(&stage, MODERN, "! close", "E: closed: closed by peer");
    assert_manners(false, false, SMTP_NOT_SAID);
    stop(NULL);
    start(NULL);
    PLAY(&stage, MODERN, FLIGHT("1"), ACCEPTED("1"), "! quit", "C: QUIT", "! timeout",
         "E: closed: quit");
    assert_manners(false, false, SMTP_NOT_SAID);
}

static void a_421_is_good_manners(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), "S: 421 busy", "E: answer 1 mail 421 busy",
         "! timeout", "E: lost 2 in doubt", "E: closed: unavailable (421), 421");
    assert_manners(false, false, SMTP_NOT_SAID);
}

/* Answers that make no sense. */

static void garbage_while_messages_overlap(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), ACCEPTED("1"), "S: 250 re", "S: set",
         "E: lost 2 in doubt", "E: closed: garbage");
    assert_manners(false, false, SMTP_OVERLAPPED);
}

static void out_of_step_at_the_last_reply(void **state)
{
    (void)state;
    PLAY(&stage, MODERN, FLIGHT("1"), "S: 250 ok", "S: 250 ok", "S: 354 go", "E: lost 1 in doubt",
         "E: closed: garbage, 354");
    assert_manners(false, false, SMTP_PIPELINED);
}

/* One reply too many comes to light when nothing is in flight any more. */
static void a_reply_too_many(void **state)
{
    (void)state;
    overlap(2);
    PLAY(&stage, MODERN, FLIGHT("1"), NEXT_FLIGHT("2"), ACCEPTED("1"), "S: 250 twice",
         ACCEPTED("2"), "S: 250 taken", "E: closed: garbage, 250");
    assert_manners(false, false, SMTP_OVERLAPPED);
}

static void garbage_one_by_one(void **state)
{
    (void)state;
    PLAY(&stage, PLAIN, ONE_BY_ONE, "S: okay", "E: lost 1 not sent", "E: closed: garbage");
    assert_manners(false, false, SMTP_ALONE);
    stop(NULL);
    start(NULL);
    PLAY(&stage, "! open", "S: okay", "E: closed: garbage");
    assert_manners(false, false, SMTP_NOT_SAID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK(a_good_server),
        TALK(answers_say_how_deep_they_flew),
        TALK(a_503_to_what_overlapped),
        TALK(a_503_to_an_overlapped_bdat_is_no_word_about_bdat),
        TALK(a_503_to_what_stood_alone_is_an_answer),
        TALK(each_way_to_deny_bdat),
        TALK(nobody_in_flight_was_sent),
        TALK(each_in_flight_hears_its_own_denial),
        TALK(each_in_flight_hears_the_truth),
        TALK(without_pipelining_too),
        TALK(closed_behind_the_denial),
        TALK(bdat_worked_before),
        TALK(a_refused_message_is_refused),
        TALK(data_is_not_bdat),
        TALK(behind_a_refusal_bdat_is_not_denied),
        TALK(while_messages_overlap),
        TALK(we_may_break_off),
        TALK(in_a_flight),
        TALK(one_by_one),
        TALK(outside_of_a_transaction),
        TALK(a_421_is_good_manners),
        TALK(garbage_while_messages_overlap),
        TALK(out_of_step_at_the_last_reply),
        TALK(a_reply_too_many),
        TALK(garbage_one_by_one),
    };
    int failed = cmocka_run_group_tests_name("lines", tests, NULL, NULL);
    drip = true;
    return failed + cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
