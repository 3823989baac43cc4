#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/job.h"

static json_t *parse(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    return object;
}

static void what_the_daemon_says_is_read(void **state)
{
    (void)state;
    json_t *object = parse("{\"id\": 12, \"name\": \"appeal\", \"state\": \"sending\","
                           "\"recipients\": 10, \"queued\": 3, \"in_flight\": 1, \"deferred\": 2,"
                           "\"pool\": \"news\", \"weight\": 3,"
                           "\"delivered\": 4, \"queueing\": {\"done\": 9}, \"finished_at\": null}");
    struct job job;
    job_read(&job, object);
    assert_int_equal(job.id, 12);
    assert_string_equal(job.state, "sending");
    assert_int_equal(job.spread, 9);
    assert_string_equal(job.pool, "news");
    assert_int_equal(job.weight, 3);
    assert_string_equal(job.finished, "");
    assert_int_equal(job_done(&job), 4);
    assert_false(job_is_over(&job));
    json_decref(object);
}

/* Copies in doubt are sent again while the job runs, unless it promises not to. */
static void copies_in_doubt_are_to_go_where_they_are_sent_again(void **state)
{
    (void)state;
    struct job job = {
        .state = "paused", .guarantee = "at-least-once", .recipients = 9, .in_doubt = 2};
    assert_int_equal(job_done(&job), 7);
    job.state = "cancelled";
    assert_int_equal(job_done(&job), 9);
    job.state = "sending";
    job.guarantee = "at-most-once";
    assert_int_equal(job_done(&job), 9);
}

static void what_is_missing_or_odd_is_nothing(void **state)
{
    (void)state;
    json_t *object = parse("{\"id\": \"x\", \"name\": 5, \"recipients\": -1, \"queued\": 7}");
    struct job job;
    job_read(&job, object);
    assert_int_equal(job.id, 0);
    assert_string_equal(job.name, "");
    assert_int_equal(job.recipients, 0);
    assert_int_equal(job_done(&job), 0);
    json_decref(object);
}

/* A job that was cancelled is over when the last transaction is. */
static void over_means_nothing_on_the_wire(void **state)
{
    (void)state;
    struct job job = {.state = "cancelled", .in_flight = 1};
    assert_false(job_is_over(&job));
    job.in_flight = 0;
    assert_true(job_is_over(&job));
    job.state = "paused";
    assert_false(job_is_over(&job));
    job.state = "finished";
    assert_true(job_is_over(&job));
}

static void a_frame_is_four_lines(void **state)
{
    (void)state;
    struct job job = {.id = 12,
                      .guarantee = "",
                      .name = "appeal",
                      .state = "sending",
                      .recipients = 200000,
                      .queued = 105000,
                      .in_flight = 80,
                      .delivered = 94508,
                      .deferred = 300,
                      .bounced = 112,
                      .spread = 150000};
    struct pace pace = {0};
    struct buf out = BUF_INIT;
    pace_see(&pace, 0, 93808);
    pace_see(&pace, 1000, 94620);
    job_frame(&out, &job, &pace, 100, false);
    assert_string_equal(out.at,
                        "Job 12 \"appeal\": sending (queueing 75.0 %)\n"
                        "##################......................  47.3 %  94,620 of 200,000\n"
                        "delivered 94,508   deferred 300   bounced 112   in flight 80   "
                        "queued 105,000\n"
                        "812/s   2 min 10 s left\n");
    buf_release(&out);
}

static void last_line(const struct job *job, const char *expected)
{
    struct pace pace = {0};
    struct buf out = BUF_INIT;
    job_frame(&out, job, &pace, 100, false);
    out.at[out.len - 1] = '\0';
    assert_string_equal(strrchr(out.at, '\n') + 1, expected);
    buf_release(&out);
}

/* The daemon knows what the receivers allow; without it, the pace goes on. */
static void what_the_daemon_expects_is_said_instead(void **state)
{
    (void)state;
    struct job job = {
        .name = "", .guarantee = "", .state = "sending", .recipients = 9, .queued = 9};
    job.left_s = 4800;
    last_line(&job, "0.0/s   about 1 h 20 min left");
    json_t *object = parse("{\"forecast\": [{\"seconds\": 7}], \"finished_in_s\": 7}");
    job_read(&job, object);
    assert_int_equal(job.left_s, 7);
    json_decref(object);
    object = parse("{\"forecast\": null, \"finished_in_s\": null}");
    job_read(&job, object);
    assert_int_equal(job.left_s, 0);
    json_decref(object);
}

static void the_last_line_says_what_comes(void **state)
{
    (void)state;
    struct job job = {
        .id = 3, .name = "", .guarantee = "", .state = "paused", .recipients = 10, .queued = 10};
    last_line(&job, "\"tocsin job resume 3\" goes on.");
    job.state = "sending";
    last_line(&job, "0.0/s");
    job.queued = 0;
    job.deferred = 1;
    job.in_doubt = 2;
    last_line(&job, "Waiting to try 3 copies again.");
}

static void a_frame_fits_and_harms_nothing(void **state)
{
    (void)state;
    struct job job = {
        .name = "\x1b[2Jé東\n", .guarantee = "", .state = "x", .recipients = 5, .delivered = 5};
    struct pace pace = {0};
    setlocale(LC_CTYPE, "C.UTF-8");
    for (unsigned columns = 0; columns < 60; columns++) {
        struct buf out = BUF_INIT;
        int lines = 0;
        job_frame(&out, &job, &pace, columns, true);
        for (size_t i = 0; i < out.len; i++) {
            lines += out.at[i] == '\n';
            assert_int_not_equal(out.at[i], 0x1b);
        }
        assert_int_equal(lines, JOB_FRAME_LINES);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_daemon_says_is_read),
        cmocka_unit_test(copies_in_doubt_are_to_go_where_they_are_sent_again),
        cmocka_unit_test(what_is_missing_or_odd_is_nothing),
        cmocka_unit_test(over_means_nothing_on_the_wire),
        cmocka_unit_test(a_frame_is_four_lines),
        cmocka_unit_test(what_the_daemon_expects_is_said_instead),
        cmocka_unit_test(the_last_line_says_what_comes),
        cmocka_unit_test(a_frame_fits_and_harms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
