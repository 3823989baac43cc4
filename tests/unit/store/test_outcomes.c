/* What becomes of copies: queue, ledger and counters tell one story, whatever is reported. */
#include "store/outcomes.h"

#include "store/queue.h"
#include "store/queue_counts.h"
#include "store/sets.h"
#include "unit/store/help.h"

enum { JOB = 7, DOMAIN = 3, NOW = 1700000000 };

static struct outcome outcome(uint32_t contact, enum recipient_state state, uint32_t due)
{
    struct outcome o = {.job = JOB,
                        .contact = contact,
                        .domain = DOMAIN,
                        .state = state,
                        .due = due,
                        .at = NOW,
                        .attempted = true,
                        .message_version = 2,
                        .code = 250,
                        .enhanced = {2, 0, 0}};
    outcome_set_text(&o, STR("as the receiver said"));
    return o;
}

struct job_setup {
    uint32_t recipients;
    enum job_guarantee guarantee;
};

static void make_job(struct txn *txn, void *ctx)
{
    const struct job_setup *setup = ctx;
    uint32_t ids[16];
    struct job_record job = {.id = JOB,
                             .state = JOB_SENDING,
                             .lane = LANE_BULK,
                             .guarantee = setup->guarantee,
                             .fanned = UINT32_MAX,
                             .recipients = setup->recipients,
                             .name = STR("appeal"),
                             .segment = STR("all"),
                             .identity = STR("example")};
    job.counts[RECIPIENT_QUEUED] = setup->recipients;
    for (uint32_t i = 0; i < setup->recipients; i++) {
        struct queue_entry entry = {JOB, DOMAIN, 0, i + 1};
        queue_add(txn, &entry, 1);
        ids[i] = i + 1;
    }
    set_add(txn, SET_JOB, JOB, ids, setup->recipients);
    job_write(txn, &job);
}

static struct store *store_of(void **state)
{
    return ((struct place *)*state)->store;
}

/* A job to the contacts 1, 2, … */
static void submit(void **state, uint32_t recipients, enum job_guarantee guarantee)
{
    struct job_setup setup = {recipients, guarantee};
    write_now(store_of(state), make_job, &setup);
}

struct report {
    const struct outcome *outcomes;
    size_t count, sum_count;
    struct outcome_sums sums[8];
};

static void apply(struct txn *txn, void *ctx)
{
    struct report *r = ctx;
    r->sum_count = outcomes_apply(txn, r->outcomes, r->count, r->sums);
}

static struct report report(void **state, const struct outcome *outcomes, size_t count)
{
    struct report r = {.outcomes = outcomes, .count = count};
    write_now(store_of(state), apply, &r);
    return r;
}

static struct outcome_sums report_one(void **state, struct outcome o)
{
    struct report r = report(state, &o, 1);
    assert_int_equal(r.sum_count, 1);
    return r.sums[0];
}

static struct job_record read_job(void **state)
{
    struct txn txn;
    struct job_record job;
    uint32_t sum = 0;
    txn_begin(store_of(state), &txn);
    assert_true(job_read(&txn, JOB, &job));
    read_end(&txn);
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        sum += job.counts[i];
    assert_int_equal(sum, job.recipients);
    return job;
}

static struct ledger_entry look_up(void **state, uint32_t contact)
{
    struct txn txn;
    struct job_record job;
    struct ledger_entry entry;
    txn_begin(store_of(state), &txn);
    assert_true(job_read(&txn, JOB, &job));
    assert_true(recipient_lookup(&txn, &job, contact, &entry));
    read_end(&txn);
    entry.text = STR(""); /* it was a view into the transaction */
    return entry;
}

/* The due times of a contact's queue records: how many there are, and the last of them. */
static unsigned queued(void **state, uint32_t contact, uint32_t *due)
{
    struct queue_entry entries[32], from = {JOB, DOMAIN, 0, 0};
    struct txn txn;
    unsigned found = 0;
    txn_begin(store_of(state), &txn);
    size_t n = queue_read(&txn, &from, UINT32_MAX, entries, 32);
    read_end(&txn);
    for (size_t i = 0; i < n; i++) {
        if (entries[i].contact != contact)
            continue;
        found++;
        *due = entries[i].due;
    }
    return found;
}

static void set_state(struct txn *txn, void *ctx)
{
    struct job_record job;
    struct buf texts = BUF_INIT;
    job_read(txn, JOB, &job);
    job_keep(&job, &texts);
    job.state = *(enum job_state *)ctx;
    if (job.state == JOB_CANCELLED) {
        job.counts[RECIPIENT_CANCELLED] += job.counts[RECIPIENT_QUEUED];
        job.counts[RECIPIENT_QUEUED] = 0;
    }
    job_write(txn, &job);
    buf_release(&texts);
}

static void turn(void **state, enum job_state job_state)
{
    write_now(store_of(state), set_state, &job_state);
}

static void test_delivered_is_the_end(void **state)
{
    uint32_t due;
    submit(state, 2, GUARANTEE_AT_LEAST_ONCE);
    struct outcome_sums sums = report_one(state, outcome(1, RECIPIENT_DELIVERED, 0));
    assert_int_equal(sums.job, JOB);
    assert_int_equal(sums.state, JOB_SENDING);
    assert_int_equal(sums.counts[RECIPIENT_DELIVERED], 1);
    assert_int_equal(sums.counts[RECIPIENT_QUEUED], 1);
    assert_int_equal(queued(state, 1, &due), 0);
    assert_int_equal(queued(state, 2, &due), 1);
    struct ledger_entry entry = look_up(state, 1);
    assert_int_equal(entry.state, RECIPIENT_DELIVERED);
    assert_int_equal(entry.attempts, 1);
    assert_int_equal(entry.first, NOW);
    assert_int_equal(entry.message_version, 2);
    read_job(state);
}

static void test_the_last_recipient_finishes_the_job(void **state)
{
    struct outcome all[] = {outcome(1, RECIPIENT_DELIVERED, 0), outcome(2, RECIPIENT_BOUNCED, 0),
                            outcome(3, RECIPIENT_SKIPPED, 0)};
    submit(state, 3, GUARANTEE_AT_LEAST_ONCE);
    struct report r = report(state, all, 3);
    assert_int_equal(r.sum_count, 1);
    assert_int_equal(r.sums[0].state, JOB_FINISHED);
    assert_int_equal(r.sums[0].finished, NOW);
    assert_int_equal(read_job(state).state, JOB_FINISHED);
}

static void test_deferred_moves_in_the_queue(void **state)
{
    uint32_t due = 0;
    submit(state, 1, GUARANTEE_AT_LEAST_ONCE);
    report_one(state, outcome(1, RECIPIENT_DEFERRED, NOW + 300));
    assert_int_equal(queued(state, 1, &due), 1);
    assert_int_equal(due, NOW + 300);
    assert_int_equal(look_up(state, 1).due, NOW + 300);
    assert_int_equal(read_job(state).state, JOB_SENDING);
    struct outcome again = outcome(1, RECIPIENT_DELIVERED, 0);
    again.was_due = NOW + 300;
    again.at = NOW + 310;
    assert_int_equal(report_one(state, again).state, JOB_FINISHED);
    assert_int_equal(queued(state, 1, &due), 0);
    struct ledger_entry entry = look_up(state, 1);
    assert_int_equal(entry.attempts, 2);
    assert_int_equal(entry.first, NOW);
    assert_int_equal(entry.last, NOW + 310);
    assert_int_equal(entry.due, 0);
}

static void test_what_is_no_attempt_does_not_count_as_one(void **state)
{
    struct outcome o = outcome(1, RECIPIENT_DEFERRED, NOW + 300);
    o.attempted = false;
    submit(state, 1, GUARANTEE_AT_LEAST_ONCE);
    report_one(state, o);
    assert_int_equal(look_up(state, 1).attempts, 0);
}

static void test_expired_keeps_the_last_reply(void **state)
{
    struct outcome expired = {.job = JOB,
                              .contact = 1,
                              .domain = DOMAIN,
                              .was_due = NOW + 300,
                              .state = RECIPIENT_EXPIRED,
                              .at = NOW + 300};
    struct txn txn;
    struct ledger_entry entry;
    submit(state, 1, GUARANTEE_AT_LEAST_ONCE);
    report_one(state, outcome(1, RECIPIENT_DEFERRED, NOW + 300));
    assert_int_equal(report_one(state, expired).state, JOB_FINISHED);
    txn_begin(store_of(state), &txn);
    assert_true(ledger_read(&txn, JOB, 1, &entry));
    assert_int_equal(entry.state, RECIPIENT_EXPIRED);
    assert_int_equal(entry.code, 250);
    assert_int_equal(entry.enhanced[0], 2);
    assert_str(entry.text, STR("as the receiver said"));
    read_end(&txn);
}

static void queue_stray(struct txn *txn, void *ctx)
{
    struct queue_entry stray = {JOB, DOMAIN, NOW, 1};
    (void)ctx;
    queue_add(txn, &stray, 1);
}

static void test_a_final_copy_is_refused_and_leaves_the_queue(void **state)
{
    struct outcome twice[] = {outcome(1, RECIPIENT_DELIVERED, 0), outcome(1, RECIPIENT_BOUNCED, 0)};
    uint32_t due;
    submit(state, 2, GUARANTEE_AT_LEAST_ONCE);
    report(state, twice, 2);
    assert_int_equal(look_up(state, 1).state, RECIPIENT_DELIVERED);
    assert_int_equal(read_job(state).counts[RECIPIENT_DELIVERED], 1);
    /* A record that a fault left behind must not be sent again and again. */
    write_now(store_of(state), queue_stray, NULL);
    assert_int_equal(queued(state, 1, &due), 1);
    struct outcome late = outcome(1, RECIPIENT_DEFERRED, NOW + 900);
    late.was_due = NOW;
    report_one(state, late);
    assert_int_equal(queued(state, 1, &due), 0);
    assert_int_equal(look_up(state, 1).state, RECIPIENT_DELIVERED);
    read_job(state);
}

static uint32_t count_now(void **state)
{
    struct txn txn;
    txn_begin(store_of(state), &txn);
    uint32_t count = queue_count(&txn, JOB, DOMAIN);
    read_end(&txn);
    return count;
}

static void test_the_queue_counts_who_still_waits(void **state)
{
    struct outcome ends[] = {
        outcome(1, RECIPIENT_DELIVERED, 0), outcome(2, RECIPIENT_DEFERRED, NOW + 60),
        outcome(3, RECIPIENT_IN_DOUBT, NOW + 60), outcome(4, RECIPIENT_BOUNCED, 0)};
    submit(state, 5, GUARANTEE_AT_LEAST_ONCE);
    assert_int_equal(count_now(state), 5);
    report(state, ends, 4);
    assert_int_equal(count_now(state), 3);
    report_one(state, outcome(1, RECIPIENT_DELIVERED, 0)); /* refused */
    assert_int_equal(count_now(state), 3);
}

static void test_in_doubt_and_sent_again(void **state)
{
    uint32_t due;
    submit(state, 1, GUARANTEE_AT_LEAST_ONCE);
    struct outcome_sums sums = report_one(state, outcome(1, RECIPIENT_IN_DOUBT, NOW + 60));
    assert_int_equal(sums.state, JOB_SENDING);
    assert_int_equal(sums.counts[RECIPIENT_IN_DOUBT], 1);
    assert_int_equal(queued(state, 1, &due), 1);
}

static void test_in_doubt_as_an_end(void **state)
{
    uint32_t due;
    submit(state, 1, GUARANTEE_AT_MOST_ONCE);
    assert_int_equal(report_one(state, outcome(1, RECIPIENT_IN_DOUBT, 0)).state, JOB_FINISHED);
    assert_int_equal(queued(state, 1, &due), 0);
    report_one(state, outcome(1, RECIPIENT_DELIVERED, 0));
    assert_int_equal(look_up(state, 1).state, RECIPIENT_IN_DOUBT);
}

static void test_after_a_cancellation(void **state)
{
    struct outcome flying[] = {outcome(1, RECIPIENT_DELIVERED, 0),
                               outcome(2, RECIPIENT_DEFERRED, NOW + 300),
                               outcome(3, RECIPIENT_IN_DOUBT, NOW + 300)};
    uint32_t due;
    submit(state, 4, GUARANTEE_AT_LEAST_ONCE);
    turn(state, JOB_CANCELLED);
    struct report r = report(state, flying, 3);
    assert_int_equal(r.sums[0].state, JOB_CANCELLED);
    assert_int_equal(r.sums[0].counts[RECIPIENT_DELIVERED], 1);
    assert_int_equal(r.sums[0].counts[RECIPIENT_CANCELLED], 2);
    assert_int_equal(look_up(state, 1).state, RECIPIENT_DELIVERED);
    assert_int_equal(look_up(state, 2).state, RECIPIENT_CANCELLED);
    assert_int_equal(look_up(state, 3).state, RECIPIENT_IN_DOUBT); /* it may have arrived */
    assert_int_equal(look_up(state, 3).due, 0);
    assert_int_equal(look_up(state, 4).state, RECIPIENT_CANCELLED);
    for (uint32_t contact = 1; contact <= 3; contact++)
        assert_int_equal(queued(state, contact, &due), 0);
    read_job(state);
}

/* Where in doubt is an end it was reached, cancelled or not: list and counters agree. */
static void test_in_doubt_as_an_end_after_a_cancellation(void **state)
{
    submit(state, 2, GUARANTEE_AT_MOST_ONCE);
    turn(state, JOB_CANCELLED);
    report_one(state, outcome(1, RECIPIENT_IN_DOUBT, 0));
    assert_int_equal(look_up(state, 1).state, RECIPIENT_IN_DOUBT);
    assert_int_equal(read_job(state).counts[RECIPIENT_IN_DOUBT], 1);
}

static void test_a_paused_job_can_finish(void **state)
{
    submit(state, 1, GUARANTEE_AT_LEAST_ONCE);
    turn(state, JOB_PAUSED);
    assert_int_equal(report_one(state, outcome(1, RECIPIENT_DELIVERED, 0)).state, JOB_FINISHED);
}

static void begin_retry(struct txn *txn, void *ctx)
{
    struct job_record job;
    struct buf texts = BUF_INIT;
    (void)ctx;
    job_read(txn, JOB, &job);
    job_keep(&job, &texts);
    job.retry_states = 1 << RECIPIENT_BOUNCED;
    job_write(txn, &job);
    buf_release(&texts);
}

/* Those who bounced are not in the queue yet: what waits there is not all that there is to do. */
static void test_a_job_that_is_being_retried_is_not_over(void **state)
{
    submit(state, 2, GUARANTEE_AT_LEAST_ONCE);
    report_one(state, outcome(1, RECIPIENT_BOUNCED, 0));
    write_now(store_of(state), begin_retry, NULL);
    assert_int_equal(report_one(state, outcome(2, RECIPIENT_DELIVERED, 0)).state, JOB_SENDING);
}

static void make_other_job(struct txn *txn, void *ctx)
{
    struct job_record job = {.id = JOB + 1, .state = JOB_SENDING, .recipients = 1};
    (void)ctx;
    job.counts[RECIPIENT_QUEUED] = 1;
    job_write(txn, &job);
}

static void test_jobs_have_their_own_sums(void **state)
{
    struct outcome mixed[] = {
        outcome(1, RECIPIENT_DELIVERED, 0), outcome(1, RECIPIENT_DELIVERED, 0),
        outcome(2, RECIPIENT_DELIVERED, 0), outcome(9, RECIPIENT_DELIVERED, 0)};
    submit(state, 2, GUARANTEE_AT_LEAST_ONCE);
    write_now(store_of(state), make_other_job, NULL);
    mixed[1].job = JOB + 1;
    mixed[3].job = JOB + 2; /* there is none */
    struct report r = report(state, mixed, 4);
    assert_int_equal(r.sum_count, 2);
    assert_int_equal(r.sums[0].job, JOB);
    assert_int_equal(r.sums[0].counts[RECIPIENT_DELIVERED], 2);
    assert_int_equal(r.sums[1].job, JOB + 1);
    assert_int_equal(r.sums[1].state, JOB_FINISHED);
}

static void test_lookup_of_a_stranger(void **state)
{
    struct txn txn;
    struct job_record job;
    struct ledger_entry entry;
    submit(state, 1, GUARANTEE_AT_LEAST_ONCE);
    assert_int_equal(look_up(state, 1).state, RECIPIENT_QUEUED);
    txn_begin(store_of(state), &txn);
    assert_true(job_read(&txn, JOB, &job));
    assert_false(recipient_lookup(&txn, &job, 99, &entry));
    read_end(&txn);
}

static void test_text_is_cut_between_characters(void **state)
{
    (void)state;
    struct outcome o;
    char text[LEDGER_TEXT_MAX + 8];
    memset(text, 'x', sizeof(text));
    memcpy(text + LEDGER_TEXT_MAX - 1, "\xC3\xA9", 2);
    outcome_set_text(&o, str_from(text, sizeof(text)));
    assert_int_equal(o.text_len, LEDGER_TEXT_MAX - 1);
    outcome_set_text(&o, (struct str){NULL, 0});
    assert_int_equal(o.text_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_delivered_is_the_end),
        STORE_TEST(test_the_last_recipient_finishes_the_job),
        STORE_TEST(test_deferred_moves_in_the_queue),
        STORE_TEST(test_what_is_no_attempt_does_not_count_as_one),
        STORE_TEST(test_expired_keeps_the_last_reply),
        STORE_TEST(test_a_final_copy_is_refused_and_leaves_the_queue),
        STORE_TEST(test_the_queue_counts_who_still_waits),
        STORE_TEST(test_in_doubt_and_sent_again),
        STORE_TEST(test_in_doubt_as_an_end),
        STORE_TEST(test_after_a_cancellation),
        STORE_TEST(test_in_doubt_as_an_end_after_a_cancellation),
        STORE_TEST(test_a_paused_job_can_finish),
        STORE_TEST(test_a_job_that_is_being_retried_is_not_over),
        STORE_TEST(test_jobs_have_their_own_sums),
        STORE_TEST(test_lookup_of_a_stranger),
        cmocka_unit_test(test_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
