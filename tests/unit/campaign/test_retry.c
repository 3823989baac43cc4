/* Trying again by hand: who goes back into the queue, what stays known of them, and what comes
 * between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "campaign/campaign.h"
#include "store/erasure.h"
#include "store/queue.h"
#include "unit/people.h"

enum { PEOPLE = 12000, WALK_SLICE = 5000, SECOND = 1000000 };

/* One contact for each state that a copy can be in; EVERY is how many. */
enum { DEFERRED = 1, IN_DOUBT, DELIVERED, BOUNCED, SKIPPED, EXPIRED, UNTRIED, EVERY = UNTRIED };

static const uint32_t sent = 1700000000, asked = 1700050000; /* seconds since 1970 */
static const uint32_t due = 1700100000;                      /* where nobody has asked */

static struct {
    struct people people;
    struct senders *senders;
    struct composers *composers;
    struct loop front;
    struct campaign *campaign;
    struct campaign_answer answers[2];
    unsigned answered;
    unsigned offers;
    size_t most_queued; /* by one offer */
    size_t queued;
    bool watch; /* the queue, at each offer */
    uint32_t job;
    struct mailing *mailing;
} t;

static void write_contacts(struct txn *txn, void *ctx)
{
    static uint32_t ids[PEOPLE];
    char address[64];
    (void)ctx;
    struct contact_writer *w = contact_writer_begin(txn, sent);
    for (int i = 0; i < PEOPLE; i++) {
        snprintf(address, sizeof(address), "user%d@d%d.example", i, i % 3);
        ids[i] = people_add(w, address, NULL);
    }
    contact_writer_end(w);
    set_add(txn, SET_LIST, name_intern(txn, NAME_LIST, STR("everyone")), ids, PEOPLE);
    set_add(txn, SET_LIST, name_intern(txn, NAME_LIST, STR("few")), ids, EVERY);
}

/* How many records of the job the queue has; for one contact, or for all (0). */
static size_t count_queue(uint32_t contact, struct queue_entry *last)
{
    static struct queue_entry entries[PEOPLE];
    struct txn txn;
    size_t count = 0;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    for (uint32_t domain = 0; (domain = queue_next_domain(&txn, t.job, domain));) {
        struct queue_entry from = {t.job, domain, 0, 0};
        size_t n = queue_read(&txn, &from, UINT32_MAX, entries, PEOPLE);
        for (size_t i = 0; i < n; i++) {
            if (contact && entries[i].contact != contact)
                continue;
            count++;
            if (last)
                *last = entries[i];
        }
    }
    txn_end(&txn);
    return count;
}

static void on_offer(void *ctx, struct mailing *mailing, const uint32_t *domains, size_t count)
{
    (void)ctx;
    (void)domains;
    assert_true(count > 0);
    t.offers++;
    t.mailing = mailing;
    if (!t.watch)
        return;
    size_t before = t.queued;
    t.queued = count_queue(0, NULL);
    if (t.queued - before > t.most_queued)
        t.most_queued = t.queued - before;
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
    clock_hold((int64_t)sent * SECOND);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    clock_hold(-1);
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
    *(struct campaign_answer *)ctx = *answer;
    t.answered++;
}

static void await(unsigned answers)
{
    for (int i = 0; i < 20000 && t.answered < answers; i++)
        turn();
    assert_int_equal(t.answered, answers);
    t.answered = 0;
}

static struct job_record stored(void)
{
    struct job_record record;
    struct txn txn;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    assert_true(job_read(&txn, t.job, &record));
    txn_end(&txn);
    return record; /* its texts are not looked at */
}

/* The job as people see it; its numbers are checked to add up every time. */
static struct job_view view(void)
{
    struct job_view v;
    struct txn txn;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    assert_true(campaign_view(t.campaign, &txn, t.job, &v));
    txn_end(&txn);
    uint32_t sum = v.in_flight;
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        sum += v.counts[i];
    assert_int_equal(sum, v.recipients);
    return v;
}

static struct ledger_entry entry_of(uint32_t contact)
{
    static char text[LEDGER_TEXT_MAX + 1];
    struct ledger_entry entry = {.contact = 0};
    struct txn txn;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    if (!ledger_read(&txn, t.job, contact, &entry))
        entry.state = RECIPIENT_STATES;
    snprintf(text, sizeof(text), "%.*s", STR_ARG(entry.text));
    entry.text = str_of(text);
    txn_end(&txn);
    return entry;
}

static void submit(const char *segment, enum job_guarantee guarantee)
{
    struct submission s = {.source = STR("Subject: Hello\n\nHello\n"),
                           .segment = str_of(segment),
                           .lane = LANE_BULK,
                           .guarantee = guarantee};
    campaign_submit(t.campaign, &s, on_answer, &t.answers[0]);
    await(1);
    t.job = t.answers[0].job;
    for (int i = 0; i < 20000 && view().queued_up_to < view().recipients; i++)
        turn();
}

/* What delivery does when answers have come: the outcomes, durable, and the news of them. */
struct landing {
    size_t count, sum_count;
    struct outcome outcomes[EVERY];
    struct outcome_sums sums[EVERY];
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

static uint32_t domain_of(uint32_t contact)
{
    struct contact record;
    struct txn txn;
    assert_int_equal(txn_begin(t.people.store, &txn), 0);
    assert_true(contact_read(&txn, contact, &record));
    txn_end(&txn);
    return record.domain;
}

static struct outcome outcome_of(uint32_t contact, enum recipient_state state)
{
    bool waits = state == RECIPIENT_DEFERRED || state == RECIPIENT_IN_DOUBT;
    struct outcome o = {.job = t.job,
                        .contact = contact,
                        .domain = domain_of(contact),
                        .state = state,
                        .due = waits ? due : 0,
                        .at = sent,
                        .attempted = state != RECIPIENT_SKIPPED,
                        .reason = state == RECIPIENT_SKIPPED ? SKIP_SUPPRESSED : SKIP_NONE,
                        .message_version = 1};
    if (o.attempted && state != RECIPIENT_IN_DOUBT)
        o.code = state == RECIPIENT_DELIVERED ? 250 : state == RECIPIENT_BOUNCED ? 550 : 450;
    outcome_set_text(&o, o.attempted ? STR("As it was") : STR("the contact is suppressed"));
    return o;
}

static void land_one(uint32_t contact, enum recipient_state state)
{
    struct landing l = {.count = 1};
    l.outcomes[0] = outcome_of(contact, state);
    land(&l);
}

/* A job of which everybody is in another state; and who asks later, asks at another time. */
static void submit_one_of_each(void)
{
    static const enum recipient_state states[] = {
        [DEFERRED] = RECIPIENT_DEFERRED,   [IN_DOUBT] = RECIPIENT_IN_DOUBT,
        [DELIVERED] = RECIPIENT_DELIVERED, [BOUNCED] = RECIPIENT_BOUNCED,
        [SKIPPED] = RECIPIENT_SKIPPED,     [EXPIRED] = RECIPIENT_EXPIRED};
    struct landing l = {.count = 0};
    submit("list:few", GUARANTEE_AT_LEAST_ONCE);
    for (uint32_t contact = DEFERRED; contact <= EXPIRED; contact++)
        l.outcomes[l.count++] = outcome_of(contact, states[contact]);
    land(&l);
    clock_hold((int64_t)asked * SECOND);
}

static void await_walk(void)
{
    for (int i = 0; i < 20000 && stored().retry_states; i++)
        turn();
    assert_int_equal(stored().retry_states, 0);
    for (int i = 0; i < 10; i++)
        turn();
}

static struct campaign_answer retry(unsigned states)
{
    campaign_retry(t.campaign, t.job, states, on_answer, &t.answers[0]);
    await(1);
    if (t.answers[0].result == CAMPAIGN_OK)
        await_walk();
    return t.answers[0];
}

static void exactly_the_states_named_go_back(void **state)
{
    (void)state;
    static const struct {
        unsigned contact;
        enum recipient_state state;
    } cases[] = {{DEFERRED, RECIPIENT_DEFERRED},
                 {IN_DOUBT, RECIPIENT_IN_DOUBT},
                 {BOUNCED, RECIPIENT_BOUNCED},
                 {SKIPPED, RECIPIENT_SKIPPED},
                 {EXPIRED, RECIPIENT_EXPIRED}};
    submit_one_of_each();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct queue_entry queued;
        assert_int_equal(retry(1U << cases[i].state).recipients, 1);
        assert_int_equal(count_queue(cases[i].contact, &queued), 1);
        assert_int_equal(queued.due, asked);
        assert_int_equal(entry_of(cases[i].contact).state, RECIPIENT_QUEUED);
        assert_int_equal(view().counts[cases[i].state], 0);
        assert_int_equal(view().counts[RECIPIENT_QUEUED], 2 + i);
    }
    assert_int_equal(count_queue(DELIVERED, NULL), 0);
    assert_int_equal(entry_of(DELIVERED).state, RECIPIENT_DELIVERED);
    assert_int_equal(entry_of(UNTRIED).state, RECIPIENT_STATES); /* it has no entry */
    assert_int_equal(count_queue(0, NULL), 6);
}

static void several_states_are_one_request(void **state)
{
    (void)state;
    struct queue_entry waits;
    submit_one_of_each();
    assert_int_equal(retry(1U << RECIPIENT_BOUNCED | 1U << RECIPIENT_EXPIRED).recipients, 2);
    assert_int_equal(count_queue(0, NULL), 5);
    assert_int_equal(count_queue(DEFERRED, &waits), 1);
    assert_int_equal(waits.due, due);
}

static void what_was_known_of_a_copy_stays_and_its_age_counts_anew(void **state)
{
    (void)state;
    submit_one_of_each();
    retry(1U << RECIPIENT_BOUNCED | 1U << RECIPIENT_IN_DOUBT);
    struct ledger_entry e = entry_of(BOUNCED);
    assert_int_equal(e.attempts, 1);
    assert_int_equal(e.first, sent);
    assert_int_equal(e.last, sent);
    assert_int_equal(e.since, asked);
    assert_int_equal(e.due, asked);
    assert_int_equal(e.code, 550);
    assert_true(str_eq(e.text, STR("As it was")));
    assert_int_equal(entry_of(IN_DOUBT).doubts, 1);
    assert_int_equal(entry_of(IN_DOUBT).message_version, 1);
}

/* Else "why" would tell that the receiver had answered it. */
static void why_a_copy_was_skipped_is_not_kept_as_a_reply(void **state)
{
    (void)state;
    submit_one_of_each();
    retry(1U << RECIPIENT_SKIPPED);
    assert_int_equal(entry_of(SKIPPED).reason, SKIP_NONE);
    assert_int_equal(entry_of(SKIPPED).text.len, 0);
}

static void a_second_retry_waits_for_the_end_of_the_first(void **state)
{
    (void)state;
    submit_one_of_each();
    campaign_retry(t.campaign, t.job, 1U << RECIPIENT_BOUNCED, on_answer, &t.answers[0]);
    campaign_retry(t.campaign, t.job, 1U << RECIPIENT_EXPIRED, on_answer, &t.answers[1]);
    await(2);
    assert_int_equal(t.answers[0].result, CAMPAIGN_OK);
    assert_int_equal(t.answers[1].result, CAMPAIGN_CONFLICT);
    assert_non_null(strstr(t.answers[1].err.text, "at this moment"));
    await_walk();
    assert_int_equal(entry_of(EXPIRED).state, RECIPIENT_EXPIRED);
    assert_int_equal(retry(1U << RECIPIENT_EXPIRED).result, CAMPAIGN_OK);
    assert_int_equal(entry_of(EXPIRED).state, RECIPIENT_QUEUED);
}

/* The copy was read from the queue, and is on the wire, when the retry moves its record. */
static void a_late_answer_takes_the_new_record_away(void **state)
{
    (void)state;
    static const unsigned contacts[] = {DEFERRED, IN_DOUBT};
    static const enum recipient_state from[] = {RECIPIENT_DEFERRED, RECIPIENT_IN_DOUBT};
    submit_one_of_each();
    for (size_t i = 0; i < 2; i++) {
        struct landing l = {.count = 1};
        atomic_fetch_add(&t.mailing->begun[from[i]], 1);
        l.outcomes[0] = outcome_of(contacts[i], RECIPIENT_DELIVERED);
        l.outcomes[0].was_due = due;
        l.outcomes[0].counted = true;
        l.outcomes[0].from = from[i];
        retry(1U << from[i]);
        view();
        assert_int_equal(count_queue(contacts[i], NULL), 1);
        land(&l);
        assert_int_equal(count_queue(contacts[i], NULL), 0);
        assert_int_equal(entry_of(contacts[i]).state, RECIPIENT_DELIVERED);
        assert_int_equal(entry_of(contacts[i]).attempts, 2);
        assert_int_equal(view().counts[RECIPIENT_DELIVERED], 2 + i);
    }
    assert_int_equal(count_queue(0, NULL), 1);
}

static void a_late_deferral_moves_the_new_record(void **state)
{
    (void)state;
    struct queue_entry queued;
    struct landing l = {.count = 1};
    submit_one_of_each();
    l.outcomes[0] = outcome_of(DEFERRED, RECIPIENT_DEFERRED);
    l.outcomes[0].was_due = due;
    l.outcomes[0].due = due + 7;
    retry(1U << RECIPIENT_DEFERRED);
    land(&l);
    assert_int_equal(count_queue(DEFERRED, &queued), 1);
    assert_int_equal(queued.due, due + 7);
    assert_int_equal(entry_of(DEFERRED).since, asked);
}

static void a_paused_job_stays_paused(void **state)
{
    (void)state;
    submit_one_of_each();
    campaign_pause(t.campaign, t.job, on_answer, &t.answers[0]);
    await(1);
    assert_int_equal(retry(1U << RECIPIENT_BOUNCED).recipients, 1);
    assert_int_equal(view().state, JOB_PAUSED);
    assert_int_equal(mailing_gate(t.mailing), GATE_PAUSED);
    assert_int_equal(count_queue(BOUNCED, NULL), 1);
    t.offers = 0;
    campaign_resume(t.campaign, t.job, on_answer, &t.answers[0]);
    await(1);
    for (int i = 0; i < 10; i++)
        turn();
    assert_true(t.offers > 0);
    assert_int_equal(mailing_gate(t.mailing), GATE_OPEN);
}

static void a_finished_job_sends_again_and_finishes_again(void **state)
{
    (void)state;
    submit("email:user3@d0.example", GUARANTEE_AT_LEAST_ONCE);
    struct queue_entry queued;
    assert_int_equal(count_queue(0, &queued), 1);
    land_one(queued.contact, RECIPIENT_BOUNCED);
    assert_int_equal(view().state, JOB_FINISHED);
    assert_int_equal(view().finished, sent);
    assert_int_equal(campaign_active(t.campaign), 0);
    t.offers = 0;
    assert_int_equal(retry(1U << RECIPIENT_BOUNCED).recipients, 1);
    assert_int_equal(view().state, JOB_SENDING);
    assert_int_equal(view().finished, 0);
    assert_int_equal(t.offers, 1);
    assert_int_equal(mailing_gate(t.mailing), GATE_OPEN);
    land_one(queued.contact, RECIPIENT_DELIVERED);
    assert_int_equal(view().state, JOB_FINISHED);
    assert_int_equal(view().counts[RECIPIENT_DELIVERED], 1);
    assert_int_equal(campaign_active(t.campaign), 0);
}

static void nobody_to_try_again_changes_nothing(void **state)
{
    (void)state;
    submit("email:user3@d0.example", GUARANTEE_AT_LEAST_ONCE);
    struct queue_entry queued;
    count_queue(0, &queued);
    land_one(queued.contact, RECIPIENT_BOUNCED);
    struct campaign_answer answer = retry(1U << RECIPIENT_EXPIRED);
    assert_int_equal(answer.result, CAMPAIGN_OK);
    assert_int_equal(answer.recipients, 0);
    assert_int_equal(view().state, JOB_FINISHED);
    assert_int_equal(campaign_active(t.campaign), 0);
}

static void what_stays_in_doubt_for_good_is_sent_again_when_asked(void **state)
{
    (void)state;
    submit("email:user3@d0.example", GUARANTEE_AT_MOST_ONCE);
    struct queue_entry queued;
    struct landing l = {.count = 1};
    count_queue(0, &queued);
    l.outcomes[0] = outcome_of(queued.contact, RECIPIENT_IN_DOUBT);
    l.outcomes[0].due = 0;
    land(&l);
    assert_int_equal(view().state, JOB_FINISHED);
    assert_int_equal(retry(1U << RECIPIENT_IN_DOUBT).recipients, 1);
    assert_int_equal(count_queue(queued.contact, NULL), 1);
    land(&l);
    assert_int_equal(view().state, JOB_FINISHED);
    assert_int_equal(view().counts[RECIPIENT_IN_DOUBT], 1);
    assert_int_equal(entry_of(queued.contact).doubts, 2);
    assert_int_equal(count_queue(0, NULL), 0);
}

static void assert_cancelled_for_good(void)
{
    assert_int_equal(view().state, JOB_CANCELLED);
    assert_int_equal(stored().retry_states, 0);
    for (int i = 0; i < 20000 && count_queue(0, NULL); i++)
        turn();
    assert_int_equal(count_queue(0, NULL), 0);
    assert_int_equal(retry(1U << RECIPIENT_BOUNCED).result, CAMPAIGN_CONFLICT);
    assert_non_null(strstr(t.answers[0].err.text, "is cancelled"));
}

/* In one group of writes: the walk begins when the job is over already. */
static void a_cancellation_ends_a_retry(void **state)
{
    (void)state;
    submit_one_of_each();
    campaign_retry(t.campaign, t.job, 1U << RECIPIENT_BOUNCED, on_answer, &t.answers[0]);
    campaign_cancel(t.campaign, t.job, on_answer, &t.answers[1]);
    await(2);
    assert_int_equal(t.answers[0].result, CAMPAIGN_OK);
    assert_int_equal(t.answers[1].result, CAMPAIGN_OK);
    assert_cancelled_for_good();
    assert_int_equal(entry_of(BOUNCED).state, RECIPIENT_BOUNCED);
}

static void a_cancellation_ends_a_retry_that_was_killed(void **state)
{
    (void)state;
    submit_one_of_each();
    campaign_stop(t.campaign);
    campaign_retry(t.campaign, t.job, 1U << RECIPIENT_BOUNCED, on_answer, &t.answers[0]);
    campaign_cancel(t.campaign, t.job, on_answer, &t.answers[1]);
    await(2);
    campaign_free(t.campaign);
    start_campaign();
    assert_cancelled_for_good();
}

static void erase(struct txn *txn, void *ctx)
{
    assert_true(contact_erase(txn, *(uint32_t *)ctx, false, asked));
}

static void who_was_erased_stays_what_he_was(void **state)
{
    (void)state;
    uint32_t gone = BOUNCED;
    submit_one_of_each();
    people_write(&t.people, erase, &gone);
    retry(1U << RECIPIENT_BOUNCED | 1U << RECIPIENT_EXPIRED);
    assert_int_equal(count_queue(BOUNCED, NULL), 0);
    assert_int_equal(entry_of(BOUNCED).state, RECIPIENT_BOUNCED);
    assert_int_equal(count_queue(EXPIRED, NULL), 1);
}

static void a_retry_of_erased_people_alone_is_over_at_once(void **state)
{
    (void)state;
    submit("email:user3@d0.example", GUARANTEE_AT_LEAST_ONCE);
    struct queue_entry queued;
    count_queue(0, &queued);
    land_one(queued.contact, RECIPIENT_BOUNCED);
    people_write(&t.people, erase, &queued.contact);
    assert_int_equal(retry(1U << RECIPIENT_BOUNCED).result, CAMPAIGN_OK);
    assert_int_equal(view().state, JOB_FINISHED);
    assert_int_equal(view().counts[RECIPIENT_BOUNCED], 1);
    assert_int_equal(campaign_active(t.campaign), 0);
}

static void break_message(struct txn *txn, void *ctx)
{
    struct job_record record;
    struct buf texts = BUF_INIT;
    (void)ctx;
    assert_true(job_read(txn, t.job, &record));
    job_keep(&record, &texts);
    record.message = message_put(txn, STR("broken"), STR("Subject: x\n\n{% if %}\n"), 0);
    job_write(txn, &record);
    buf_release(&texts);
}

static void a_message_that_no_longer_compiles_is_refused_and_nothing_changes(void **state)
{
    (void)state;
    submit("email:user3@d0.example", GUARANTEE_AT_LEAST_ONCE);
    struct queue_entry queued;
    count_queue(0, &queued);
    land_one(queued.contact, RECIPIENT_BOUNCED);
    people_write(&t.people, break_message, NULL);
    assert_int_equal(retry(1U << RECIPIENT_BOUNCED).result, CAMPAIGN_CONFLICT);
    assert_non_null(strstr(t.answers[0].err.text, "cannot be sent: Line 3"));
    for (int i = 0; i < 50; i++)
        turn();
    assert_int_equal(view().state, JOB_FINISHED);
    assert_int_equal(view().finished, sent);
    assert_int_equal(stored().retry_states, 0);
    assert_int_equal(campaign_active(t.campaign), 0);
}

static void bounce_all(struct txn *txn, void *ctx)
{
    static struct outcome outcomes[PEOPLE];
    static struct outcome_sums sums[PEOPLE];
    struct landing *l = ctx;
    struct contact contact;
    for (uint32_t i = 0; i < PEOPLE; i++) {
        assert_true(contact_read(txn, i + 1, &contact));
        outcomes[i] = (struct outcome){.job = t.job,
                                       .contact = i + 1,
                                       .domain = contact.domain,
                                       .state = RECIPIENT_BOUNCED,
                                       .at = sent,
                                       .attempted = true,
                                       .code = 550};
    }
    l->sum_count = outcomes_apply(txn, outcomes, PEOPLE, sums);
    l->sums[0] = sums[0];
}

static void submit_and_bounce_all(void)
{
    struct landing l = {.count = 0};
    submit("list:everyone", GUARANTEE_AT_LEAST_ONCE);
    people_write(&t.people, bounce_all, &l);
    campaign_committed(t.campaign, l.outcomes, 0, l.sums, l.sum_count);
    for (int i = 0; i < 10; i++)
        turn();
    assert_int_equal(view().state, JOB_FINISHED);
    assert_int_equal(count_queue(0, NULL), 0);
    t.offers = 0;
    clock_hold((int64_t)asked * SECOND);
}

static void a_long_walk_goes_in_slices_of_a_commit_each(void **state)
{
    (void)state;
    submit_and_bounce_all();
    t.watch = true;
    assert_int_equal(retry(1U << RECIPIENT_BOUNCED).recipients, PEOPLE);
    assert_int_equal(t.offers, (PEOPLE + WALK_SLICE - 1) / WALK_SLICE);
    assert_int_equal(t.most_queued, WALK_SLICE);
    assert_int_equal(count_queue(0, NULL), PEOPLE);
    assert_int_equal(view().counts[RECIPIENT_QUEUED], PEOPLE);
}

static void a_walk_goes_on_after_a_restart_where_it_was(void **state)
{
    (void)state;
    submit_and_bounce_all();
    campaign_retry(t.campaign, t.job, 1U << RECIPIENT_BOUNCED, on_answer, &t.answers[0]);
    for (int i = 0; i < 20000 && stored().retry_next == 0; i++)
        turn();
    campaign_stop(t.campaign);
    for (int i = 0; i < 100; i++)
        turn();
    assert_in_range(count_queue(0, NULL), WALK_SLICE, PEOPLE - 1);
    assert_int_equal(count_queue(0, NULL), view().counts[RECIPIENT_QUEUED]);
    campaign_free(t.campaign);
    /* Who bounces again meanwhile was tried again already, and is not sought a second time. */
    start_campaign();
    land_one(1, RECIPIENT_BOUNCED);
    await_walk();
    assert_int_equal(count_queue(0, NULL), PEOPLE - 1);
    assert_int_equal(count_queue(1, NULL), 0);
    assert_int_equal(view().state, JOB_SENDING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(exactly_the_states_named_go_back),
        TEST(several_states_are_one_request),
        TEST(what_was_known_of_a_copy_stays_and_its_age_counts_anew),
        TEST(why_a_copy_was_skipped_is_not_kept_as_a_reply),
        TEST(a_second_retry_waits_for_the_end_of_the_first),
        TEST(a_late_answer_takes_the_new_record_away),
        TEST(a_late_deferral_moves_the_new_record),
        TEST(a_paused_job_stays_paused),
        TEST(a_finished_job_sends_again_and_finishes_again),
        TEST(nobody_to_try_again_changes_nothing),
        TEST(what_stays_in_doubt_for_good_is_sent_again_when_asked),
        TEST(a_cancellation_ends_a_retry),
        TEST(a_cancellation_ends_a_retry_that_was_killed),
        TEST(who_was_erased_stays_what_he_was),
        TEST(a_retry_of_erased_people_alone_is_over_at_once),
        TEST(a_message_that_no_longer_compiles_is_refused_and_nothing_changes),
        TEST(a_long_walk_goes_in_slices_of_a_commit_each),
        TEST(a_walk_goes_on_after_a_restart_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
