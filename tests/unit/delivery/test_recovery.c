/* What a start takes over from the journals of a process that was killed, at any moment. */
#include "delivery/recovery.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/journal.h"
#include "store/names.h"
#include "store/outcomes.h"
#include "store/queue.h"
#include "store/sets.h"
#include "unit/store/help.h"

enum { JOB = 7, DOMAIN = 3, SIZE = 64 * 1024 };

static struct store *store_of(void **state)
{
    return ((struct place *)*state)->store;
}

struct setup {
    enum job_guarantee guarantee;
    uint32_t recipients;
};

static void make_job(struct txn *txn, void *ctx)
{
    const struct setup *setup = ctx;
    uint32_t ids[64];
    struct job_record job = {.id = JOB,
                             .state = JOB_SENDING,
                             .lane = LANE_BULK,
                             .guarantee = setup->guarantee,
                             .fanned = UINT32_MAX,
                             .recipients = setup->recipients,
                             .counts = {[RECIPIENT_QUEUED] = setup->recipients},
                             .name = STR("appeal"),
                             .segment = STR("all"),
                             .identity = STR("example")};
    for (uint32_t i = 0; i < setup->recipients; i++) {
        struct queue_entry entry = {JOB, DOMAIN, 0, i + 1};
        queue_add(txn, &entry, 1);
        ids[i] = i + 1;
    }
    set_add(txn, SET_JOB, JOB, ids, setup->recipients);
    job_write(txn, &job);
}

static void submit(void **state, enum job_guarantee guarantee, uint32_t recipients)
{
    struct setup setup = {guarantee, recipients};
    write_now(store_of(state), make_job, &setup);
}

static struct journal *attach(void **state, unsigned number)
{
    struct err err;
    struct journal *j = journal_attach(store_of(state), number, SIZE, &err);
    if (!j)
        fail_msg("%s", err.text);
    return j;
}

/* As SIGKILL leaves it: nothing is said any more. */
static void kill_it(struct journal *j)
{
    journal_detach(j);
    journal_free(j);
}

static unsigned begin(struct journal *j, uint32_t contact, uint16_t attempt)
{
    struct journal_began began = {.job = JOB,
                                  .contact = contact,
                                  .domain = DOMAIN,
                                  .message_version = 1,
                                  .at = 1700000000,
                                  .attempt = attempt,
                                  .source = STR("mail1")};
    assert_true(journal_take(j));
    return journal_began(j, &began);
}

static struct outcome answer(uint32_t contact, enum recipient_state state, uint32_t due)
{
    struct outcome o = {
        .job = JOB, .contact = contact, .state = state, .due = due, .at = 1700000001, .code = 250};
    outcome_set_text(&o, STR("2.0.0 Ok"));
    return o;
}

static void finish(struct journal *j, unsigned open, struct outcome o)
{
    journal_give_back(j);
    journal_ended(j, open, &o);
}

static struct config *config_of(void **state)
{
    static const char text[] = "data_dir = \"data\"\ncontrol { socket = \"s\" }\n"
                               "identity \"x\" { domain = \"x.example\" }\n"
                               "source \"mail1\" { ehlo = \"x.example\" }\n"
                               "route \"*\" { host = \"127.0.0.1\" }\n"
                               "threads { delivery = 1 }\n";
    struct config_errors errors = CONFIG_ERRORS_INIT;
    (void)state;
    struct config *config = config_load_text(str_of(text), "test", ".", &errors);
    if (!config)
        fail_msg("%.*s", STR_ARG(buf_str(&errors.text)));
    config_errors_release(&errors);
    return config;
}

static int recover(void **state, struct err *err)
{
    struct config *config = config_of(state);
    int result = recovery_run(store_of(state), config, err);
    config_unref(config);
    return result;
}

static void must_recover(void **state)
{
    struct err err;
    if (recover(state, &err) != 0)
        fail_msg("%s", err.text);
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
    entry.text = STR("");
    return entry;
}

static bool is_queued(void **state, uint32_t contact, uint32_t due)
{
    struct txn txn;
    struct queue_entry entry = {JOB, DOMAIN, due, contact};
    txn_begin(store_of(state), &txn);
    bool found = queue_has(&txn, &entry);
    read_end(&txn);
    return found;
}

static void an_answer_that_was_seen_is_taken_over(void **state)
{
    submit(state, GUARANTEE_AT_LEAST_ONCE, 2);
    struct journal *j = attach(state, 0);
    finish(j, begin(j, 1, 0), answer(1, RECIPIENT_DELIVERED, 0));
    finish(j, begin(j, 2, 0), answer(2, RECIPIENT_DEFERRED, 1700000300));
    kill_it(j);
    must_recover(state);
    struct ledger_entry one = look_up(state, 1), two = look_up(state, 2);
    assert_int_equal(one.state, RECIPIENT_DELIVERED);
    assert_true(one.attempts == 1 && one.code == 250 && one.source > 0 && one.doubts == 0);
    assert_false(is_queued(state, 1, 0));
    assert_int_equal(two.state, RECIPIENT_DEFERRED);
    assert_true(two.due == 1700000300 && is_queued(state, 2, 1700000300));
}

static void what_began_and_has_no_answer_is_in_doubt(void **state)
{
    submit(state, GUARANTEE_AT_LEAST_ONCE, 2);
    struct journal *j = attach(state, 0);
    begin(j, 1, 0);
    kill_it(j);
    must_recover(state);
    struct ledger_entry one = look_up(state, 1);
    assert_int_equal(one.state, RECIPIENT_IN_DOUBT);
    assert_true(one.attempts == 1 && one.doubts == 1);
    assert_true(one.due > clock_steady_s() && is_queued(state, 1, one.due));
    assert_int_equal(look_up(state, 2).state, RECIPIENT_QUEUED);
}

static void under_at_most_once_it_stays_in_doubt(void **state)
{
    submit(state, GUARANTEE_AT_MOST_ONCE, 1);
    struct journal *j = attach(state, 0);
    begin(j, 1, 0);
    kill_it(j);
    must_recover(state);
    struct ledger_entry one = look_up(state, 1);
    assert_true(one.state == RECIPIENT_IN_DOUBT && one.due == 0);
    assert_false(is_queued(state, 1, 0));
}

static void what_returned_is_as_it_was(void **state)
{
    submit(state, GUARANTEE_AT_MOST_ONCE, 1);
    struct journal *j = attach(state, 0);
    journal_returned(j, begin(j, 1, 0));
    kill_it(j);
    must_recover(state);
    assert_int_equal(look_up(state, 1).state, RECIPIENT_QUEUED);
    assert_true(is_queued(state, 1, 0));
}

static void a_copy_with_several_attempts_is_taken_over_in_their_order(void **state)
{
    submit(state, GUARANTEE_AT_LEAST_ONCE, 1);
    struct journal *j = attach(state, 0);
    finish(j, begin(j, 1, 0), answer(1, RECIPIENT_DEFERRED, 1700000300));
    finish(j, begin(j, 1, 1), answer(1, RECIPIENT_DEFERRED, 1700000600));
    finish(j, begin(j, 1, 2), answer(1, RECIPIENT_DELIVERED, 0));
    kill_it(j);
    must_recover(state);
    struct ledger_entry one = look_up(state, 1);
    assert_true(one.state == RECIPIENT_DELIVERED && one.attempts == 3);
    assert_false(is_queued(state, 1, 1700000300) || is_queued(state, 1, 1700000600));
}

/* Killed in the middle of it, a start does it again. */
static void taking_over_twice_is_as_good_as_once(void **state)
{
    submit(state, GUARANTEE_AT_LEAST_ONCE, 3);
    struct journal *j = attach(state, 0);
    finish(j, begin(j, 1, 0), answer(1, RECIPIENT_DEFERRED, 1700000300));
    finish(j, begin(j, 2, 0), answer(2, RECIPIENT_DELIVERED, 0));
    begin(j, 3, 0);
    kill_it(j);
    for (int i = 0; i < 3; i++)
        must_recover(state);
    assert_int_equal(look_up(state, 1).attempts, 1);
    assert_int_equal(look_up(state, 2).attempts, 1);
    assert_int_equal(look_up(state, 3).attempts, 1);
    assert_int_equal(look_up(state, 3).doubts, 1);
}

/* The store had them already: the journal is always behind it by what was committed last. */
static void what_the_store_knows_counts_once(void **state)
{
    struct journal *j;
    submit(state, GUARANTEE_AT_LEAST_ONCE, 1);
    j = attach(state, 0);
    finish(j, begin(j, 1, 0), answer(1, RECIPIENT_DEFERRED, 1700000300));
    kill_it(j);
    must_recover(state);
    j = attach(state, 0);
    finish(j, begin(j, 1, 0), answer(1, RECIPIENT_DELIVERED, 0));
    kill_it(j);
    must_recover(state);
    assert_int_equal(look_up(state, 1).state, RECIPIENT_DEFERRED);
}

/* A file can come back after a power cut, or be one of a backup: what it says of an attempt long
 * ago is no news of the one that another file tells of. */
static void what_is_told_twice_is_told_by_each_file_for_itself(void **state)
{
    struct journal *j, *old;
    submit(state, GUARANTEE_AT_LEAST_ONCE, 2);
    j = attach(state, 0);
    finish(j, begin(j, 1, 0), answer(1, RECIPIENT_DEFERRED, 1700000300));
    finish(j, begin(j, 2, 0), answer(2, RECIPIENT_DEFERRED, 1700000300));
    kill_it(j);
    must_recover(state);
    j = attach(state, 0);
    old = attach(state, 1);
    begin(j, 1, 1);
    begin(old, 1, 0);
    begin(j, 2, 1);
    finish(old, begin(old, 2, 0), answer(2, RECIPIENT_DELIVERED, 0));
    kill_it(j);
    kill_it(old);
    must_recover(state);
    for (uint32_t i = 1; i <= 2; i++) {
        struct ledger_entry entry = look_up(state, i);
        assert_int_equal(entry.state, RECIPIENT_IN_DOUBT);
        assert_true(entry.attempts == 2 && entry.doubts == 1);
    }
}

static unsigned long refusals(void)
{
    static const char name[] = "\ntocsin_outcomes_refused_total ";
    struct buf text = BUF_INIT;
    metrics_render(&text);
    buf_add_byte(&text, 0);
    const char *line = strstr(text.at, name);
    unsigned long count = line ? strtoul(line + strlen(name), NULL, 10) : 0;
    buf_release(&text);
    return count;
}

static void skip_the_first(struct txn *txn, void *ctx)
{
    struct outcome_sums sums;
    struct outcome o = {.job = JOB,
                        .contact = 1,
                        .domain = DOMAIN,
                        .state = RECIPIENT_SKIPPED,
                        .reason = SKIP_UNSUBSCRIBED,
                        .at = 1700000000};
    (void)ctx;
    outcomes_apply(txn, &o, 1, &sums);
}

/* In a backup the journals are older than the store. */
static void who_was_skipped_since_is_not_in_doubt(void **state)
{
    submit(state, GUARANTEE_AT_LEAST_ONCE, 1);
    struct journal *j = attach(state, 0);
    begin(j, 1, 0);
    kill_it(j);
    write_now(store_of(state), skip_the_first, NULL);
    uint64_t before = refusals();
    must_recover(state);
    struct ledger_entry one = look_up(state, 1);
    assert_true(one.state == RECIPIENT_SKIPPED && one.attempts == 0);
    assert_int_equal(refusals(), before);
}

static void all_journals_are_read_whatever_the_number_of_threads(void **state)
{
    struct err err;
    struct buf file = BUF_INIT;
    submit(state, GUARANTEE_AT_LEAST_ONCE, 4);
    for (unsigned i = 0; i < 4; i++) {
        struct journal *j = attach(state, i);
        finish(j, begin(j, i + 1, 0), answer(i + 1, RECIPIENT_DELIVERED, 0));
        kill_it(j);
    }
    must_recover(state);
    for (uint32_t i = 1; i <= 4; i++)
        assert_int_equal(look_up(state, i).state, RECIPIENT_DELIVERED);
    assert_int_equal(journal_load(store_of(state), 3, &file, &err), 0);
    assert_int_equal(file.len, 0); /* there is no thread 3 now */
    buf_release(&file);
}

static void overwrite(void **state, size_t from, size_t to)
{
    char path[128];
    const uint8_t zeros[4096] = {0};
    snprintf(path, sizeof(path), "%s/journal-0", ((struct place *)*state)->dir);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (size_t at = from; at < to; at += sizeof(zeros)) {
        size_t n = to - at < sizeof(zeros) ? to - at : sizeof(zeros);
        assert_int_equal(pwrite(fd, zeros, n, (off_t)at), (ssize_t)n);
    }
    close(fd);
}

/*
 * Cut at every byte: of each copy it is known that it was answered, or that it began, or nothing;
 * and never less than what stands before the cut.
 */
static void a_journal_that_is_cut_anywhere_tells_what_is_before_the_cut(void **state)
{
    struct err err;
    struct buf whole = BUF_INIT;
    submit(state, GUARANTEE_AT_MOST_ONCE, 40);
    struct journal *j = attach(state, 0);
    for (uint32_t i = 1; i <= 40; i++)
        finish(j, begin(j, i, 0), answer(i, RECIPIENT_DELIVERED, 0));
    kill_it(j);
    assert_int_equal(journal_load(store_of(state), 0, &whole, &err), 0);
    size_t lap = whole.len / JOURNAL_LAPS, first = 0;
    while (memcmp(whole.at + first + JOURNAL_HEADER, "\0\0\0\0", 4) == 0)
        first += lap;
    overwrite(state, first + 2200, first + lap); /* about the half: 34 + 37 bytes each */
    must_recover(state);
    unsigned delivered = 0, doubts = 0, queued = 0;
    for (uint32_t i = 1; i <= 40; i++) {
        enum recipient_state was = look_up(state, i).state;
        delivered += was == RECIPIENT_DELIVERED;
        doubts += was == RECIPIENT_IN_DOUBT;
        queued += was == RECIPIENT_QUEUED;
        assert_true(was != RECIPIENT_DELIVERED || (doubts == 0 && queued == 0));
    }
    assert_in_range(delivered, 20, 39);
    assert_in_range(doubts, 0, 1);
    assert_int_equal(delivered + doubts + queued, 40);
    buf_release(&whole);
}

static void nothing_special(struct txn *txn, void *ctx)
{
    (void)ctx;
    meta_set_number(txn, STR("test"), 1);
}

static void a_damaged_journal_is_refused_and_named(void **state)
{
    struct err err;
    struct buf file = BUF_INIT;
    submit(state, GUARANTEE_AT_LEAST_ONCE, 1);
    struct journal *j = attach(state, 0);
    begin(j, 1, 0);
    write_now(store_of(state), nothing_special, NULL); /* syncs */
    assert_int_equal(journal_load(store_of(state), 0, &file, &err), 0);
    kill_it(j);
    for (size_t lap = 0; lap < file.len; lap += file.len / JOURNAL_LAPS)
        overwrite(state, lap + JOURNAL_HEADER, lap + JOURNAL_HEADER + 40);
    buf_release(&file);
    assert_int_equal(recover(state, &err), -1);
    assert_non_null(strstr(err.text, "journal-0 is damaged at byte"));
    assert_int_equal(look_up(state, 1).state, RECIPIENT_QUEUED);
}

static void a_job_that_is_gone_is_nobodys_matter(void **state)
{
    struct journal *j = attach(state, 0);
    begin(j, 1, 0);
    finish(j, begin(j, 2, 0), answer(2, RECIPIENT_DELIVERED, 0));
    kill_it(j);
    must_recover(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_answer_that_was_seen_is_taken_over),
        STORE_TEST(what_began_and_has_no_answer_is_in_doubt),
        STORE_TEST(under_at_most_once_it_stays_in_doubt),
        STORE_TEST(what_returned_is_as_it_was),
        STORE_TEST(a_copy_with_several_attempts_is_taken_over_in_their_order),
        STORE_TEST(taking_over_twice_is_as_good_as_once),
        STORE_TEST(what_the_store_knows_counts_once),
        STORE_TEST(what_is_told_twice_is_told_by_each_file_for_itself),
        STORE_TEST(who_was_skipped_since_is_not_in_doubt),
        STORE_TEST(all_journals_are_read_whatever_the_number_of_threads),
        STORE_TEST(a_journal_that_is_cut_anywhere_tells_what_is_before_the_cut),
        STORE_TEST(a_damaged_journal_is_refused_and_named),
        STORE_TEST(a_job_that_is_gone_is_nobodys_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
