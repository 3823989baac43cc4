/* Jobs from submission to their end, with a real store and a pretended delivery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "campaign/campaign.h"
#include "store/queue.h"
#include "unit/people.h"

enum { PEOPLE = 45000, DOMAINS = 7 }; /* more than two slices of fan-out */

static const char source[] = "Subject: Hello\n\nHello {{ contact.email }}\n";

static struct {
    struct people people;
    struct senders *senders;
    struct composers *composers;
    struct loop front;
    struct campaign *campaign;
    struct campaign_answer answer, second;
    bool answered;
    bool offered[DOMAINS + 1];
    struct mailing *mailing; /* of the last offer */
} t;

static void write_contacts(struct txn *txn, void *ctx)
{
    static uint32_t ids[PEOPLE];
    char address[64];
    (void)ctx;
    struct contact_writer *w = contact_writer_begin(txn, 1700000000);
    for (int i = 0; i < PEOPLE; i++) {
        snprintf(address, sizeof(address), "user%d@d%d.example", i, i % DOMAINS);
        ids[i] = people_add(w, address, NULL);
    }
    contact_writer_end(w);
    set_add(txn, SET_LIST, name_intern(txn, NAME_LIST, STR("everyone")), ids, PEOPLE);
    set_add(txn, SET_LIST, name_intern(txn, NAME_LIST, STR("few")), ids, 10);
    name_intern(txn, NAME_LIST, STR("nobody"));
}

static void on_offer(void *ctx, struct mailing *mailing, const uint32_t *domains, size_t count)
{
    (void)ctx;
    t.mailing = mailing;
    for (size_t i = 0; i < count; i++)
        t.offered[domains[i]] = true;
}

static void start_campaign(void)
{
    struct campaign_hooks hooks = {.offer = on_offer};
    struct err err;
    t.campaign = campaign_new(t.people.store, t.composers, &t.front, &hooks);
    assert_int_equal(campaign_start(t.campaign, &err), 0);
}

static int set_up(void **state)
{
    (void)state;
    struct err err;
    memset(&t, 0, sizeof(t));
    people_open(&t.people);
    people_write(&t.people, write_contacts, NULL);
    t.senders = people_senders(&t.people);
    t.composers = composers_new(t.people.store, 1, t.senders, &err);
    assert_int_equal(loop_init(&t.front, "front", &err), 0);
    start_campaign();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    campaign_stop(t.campaign);
    people_close(&t.people);
    loop_release(&t.front);
    campaign_free(t.campaign);
    composers_free(t.composers);
    senders_unref(t.senders);
    return 0;
}

/* Turns the front loop for a moment. */
static void turn(void)
{
    uv_run(&t.front.uv, UV_RUN_NOWAIT);
    usleep(500);
}

static void on_answer(void *ctx, const struct campaign_answer *answer)
{
    (void)ctx;
    t.answer = *answer;
    t.answered = true;
}

static void on_second_answer(void *ctx, const struct campaign_answer *answer)
{
    (void)ctx;
    t.second = *answer;
}

static void await(void)
{
    for (int i = 0; i < 20000 && !t.answered; i++)
        turn();
    assert_true(t.answered);
    t.answered = false;
}

static uint32_t submit(const char *segment)
{
    struct submission s = {.source = str_of(source), .segment = str_of(segment), .lane = LANE_BULK};
    campaign_submit(t.campaign, &s, on_answer, NULL);
    await();
    return t.answer.job;
}

/* The job as people see it; its numbers are checked to add up every time. */
static struct job_view view(uint32_t job)
{
    struct job_view v;
    struct txn txn;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    assert_true(campaign_view(t.campaign, &txn, job, &v));
    txn_end(&txn);
    uint32_t sum = v.in_flight;
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        sum += v.counts[i];
    assert_int_equal(sum, v.recipients);
    return v;
}

static void await_fanout(uint32_t job)
{
    for (int i = 0; i < 20000 && view(job).queued_up_to < view(job).recipients; i++)
        turn();
    assert_int_equal(view(job).queued_up_to, view(job).recipients);
}

struct queue_count {
    uint32_t job;
    size_t count;
    struct queue_entry first;
};

static struct queue_count count_queue(uint32_t job)
{
    static struct queue_entry entries[PEOPLE];
    struct queue_count c = {.job = job};
    struct txn txn;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    for (uint32_t domain = 0; (domain = queue_next_domain(&txn, job, domain));) {
        struct queue_entry from = {job, domain, 0, 0};
        size_t n = queue_read(&txn, &from, UINT32_MAX, entries, PEOPLE);
        if (c.count == 0 && n)
            c.first = entries[0];
        c.count += n;
    }
    txn_end(&txn);
    return c;
}

/* What delivery does when an answer has come: the outcomes, durable, and the news of them. */
struct landing {
    struct outcome outcomes[10];
    size_t count, sum_count;
    struct outcome_sums sums[10];
};

static void apply_landing(struct txn *txn, void *ctx)
{
    struct landing *l = ctx;
    l->sum_count = outcomes_apply(txn, l->outcomes, l->count, l->sums);
}

static void land(struct landing *l)
{
    people_write(&t.people, apply_landing, l);
    campaign_committed(t.campaign, l->outcomes, l->count, l->sums, l->sum_count);
    for (int i = 0; i < 10; i++)
        turn();
}

static void every_recipient_is_queued_once_and_every_domain_offered(void **state)
{
    (void)state;
    uint32_t job = submit("list:everyone");
    assert_int_equal(t.answer.result, CAMPAIGN_OK);
    assert_int_equal(t.answer.recipients, PEOPLE);
    await_fanout(job);
    assert_int_equal(count_queue(job).count, PEOPLE);
    for (int i = 1; i <= DOMAINS; i++)
        assert_true(t.offered[i]);
    assert_int_equal(view(job).counts[RECIPIENT_QUEUED], PEOPLE);
    assert_int_equal(view(job).state, JOB_SENDING);
}

static void what_is_in_flight_is_nowhere_else(void **state)
{
    (void)state;
    uint32_t job = submit("list:few");
    await_fanout(job);
    atomic_fetch_add(&t.mailing->begun[RECIPIENT_QUEUED], 1);
    assert_int_equal(view(job).in_flight, 1);
    assert_int_equal(view(job).counts[RECIPIENT_QUEUED], 9);
    struct queue_entry e = count_queue(job).first;
    struct landing l = {.count = 1};
    l.outcomes[0] = (struct outcome){.job = job,
                                     .contact = e.contact,
                                     .domain = e.domain,
                                     .state = RECIPIENT_DELIVERED,
                                     .at = 1700000000,
                                     .attempted = true,
                                     .counted = true,
                                     .from = RECIPIENT_QUEUED,
                                     .code = 250};
    land(&l);
    assert_int_equal(view(job).in_flight, 0);
    assert_int_equal(view(job).counts[RECIPIENT_DELIVERED], 1);
    assert_int_equal(count_queue(job).count, 9);
}

static void a_job_is_finished_with_its_last_recipient(void **state)
{
    (void)state;
    uint32_t job = submit("email:user3@d3.example");
    await_fanout(job);
    struct queue_entry e = count_queue(job).first;
    struct landing l = {.count = 1};
    l.outcomes[0] = (struct outcome){.job = job,
                                     .contact = e.contact,
                                     .domain = e.domain,
                                     .state = RECIPIENT_DEFERRED,
                                     .due = 1700000300,
                                     .at = 1700000000,
                                     .code = 450};
    land(&l);
    assert_int_equal(view(job).state, JOB_SENDING);
    assert_int_equal(view(job).counts[RECIPIENT_DEFERRED], 1);
    l.outcomes[0].was_due = 1700000300;
    l.outcomes[0].due = 0;
    l.outcomes[0].state = RECIPIENT_BOUNCED;
    l.outcomes[0].code = 550;
    land(&l);
    assert_int_equal(view(job).state, JOB_FINISHED);
    assert_int_equal(view(job).counts[RECIPIENT_BOUNCED], 1);
    assert_int_equal(count_queue(job).count, 0);
    assert_int_equal(campaign_active(t.campaign), 0);
    land(&l); /* once more: it is refused, nothing is counted twice */
    assert_int_equal(view(job).counts[RECIPIENT_BOUNCED], 1);
}

static void pausing_turns_the_gate_and_resuming_offers_again(void **state)
{
    (void)state;
    uint32_t job = submit("list:few");
    await_fanout(job);
    campaign_pause(t.campaign, job, on_answer, NULL);
    await();
    assert_int_equal(t.answer.result, CAMPAIGN_OK);
    assert_int_equal(view(job).state, JOB_PAUSED);
    assert_int_equal(mailing_gate(t.mailing), GATE_PAUSED);
    campaign_pause(t.campaign, job, on_answer, NULL);
    await();
    assert_int_equal(t.answer.result, CAMPAIGN_CONFLICT);
    memset(t.offered, 0, sizeof(t.offered));
    campaign_resume(t.campaign, job, on_answer, NULL);
    await();
    for (int i = 0; i < 10; i++)
        turn();
    assert_int_equal(mailing_gate(t.mailing), GATE_OPEN);
    assert_true(t.offered[1]);
}

static void cancelling_empties_the_queue_behind_it(void **state)
{
    (void)state;
    uint32_t job = submit("list:everyone");
    await_fanout(job);
    struct mailing *mailing = mailing_ref(t.mailing);
    atomic_fetch_add(&mailing->begun[RECIPIENT_QUEUED], 1);
    campaign_cancel(t.campaign, job, on_answer, NULL);
    await();
    assert_int_equal(mailing_gate(mailing), GATE_CLOSED);
    assert_int_equal(view(job).state, JOB_CANCELLED);
    assert_int_equal(view(job).counts[RECIPIENT_CANCELLED], PEOPLE - 1);
    assert_int_equal(view(job).in_flight, 1);
    for (int i = 0; i < 20000 && count_queue(job).count; i++)
        turn();
    assert_int_equal(count_queue(job).count, 0);
    struct landing l = {.count = 1};
    l.outcomes[0] = (struct outcome){.job = job,
                                     .contact = 1,
                                     .domain = 1,
                                     .state = RECIPIENT_DELIVERED,
                                     .at = 1700000000,
                                     .counted = true,
                                     .from = RECIPIENT_QUEUED,
                                     .code = 250};
    land(&l);
    assert_int_equal(view(job).counts[RECIPIENT_DELIVERED], 1);
    assert_int_equal(view(job).counts[RECIPIENT_CANCELLED], PEOPLE - 1);
    campaign_resume(t.campaign, job, on_answer, NULL);
    await();
    assert_int_equal(t.answer.result, CAMPAIGN_CONFLICT);
    mailing_unref(mailing);
}

/* Who got it between two slices is not queued again by the second. */
static void fan_out_goes_on_behind_whom_it_queued_last(void **state)
{
    (void)state;
    enum { SLICE = 20000 };
    uint32_t job = submit("list:everyone"); /* the loop rests: no second slice yet */
    for (int i = 0; i < 20000 && count_queue(job).count < SLICE; i++)
        usleep(500);
    assert_int_equal(count_queue(job).count, SLICE);
    struct landing l = {.count = 1};
    l.outcomes[0] = (struct outcome){.job = job,
                                     .contact = SLICE,
                                     .domain = (SLICE - 1) % DOMAINS + 1,
                                     .state = RECIPIENT_DELIVERED,
                                     .at = 1700000000,
                                     .attempted = true,
                                     .code = 250};
    people_write(&t.people, apply_landing, &l);
    assert_int_equal(count_queue(job).count, SLICE - 1);
    await_fanout(job);
    assert_int_equal(count_queue(job).count, PEOPLE - 1);
}

/* There is no moment in which a crash would find the job and not its recipients in the queue. */
static void a_small_job_is_queued_with_the_write_that_makes_it(void **state)
{
    (void)state;
    struct submission s = {.source = str_of(source), .segment = STR("list:few")};
    struct job_record record = {.id = 0};
    struct txn txn;
    campaign_submit(t.campaign, &s, on_answer, NULL);
    campaign_stop(t.campaign); /* nothing more is written than this */
    await();
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    assert_true(job_read(&txn, t.answer.job, &record));
    txn_end(&txn);
    assert_int_equal(record.fanned, UINT32_MAX);
    assert_int_equal(count_queue(t.answer.job).count, 10);
    campaign_free(t.campaign);
    start_campaign();
    for (int i = 0; i < 20000 && !t.offered[1]; i++)
        turn();
    assert_true(t.offered[1]);
}

static void write_gone(struct txn *txn, void *ctx)
{
    uint32_t gone = PEOPLE + 7;
    (void)ctx;
    set_add(txn, SET_ALL, 0, &gone, 1);
    set_add(txn, SET_LIST, name_intern(txn, NAME_LIST, STR("few")), &gone, 1);
}

static void a_small_job_with_somebody_who_is_gone_ends_well_too(void **state)
{
    (void)state;
    people_write(&t.people, write_gone, NULL);
    uint32_t job = submit("list:few");
    await_fanout(job);
    for (int i = 0; i < 20000 && view(job).counts[RECIPIENT_SKIPPED] == 0; i++)
        turn();
    assert_int_equal(view(job).counts[RECIPIENT_SKIPPED], 1);
    assert_int_equal(view(job).counts[RECIPIENT_QUEUED], 10);
    assert_int_equal(count_queue(job).count, 10);
}

/* Each submission comes between two parts of the big job's slices, and all are queued once. */
static void a_fan_out_that_is_interrupted_skips_nobody(void **state)
{
    (void)state;
    uint32_t job = submit("list:everyone");
    for (int i = 0; i < 40; i++)
        assert_int_equal(submit("email:user3@d3.example"), job + 1 + (uint32_t)i);
    await_fanout(job);
    assert_int_equal(count_queue(job).count, PEOPLE);
    assert_int_equal(count_queue(job + 40).count, 1);
    for (int d = 1; d <= DOMAINS; d++)
        assert_true(t.offered[d]);
}

static void emptying_the_queue_goes_on_after_a_restart(void **state)
{
    (void)state;
    uint32_t job = submit("list:everyone");
    await_fanout(job);
    campaign_cancel(t.campaign, job, on_answer, NULL);
    await();
    campaign_stop(t.campaign); /* at most one slice more */
    for (int i = 0; i < 400; i++)
        turn();
    assert_in_range(count_queue(job).count, 1, PEOPLE);
    campaign_free(t.campaign);
    start_campaign();
    for (int i = 0; i < 20000 && count_queue(job).count; i++)
        turn();
    assert_int_equal(count_queue(job).count, 0);
}

static void cancelling_ends_a_fan_out(void **state)
{
    (void)state;
    uint32_t job = submit("list:everyone");
    campaign_cancel(t.campaign, job, on_answer, NULL); /* behind the first slice */
    await();
    assert_int_equal(t.answer.result, CAMPAIGN_OK);
    for (int i = 0; i < 20000 && campaign_active(t.campaign) > 0; i++)
        turn();
    assert_int_equal(campaign_active(t.campaign), 0);
    assert_int_equal(count_queue(job).count, 0);
    assert_in_range(view(job).queued_up_to, 1, PEOPLE - 1);
    assert_int_equal(view(job).counts[RECIPIENT_CANCELLED], PEOPLE);
}

static void fan_out_goes_on_after_a_restart(void **state)
{
    (void)state;
    uint32_t job = submit("list:everyone");
    campaign_stop(t.campaign); /* at most one slice more */
    for (int i = 0; i < 400; i++)
        turn();
    assert_in_range(count_queue(job).count, 0, PEOPLE - 1);
    campaign_free(t.campaign);
    start_campaign();
    await_fanout(job);
    assert_int_equal(count_queue(job).count, PEOPLE);
}

static void break_message(struct txn *txn, void *ctx)
{
    struct job_record record;
    struct buf texts = BUF_INIT;
    assert_true(job_read(txn, *(uint32_t *)ctx, &record));
    job_keep(&record, &texts);
    record.message = message_put(txn, STR("broken"), STR("Subject: x\n\n{% if %}\n"), 0);
    job_write(txn, &record);
    buf_release(&texts);
}

static void a_job_that_no_longer_compiles_waits_paused(void **state)
{
    (void)state;
    uint32_t job = submit("list:few");
    await_fanout(job);
    people_write(&t.people, break_message, &job);
    campaign_free(t.campaign);
    start_campaign();
    for (int i = 0; i < 20000 && view(job).state != JOB_PAUSED; i++)
        turn();
    assert_int_equal(view(job).state, JOB_PAUSED);
    campaign_resume(t.campaign, job, on_answer, NULL);
    await();
    assert_int_equal(t.answer.result, CAMPAIGN_CONFLICT);
    assert_non_null(strstr(t.answer.err.text, "cannot be sent: Line 3"));
    for (int i = 0; i < 20000 && view(job).state != JOB_PAUSED; i++)
        turn();
    campaign_cancel(t.campaign, job, on_answer, NULL);
    await();
    assert_int_equal(t.answer.result, CAMPAIGN_OK);
    for (int i = 0; i < 20000 && count_queue(job).count; i++)
        turn();
    assert_int_equal(count_queue(job).count, 0);
    assert_int_equal(view(job).counts[RECIPIENT_CANCELLED], 10);
}

static void refusals_say_why_and_write_nothing(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"list:evryone", "evryone"},
                                           {"list:nobody", "is empty"},
                                           {"list:", "olumn"},
                                           {"", "is empty"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        submit(cases[i][0]);
        assert_int_equal(t.answer.result, CAMPAIGN_BAD_INPUT);
        if (!strstr(t.answer.err.text, cases[i][1]))
            fail_msg("\"%s\": \"%s\"", cases[i][0], t.answer.err.text);
    }
    campaign_cancel(t.campaign, 99, on_answer, NULL);
    await();
    assert_int_equal(t.answer.result, CAMPAIGN_NOT_FOUND);
    assert_int_equal(submit("list:few"), 1);
}

static void use_pools(const char *identity, const char *pools)
{
    struct senders *senders = people_senders_with(&t.people, identity, pools);
    composers_use(t.composers, senders);
    senders_unref(senders);
    campaign_reload(t.campaign);
}

#define POOL(name) "pool \"" name "\" { sources = {\"local\"} }\n"

static uint32_t submit_to_pool(const char *pool, uint32_t weight)
{
    struct submission s = {.source = str_of(source),
                           .segment = STR("list:few"),
                           .pool = str_of(pool),
                           .weight = weight};
    campaign_submit(t.campaign, &s, on_answer, NULL);
    await();
    return t.answer.job;
}

static void assert_pool(uint32_t job, const char *name)
{
    struct str pool = view(job).pool;
    if (!str_eq(pool, str_of(name)))
        fail_msg("job %u leaves by \"%.*s\", not \"%s\"", job, STR_ARG(pool), name);
}

static void a_job_leaves_by_the_pool_that_it_names(void **state)
{
    (void)state;
    use_pools("pool = \"own\"", POOL("first") POOL("own") POOL("news"));
    uint32_t named = submit_to_pool("news", 3), silent = submit_to_pool("", 0);
    assert_pool(named, "news");
    assert_int_equal(view(named).weight, 3);
    assert_pool(silent, "own");
    assert_int_equal(view(silent).weight, 1);
    assert_true(str_eq(t.mailing->pool, STR("")));
    assert_int_equal(t.mailing->weight, 1);
    use_pools("", POOL("first") POOL("own") POOL("news"));
    assert_pool(named, "news");
    assert_pool(silent, "first");
}

static void a_pool_that_is_gone_is_replaced_also_after_a_restart(void **state)
{
    (void)state;
    use_pools("pool = \"own\"", POOL("own") POOL("news"));
    uint32_t job = submit_to_pool("news", 3);
    use_pools("pool = \"own\"", POOL("first") POOL("own"));
    assert_pool(job, "own");
    campaign_free(t.campaign);
    start_campaign();
    assert_pool(job, "own");
    use_pools("", POOL("first") POOL("news"));
    assert_pool(job, "news");
    assert_int_equal(view(job).weight, 3);
    use_pools("", POOL("first"));
    assert_pool(job, "first");
    campaign_cancel(t.campaign, job, on_answer, NULL);
    await();
    assert_pool(job, "news"); /* of a job that is over, what it was sent by */
}

static void a_pool_that_there_is_not_is_refused_with_those_that_there_are(void **state)
{
    (void)state;
    use_pools("", POOL("first") POOL("news"));
    assert_int_equal(submit_to_pool("newz", 1), 0);
    assert_int_equal(t.answer.result, CAMPAIGN_BAD_INPUT);
    assert_string_equal(
        t.answer.err.text,
        "There is no pool \"newz\" in the configuration; there is \"first\", \"news\".");
}

static void write_wordy_jobs(struct txn *txn, void *ctx)
{
    struct buf text = BUF_INIT;
    (void)ctx;
    buf_add_text(&text, "list:few");
    for (int i = 0; i < 400; i++)
        buf_add_text(&text, " or all");
    for (uint32_t id = 1; id <= 2; id++) {
        struct job_record job = {.id = id, .state = JOB_FINISHED, .segment = buf_str(&text)};
        job_write(txn, &job);
        set_add(txn, SET_JOB, id, (const uint32_t[]){1}, 1);
    }
    buf_release(&text);
}

/* A composer asks about all that an audience rests on, for everybody who left one of its lists. */
static void an_audience_that_rests_on_too_much_is_refused(void **state)
{
    (void)state;
    people_write(&t.people, write_wordy_jobs, NULL);
    submit("job:1 or job:2");
    assert_int_equal(t.answer.result, CAMPAIGN_BAD_INPUT);
    assert_non_null(strstr(t.answer.err.text, "too many lists and earlier jobs"));
    assert_int_equal(submit("job:1 and not list:nobody"), 3);
}

/* Both are in one group of writes, or nearly so: the second does not wait for the first's answer.
 */
static void a_submission_that_comes_twice_at_once_makes_one_job(void **state)
{
    (void)state;
    struct submission s = {
        .source = str_of(source), .segment = STR("list:few"), .key = STR("twice")};
    struct campaign_answer first;
    campaign_submit(t.campaign, &s, on_answer, NULL);
    campaign_submit(t.campaign, &s, on_second_answer, NULL);
    await();
    first = t.answer;
    for (int i = 0; i < 20000 && !t.second.job; i++)
        turn();
    assert_int_equal(first.job, 1);
    assert_false(first.repeated);
    assert_int_equal(t.second.result, CAMPAIGN_OK);
    assert_int_equal(t.second.job, 1);
    assert_true(t.second.repeated);
    assert_int_equal(t.second.recipients, 10);
    await_fanout(1);
    assert_int_equal(count_queue(1).count, 10);
    assert_int_equal(campaign_active(t.campaign), 1);
}

static void a_dry_run_only_counts(void **state)
{
    (void)state;
    struct submission s = {.source = str_of(source),
                           .segment = STR("list:everyone and not list:few"),
                           .dry_run = true};
    campaign_submit(t.campaign, &s, on_answer, NULL);
    await();
    assert_int_equal(t.answer.recipients, PEOPLE - 10);
    assert_int_equal(t.answer.job, 0);
    assert_int_equal(campaign_active(t.campaign), 0);
}

static void note_plan(void *ctx, const struct campaign_answer *answer)
{
    const struct campaign_plan *plan = answer->plan;
    uint32_t sum = 0;
    assert_non_null(plan);
    assert_int_equal(plan->domain_count, DOMAINS);
    for (size_t i = 0; i < plan->domain_count; i++) {
        assert_true(i == 0 || plan->domains[i - 1].recipients >= plan->domains[i].recipients);
        assert_int_equal(plan->domains[i].recipients / 1000, PEOPLE / DOMAINS / 1000);
        sum += plan->domains[i].recipients;
    }
    assert_int_equal(sum, PEOPLE);
    assert_int_equal(plan->weight, 3);
    on_answer(ctx, answer);
}

static void a_dry_run_says_how_many_are_where(void **state)
{
    (void)state;
    struct submission s = {
        .source = str_of(source), .segment = STR("list:everyone"), .weight = 3, .dry_run = true};
    campaign_submit(t.campaign, &s, note_plan, NULL);
    await();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_recipient_is_queued_once_and_every_domain_offered),
        TEST(what_is_in_flight_is_nowhere_else),
        TEST(a_job_is_finished_with_its_last_recipient),
        TEST(pausing_turns_the_gate_and_resuming_offers_again),
        TEST(cancelling_empties_the_queue_behind_it),
        TEST(fan_out_goes_on_behind_whom_it_queued_last),
        TEST(a_small_job_is_queued_with_the_write_that_makes_it),
        TEST(a_small_job_with_somebody_who_is_gone_ends_well_too),
        TEST(a_fan_out_that_is_interrupted_skips_nobody),
        TEST(emptying_the_queue_goes_on_after_a_restart),
        TEST(cancelling_ends_a_fan_out),
        TEST(fan_out_goes_on_after_a_restart),
        TEST(a_job_that_no_longer_compiles_waits_paused),
        TEST(refusals_say_why_and_write_nothing),
        TEST(a_job_leaves_by_the_pool_that_it_names),
        TEST(a_pool_that_is_gone_is_replaced_also_after_a_restart),
        TEST(a_pool_that_there_is_not_is_refused_with_those_that_there_are),
        TEST(an_audience_that_rests_on_too_much_is_refused),
        TEST(a_submission_that_comes_twice_at_once_makes_one_job),
        TEST(a_dry_run_only_counts),
        TEST(a_dry_run_says_how_many_are_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
