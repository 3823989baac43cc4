/* What becomes of copies, on its way into the store: until it is there, the journal keeps it and
 * nobody takes the copy again. */
#include "delivery/report.h"

#include "delivery/feed.h"
#include "delivery/site.h"
#include "store/journal.h"
#include "unit/store/help.h"

enum { JOB = 7, DOMAIN = 3, MANY = 100 };

/* A delivery thread as far as reports need one, on the test's own thread; its site has only a name.
 */
static struct {
    struct delivery_thread thread;
    struct delivery_hooks hooks;
    struct site site;
    struct mailing mailing;
    struct feed feed;
} t;

static void on_committed(void *ctx, const struct outcome *outcomes, size_t count,
                         const struct outcome_sums *sums, size_t sum_count)
{
    (void)ctx, (void)outcomes, (void)count, (void)sums, (void)sum_count;
}

static void no_work(void *ctx)
{
    (void)ctx;
}

static int set_up(void **state)
{
    static char site_name[] = "mx.example:25";
    struct err err;
    if (place_setup(state) != 0)
        return -1;
    memset(&t, 0, sizeof(t));
    t.hooks.committed = on_committed;
    t.thread.hooks = &t.hooks;
    t.thread.store = ((struct place *)*state)->store;
    t.thread.journal = journal_attach(t.thread.store, 0, 64 * 1024, &err);
    assert_non_null(t.thread.journal);
    assert_int_equal(loop_init(&t.thread.loop, "delivery", &err), 0);
    u64set_init(&t.thread.taken);
    t.site.key = site_name;
    t.site.thread = &t.thread;
    chore_init(&t.site.chore, &t.thread.loop, no_work, NULL);
    t.mailing.job = JOB;
    t.feed.mailing = &t.mailing;
    t.feed.domain = DOMAIN;
    t.feed.site = &t.site;
    t.feed.pending = 1; /* it stays */
    return 0;
}

static void await_uncommitted(size_t count)
{
    for (int i = 0; i < 10000 && t.thread.uncommitted > count; i++) {
        uv_run(&t.thread.loop.uv, UV_RUN_NOWAIT);
        usleep(500);
    }
    assert_int_equal(t.thread.uncommitted, count);
}

static int tear_down(void **state)
{
    report_flush(&t.thread);
    await_uncommitted(0);
    journal_detach(t.thread.journal);
    journal_free(t.thread.journal);
    parcels_release(&t.thread);
    u64set_release(&t.thread.taken);
    loop_release(&t.thread.loop);
    return place_teardown(state);
}

/* A copy that began and ended. */
static void send_copy(uint32_t contact)
{
    struct journal_began began = {.job = JOB, .contact = contact, .domain = DOMAIN};
    struct parcel *p = parcel_take(&t.thread, &t.feed, contact, 0);
    assert_true(journal_take(t.thread.journal));
    p->open = journal_began(t.thread.journal, &began);
    p->begun = true;
    journal_give_back(t.thread.journal);
    report_expired(&t.thread, p, STR("It took too long."));
}

/* Whether others can go on for ever: that takes laps whose answers are all in the store. */
static bool journal_goes_on(void)
{
    struct journal *j = t.thread.journal;
    struct journal_began began = {.job = JOB + 1, .contact = 1};
    for (int i = 0; i < 10000; i++) {
        if (!journal_take(j))
            return false;
        journal_returned(j, journal_began(j, &began));
        journal_give_back(j);
    }
    return true;
}

static bool is_taken(uint32_t contact)
{
    return u64set_has(&t.thread.taken, taken_key(JOB, contact));
}

/* An operation that keeps the writer busy until it is told to go on. */
static struct busy {
    struct write_op op;
    sem_t go_on;
} busy;

static void wait_there(struct txn *txn, struct write_op *op)
{
    (void)txn, (void)op;
    while (sem_wait(&busy.go_on))
        ;
}

static void be_done(struct write_op *op)
{
    (void)op;
}

static void keep_busy(void)
{
    busy.op = (struct write_op){.apply = wait_there, .done = be_done, .urgent = true};
    sem_init(&busy.go_on, 0, 0);
    store_submit(t.thread.store, &busy.op);
}

static void what_the_store_is_yet_to_write_stays_in_the_journal(void **state)
{
    (void)state;
    keep_busy();
    for (uint32_t contact = 1; contact <= MANY; contact++)
        send_copy(contact);
    report_flush(&t.thread);
    bool goes_on = journal_goes_on(), taken = is_taken(1) && is_taken(MANY);
    sem_post(&busy.go_on);
    assert_true(taken && !goes_on);
    await_uncommitted(0);
    assert_true(journal_goes_on());
    assert_false(is_taken(1) || is_taken(MANY));
}

static void what_ended_since_the_last_report_stays_in_the_journal(void **state)
{
    (void)state;
    keep_busy();
    send_copy(1);
    report_flush(&t.thread);
    send_copy(2);
    timer_stop(&t.thread.report_due);
    sem_post(&busy.go_on);
    await_uncommitted(1);
    assert_false(journal_goes_on());
    assert_true(!is_taken(1) && is_taken(2));
    report_flush(&t.thread);
    await_uncommitted(0);
    assert_true(journal_goes_on());
    assert_false(is_taken(2));
}

/* So a power cut takes no more than was asked for. */
static void no_more_begins_than_may_be_lost(void **state)
{
    struct config config = {.store = {.unsynced = 3}};
    struct delivery_settings settings = {.config = &config};
    (void)state;
    t.thread.settings = &settings;
    send_copy(1);
    send_copy(2);
    assert_true(thread_may_begin(&t.thread));
    send_copy(3);
    assert_false(thread_may_begin(&t.thread));
    report_flush(&t.thread);
    await_uncommitted(0);
    assert_true(thread_may_begin(&t.thread));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_store_is_yet_to_write_stays_in_the_journal, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_ended_since_the_last_report_stays_in_the_journal,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_begins_than_may_be_lost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
