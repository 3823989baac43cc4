/* What people read about one copy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/story.h"

enum { DAY = 1795305600 }; /* 2026-11-22 00:00:00 UTC */

static struct job_record job_in(enum job_state state)
{
    return (struct job_record){.id = 12,
                               .state = state,
                               .created = DAY,
                               .finished = DAY + 60,
                               .name = STR("Spring \"appeal\""),
                               .segment = STR("list:everyone")};
}

static struct buf sentences(const struct job_record *job, const struct ledger_entry *entry,
                            bool suppressed)
{
    struct buf out = BUF_INIT;
    struct json json = json_to(&out);
    json_open_object(&json, NULL);
    story_write_sentences(&json, "s", job, entry->source ? STR("mail1") : (struct str){NULL, 0},
                          entry, suppressed);
    json_close_object(&json);
    return out;
}

static void assert_says(const struct job_record *job, const struct ledger_entry *entry,
                        bool suppressed, const char *rest)
{
    struct buf got = sentences(job, entry, suppressed), want = BUF_INIT;
    buf_addf(&want,
             "{\"s\": [\"Job 12 \\\"Spring \\\"appeal\\\"\\\" was submitted on 2026-11-22 "
             "00:00:00 UTC for list:everyone.\", %s]}",
             rest);
    assert_string_equal(got.at, want.at);
    buf_release(&got);
    buf_release(&want);
}

static void a_copy_that_was_delivered(void **state)
{
    (void)state;
    struct job_record job = job_in(JOB_FINISHED);
    struct ledger_entry e = {.state = RECIPIENT_DELIVERED,
                             .attempts = 2,
                             .first = DAY + 1,
                             .last = DAY + 5,
                             .code = 250,
                             .enhanced = {2, 0, 0},
                             .text = STR("Ok\nqueued as 7")};
    assert_says(&job, &e, false,
                "\"It was tried 2 times, the last time on 2026-11-22 00:00:05 UTC; the receiver "
                "answered: 250 2.0.0 Ok queued as 7.\", \"It is delivered: the receiver has taken "
                "responsibility for it.\"");
}

static void a_copy_that_waits(void **state)
{
    (void)state;
    struct job_record job = job_in(JOB_SENDING);
    struct ledger_entry never = {.state = RECIPIENT_QUEUED};
    assert_says(&job, &never, false,
                "\"It waits in the queue, or is on the wire at this moment.\"");
    struct ledger_entry later = {.state = RECIPIENT_DEFERRED,
                                 .attempts = 1,
                                 .last = DAY,
                                 .due = DAY + 300,
                                 .text = STR("Nobody answers.")};
    assert_says(&job, &later, true,
                "\"It was tried once, on 2026-11-22 00:00:00 UTC: Nobody answers.\", \"It will be "
                "tried again after 2026-11-22 00:05:00 UTC.\", \"The contact is suppressed now: it "
                "is written to no more.\"");
    job.state = JOB_PAUSED;
    assert_says(&job, &never, false, "\"The job is paused: the copy waits until it is resumed.\"");
}

static void a_copy_in_doubt_says_what_the_job_promises(void **state)
{
    (void)state;
    struct job_record job = job_in(JOB_SENDING);
    struct ledger_entry e = {
        .state = RECIPIENT_IN_DOUBT, .attempts = 1, .last = DAY, .due = DAY + 300};
    struct buf once = sentences(&job, &e, false);
    assert_non_null(strstr(once.at, "It will be tried again after 2026-11-22 00:05:00 UTC."));
    job = job_in(JOB_CANCELLED);
    struct buf ended = sentences(&job, &e, false);
    assert_non_null(strstr(ended.at, "it may have arrived. The job was cancelled on 2026-11-22 "
                                     "00:01:00 UTC: it is not sent again."));
    buf_release(&ended);
    job.guarantee = GUARANTEE_AT_MOST_ONCE;
    e.due = 0;
    struct buf never = sentences(&job, &e, false);
    assert_non_null(strstr(never.at, "so it is not sent again."));
    assert_null(strstr(never.at, "tried again"));
    buf_release(&once);
    buf_release(&never);
}

static void copies_that_are_not_sent_say_why(void **state)
{
    (void)state;
    struct job_record job = job_in(JOB_CANCELLED);
    struct ledger_entry skipped = {
        .state = RECIPIENT_SKIPPED, .reason = SKIP_SUPPRESSED, .first = DAY, .last = DAY};
    assert_says(&job, &skipped, true,
                "\"It was not sent on 2026-11-22 00:00:00 UTC: the contact is suppressed.\"");
    struct ledger_entry left = {.state = RECIPIENT_SKIPPED,
                                .reason = SKIP_LEFT_LIST,
                                .attempts = 1,
                                .last = DAY,
                                .text = STR("the contact left the list 'a'")};
    assert_says(&job, &left, false,
                "\"It was tried once, on 2026-11-22 00:00:00 UTC.\", \"It was not sent on "
                "2026-11-22 00:00:00 UTC: the contact left the list 'a'.\"");
    left.text = STR("");
    left.attempts = 0;
    assert_says(&job, &left, false,
                "\"It was not sent on 2026-11-22 00:00:00 UTC: the contact left a list that the "
                "job is for.\"");
    struct ledger_entry cancelled = {.state = RECIPIENT_CANCELLED};
    assert_says(&job, &cancelled, false,
                "\"The job was cancelled on 2026-11-22 00:01:00 UTC, before this copy was "
                "delivered: it is not sent.\"");
    struct ledger_entry expired = {.state = RECIPIENT_EXPIRED, .last = DAY};
    struct buf got = sentences(&job, &expired, false);
    assert_non_null(strstr(got.at, "It was given up on 2026-11-22 00:00:00 UTC"));
    buf_release(&got);
}

static struct buf facts(const struct ledger_entry *entry)
{
    struct buf out = BUF_INIT;
    struct json json = json_to(&out);
    story_write_facts(&json, entry->source ? STR("mail1") : (struct str){NULL, 0}, entry);
    return out;
}

static void facts_of_a_bounce(void **state)
{
    (void)state;
    struct ledger_entry e = {.state = RECIPIENT_BOUNCED,
                             .attempts = 1,
                             .first = DAY,
                             .last = DAY,
                             .source = 1,
                             .message_version = 2,
                             .code = 550,
                             .enhanced = {5, 1, 1},
                             .text = STR("No such user")};
    struct buf got = facts(&e);
    assert_string_equal(
        got.at,
        "\"state\": \"bounced\", \"reason\": null, \"attempts\": 1, \"doubts\": 0, \"first\": "
        "\"2026-11-22T00:00:00Z\", \"last\": \"2026-11-22T00:00:00Z\", \"again_at\": null, "
        "\"code\": 550, \"enhanced\": \"5.1.1\", \"reply\": \"550 5.1.1 No such user\", "
        "\"source\": \"mail1\", \"message_version\": 2");
    buf_release(&got);
}

static void facts_of_a_copy_that_nobody_tried(void **state)
{
    (void)state;
    struct ledger_entry e = {.state = RECIPIENT_QUEUED};
    struct buf got = facts(&e);
    assert_string_equal(
        got.at,
        "\"state\": \"queued\", \"reason\": null, \"attempts\": 0, \"doubts\": 0, \"first\": null, "
        "\"last\": null, \"again_at\": null, \"code\": null, \"enhanced\": null, "
        "\"reply\": null, \"source\": null, \"message_version\": null");
    buf_release(&got);
}

static void a_reply_without_text_is_its_code(void **state)
{
    (void)state;
    struct ledger_entry e = {.state = RECIPIENT_BOUNCED, .code = 554};
    struct buf got = facts(&e);
    assert_non_null(strstr(got.at, "\"reply\": \"554\""));
    buf_release(&got);
}

static void facts_of_a_skipped_copy_have_a_reason(void **state)
{
    (void)state;
    struct ledger_entry e = {.state = RECIPIENT_SKIPPED, .reason = SKIP_SUPPRESSED};
    struct buf got = facts(&e);
    assert_non_null(strstr(got.at, "\"reason\": \"the contact is suppressed\""));
    assert_non_null(strstr(got.at, "\"reply\": null"));
    buf_release(&got);
}

static void a_copy_that_was_in_doubt_before_it_was_delivered(void **state)
{
    (void)state;
    struct job_record job = job_in(JOB_FINISHED);
    struct ledger_entry e = {.state = RECIPIENT_DELIVERED,
                             .attempts = 2,
                             .doubts = 1,
                             .first = DAY + 1,
                             .last = DAY + 5,
                             .source = 1,
                             .message_version = 3,
                             .code = 250,
                             .text = STR("Ok")};
    assert_says(
        &job, &e, false,
        "\"It was tried 2 times, the last time on 2026-11-22 00:00:05 UTC; the receiver "
        "answered: 250 Ok.\", \"It went out from the source \\\"mail1\\\", with version 3 "
        "of the message.\", \"Once its last byte was sent and no answer came: there may be up "
        "to 2 copies.\", \"It is delivered: the receiver has taken responsibility for it.\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_that_was_in_doubt_before_it_was_delivered),
        cmocka_unit_test(a_copy_that_was_delivered),
        cmocka_unit_test(a_copy_that_waits),
        cmocka_unit_test(a_copy_in_doubt_says_what_the_job_promises),
        cmocka_unit_test(copies_that_are_not_sent_say_why),
        cmocka_unit_test(facts_of_a_bounce),
        cmocka_unit_test(facts_of_a_copy_that_nobody_tried),
        cmocka_unit_test(a_reply_without_text_is_its_code),
        cmocka_unit_test(facts_of_a_skipped_copy_have_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
