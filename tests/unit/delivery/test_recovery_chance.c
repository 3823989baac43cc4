/*
 * Killed at random: one delivery thread is played on a small journal and a real store, beside a
 * model of what it knows. Copies begin, return and end, reports are committed and heard of or not,
 * laps turn, recipients are retried, the job is paused and cancelled, and again and again the
 * process dies. After each start the ledger, the queue and the job's numbers say what the model
 * says: every answer that was parsed, in doubt what was on the wire, and nothing else.
 */
#include "delivery/recovery.h"

#include "base/clock.h"
#include "store/journal.h"
#include "store/outcomes.h"
#include "store/private.h"
#include "store/queue.h"
#include "store/sets.h"
#include "unit/store/help.h"

enum {
    DOMAIN = 3,
    SIZE = 64 * 1024,
    COPIES = 400,
    ON_THE_WIRE = 60,
    REPORT = 320, /* more than two laps hold */
    LIVES = 20,   /* of the process, for one job */
    STEPS = 6000,
    TIME_MS = 800, /* for one guarantee */
    START = 1700000000
};

enum where { WAITING, FLYING, REPORTED, OVER };

struct model {
    enum where where;
    enum recipient_state state; /* in the ledger, as the next start must find it */
    uint16_t attempts;
    uint8_t doubts;
    uint32_t due;  /* 0: nothing is queued, or it was never tried */
    bool due_open; /* recovery decides when, and the model learns it */
    unsigned open; /* the journal's number, while it flies */
};

static struct world {
    struct store *store;
    struct config *config;
    struct journal *journal;
    enum job_guarantee guarantee;
    uint32_t job;
    enum job_state job_state;
    struct model copies[COPIES];
    unsigned flying;
    struct outcome report[REPORT]; /* with the writer, or on its way there */
    unsigned reported;
    uint64_t random;
    uint32_t now;
    unsigned kills, turns_away;
} w;

static uint64_t chance(uint64_t below)
{
    w.random ^= w.random << 13;
    w.random ^= w.random >> 7;
    w.random ^= w.random << 17;
    return w.random % below;
}

static uint32_t contact_of(const struct model *m)
{
    return (uint32_t)(m - w.copies) + 1;
}

/* -- The job. */

static void make_job(struct txn *txn, void *ctx)
{
    uint32_t ids[COPIES];
    struct job_record job = {.id = w.job,
                             .state = JOB_SENDING,
                             .lane = LANE_BULK,
                             .guarantee = w.guarantee,
                             .fanned = UINT32_MAX,
                             .recipients = COPIES,
                             .counts = {[RECIPIENT_QUEUED] = COPIES},
                             .name = STR("appeal"),
                             .segment = STR("all"),
                             .identity = STR("example")};
    (void)ctx;
    for (uint32_t i = 0; i < COPIES; i++) {
        struct queue_entry entry = {w.job, DOMAIN, 0, i + 1};
        queue_add(txn, &entry, 1);
        ids[i] = i + 1;
    }
    set_add(txn, SET_JOB, w.job, ids, COPIES);
    job_write(txn, &job);
}

static void turn_job(struct txn *txn, void *ctx)
{
    struct job_record job;
    struct buf texts = BUF_INIT;
    enum job_state state = *(enum job_state *)ctx;
    assert_true(job_read(txn, w.job, &job));
    job_keep(&job, &texts);
    for (unsigned s = 0; state == JOB_CANCELLED && s < RECIPIENT_STATES; s++) {
        uint32_t count = job.counts[s];
        job.counts[s] = 0;
        job.counts[recipient_counts_as(JOB_CANCELLED, s)] += count;
    }
    job.state = state;
    job_write(txn, &job);
    buf_release(&texts);
}

static void set_job(enum job_state state)
{
    write_now(w.store, turn_job, &state);
    w.job_state = state;
}

/* -- The delivery thread. */

static void attach(void)
{
    struct err err;
    w.journal = journal_attach(w.store, 0, SIZE, &err);
    if (!w.journal)
        fail_msg("%s", err.text);
}

static bool may_begin(const struct model *m)
{
    return m->where == WAITING && w.flying < ON_THE_WIRE && w.job_state == JOB_SENDING;
}

static void begin(struct model *m)
{
    struct journal_began began = {.job = w.job,
                                  .contact = contact_of(m),
                                  .domain = DOMAIN,
                                  .message_version = 1,
                                  .at = w.now,
                                  .attempt = m->attempts,
                                  .source = chance(2) ? STR("mail1") : STR("mail2")};
    if (!journal_take(w.journal)) {
        w.turns_away++;
        return;
    }
    m->open = journal_began(w.journal, &began);
    m->where = FLYING;
    w.flying++;
}

static void come_back(struct model *m)
{
    journal_returned(w.journal, m->open);
    journal_give_back(w.journal);
    m->where = WAITING;
    w.flying--;
}

static enum recipient_state some_end(void)
{
    static const enum recipient_state ends[] = {
        RECIPIENT_DELIVERED, RECIPIENT_DELIVERED, RECIPIENT_BOUNCED,  RECIPIENT_DEFERRED,
        RECIPIENT_DEFERRED,  RECIPIENT_DEFERRED,  RECIPIENT_IN_DOUBT, RECIPIENT_EXPIRED};
    return ends[chance(sizeof(ends) / sizeof(ends[0]))];
}

static bool waits(enum recipient_state state)
{
    return state == RECIPIENT_DEFERRED ||
           (state == RECIPIENT_IN_DOUBT && w.guarantee == GUARANTEE_AT_LEAST_ONCE);
}

/* What the ledger will say; of a cancelled job nothing waits. */
static void count_end(struct model *m, enum recipient_state state, uint32_t due)
{
    m->attempts++;
    m->doubts = (uint8_t)(m->doubts + (state == RECIPIENT_IN_DOUBT));
    m->state = recipient_counts_as(w.job_state, state);
    m->due = w.job_state == JOB_CANCELLED ? 0 : due;
}

static void commit(bool heard);

static void end(struct model *m)
{
    struct outcome *o = &w.report[w.reported++];
    *o = (struct outcome){.job = w.job,
                          .contact = contact_of(m),
                          .domain = DOMAIN,
                          .was_due = m->due,
                          .state = some_end(),
                          .at = w.now,
                          .attempted = true,
                          .attempt = m->attempts,
                          .source = STR("mail1"),
                          .message_version = 1,
                          .code = 250};
    o->due = waits(o->state) ? w.now + 1 + (uint32_t)chance(1000) : 0;
    o->text_len = (uint8_t)chance(LEDGER_TEXT_MAX);
    memset(o->text, 'x', o->text_len);
    journal_ended(w.journal, m->open, o);
    journal_give_back(w.journal);
    count_end(m, o->state, o->due);
    m->where = REPORTED;
    w.flying--;
    if (w.reported == REPORT)
        commit(true);
}

static void apply_report(struct txn *txn, void *ctx)
{
    struct outcome_sums sums[REPORT];
    (void)ctx;
    outcomes_apply(txn, w.report, w.reported, sums);
}

static void settle(struct model *m)
{
    if (m->where == REPORTED)
        m->where = m->due ? WAITING : OVER;
}

/* Killed before the thread heard of it, what is durable is told by the journal once more. */
static void commit(bool heard)
{
    uint64_t mark = journal_mark(w.journal);
    write_now(w.store, apply_report, NULL);
    w.reported = 0;
    if (heard)
        journal_durable(w.journal, mark);
    for (size_t i = 0; i < COPIES; i++)
        settle(&w.copies[i]);
}

/* As `tocsin job retry` does it: whoever is over is queued again, with the attempts counted so far.
 */
static void put_back(struct txn *txn, void *ctx)
{
    struct model *m = ctx;
    struct ledger_entry entry;
    struct job_record job;
    struct buf texts = BUF_INIT;
    struct queue_entry next = {w.job, DOMAIN, w.now, contact_of(m)};
    assert_true(job_read(txn, w.job, &job));
    assert_true(ledger_read(txn, w.job, contact_of(m), &entry));
    job_keep(&job, &texts);
    job.counts[entry.state]--;
    job.counts[RECIPIENT_QUEUED]++;
    job.state = w.job_state;
    entry.state = RECIPIENT_QUEUED;
    entry.due = entry.since = w.now;
    ledger_write(txn, &entry);
    queue_add(txn, &next, 1);
    job_write(txn, &job);
    buf_release(&texts);
}

static void retry(struct model *m)
{
    if (m->where != OVER || w.job_state == JOB_CANCELLED)
        return;
    write_now(w.store, put_back, m);
    m->where = WAITING;
    m->state = RECIPIENT_QUEUED;
    m->due = w.now;
}

static void step(void)
{
    struct model *m = &w.copies[chance(COPIES)];
    w.now += (uint32_t)chance(2);
    if (m->where == FLYING)
        chance(4) ? end(m) : come_back(m);
    else if (may_begin(m))
        begin(m);
    else if (chance(400) == 0)
        commit(chance(3) > 0);
    else if (chance(2000) == 0)
        retry(m);
    else if (chance(8000) == 0 && w.job_state != JOB_CANCELLED)
        set_job(w.job_state == JOB_PAUSED ? JOB_SENDING : JOB_PAUSED);
    else if (chance(20000) == 0)
        set_job(JOB_CANCELLED);
}

/* -- The end of a process, and the next one. */

static void kill_it(void)
{
    journal_detach(w.journal);
    journal_free(w.journal);
    w.reported = 0; /* only the journal knows of these */
    w.kills++;
    for (size_t i = 0; i < COPIES; i++) {
        struct model *m = &w.copies[i];
        if (m->where == FLYING) {
            count_end(m, RECIPIENT_IN_DOUBT, 0);
            m->due_open = waits(RECIPIENT_IN_DOUBT) && w.job_state != JOB_CANCELLED;
            m->where = REPORTED;
        }
    }
    w.flying = 0;
}

static void recover(void)
{
    struct err err;
    if (recovery_run(w.store, w.config, &err) != 0)
        fail_msg("%s", err.text);
}

static void learn_due(struct model *m, const struct ledger_entry *entry)
{
    if (!m->due_open)
        return;
    assert_true(entry->due > 0);
    m->due = entry->due;
    m->due_open = false;
}

static void check_copy(struct txn *txn, const struct job_record *job, struct model *m,
                       uint32_t counts[RECIPIENT_STATES])
{
    struct ledger_entry entry;
    assert_true(recipient_lookup(txn, job, contact_of(m), &entry));
    learn_due(m, &entry);
    if (entry.state != recipient_counts_as(job->state, m->state) || entry.attempts != m->attempts ||
        entry.doubts != m->doubts)
        fail_msg("Contact %u: state %u, attempts %u, doubts %u; the model says %u, %u, %u.",
                 contact_of(m), entry.state, entry.attempts, entry.doubts, m->state, m->attempts,
                 m->doubts);
    counts[entry.state]++;
    settle(m);
}

/* A copy that can still be sent has one record in the queue, where its ledger entry says. */
static void check_queue(struct txn *txn)
{
    struct queue_entry found[2 * COPIES], from = {w.job, DOMAIN, 0, 0};
    size_t n = queue_read(txn, &from, UINT32_MAX, found, 2 * COPIES), waiting = 0;
    for (size_t i = 0; i < COPIES; i++)
        waiting += w.copies[i].where == WAITING;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(w.copies[found[i].contact - 1].due, found[i].due);
    if (w.job_state != JOB_CANCELLED) /* whose queue is emptied by and by */
        assert_int_equal(n, waiting);
}

static void check(void)
{
    struct txn txn;
    struct job_record job;
    uint32_t counts[RECIPIENT_STATES] = {0};
    txn_begin(w.store, &txn);
    assert_true(job_read(&txn, w.job, &job));
    for (size_t i = 0; i < COPIES; i++)
        check_copy(&txn, &job, &w.copies[i], counts);
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        assert_int_equal(job.counts[i], counts[i]);
    check_queue(&txn);
    w.job_state = job.state;
    read_end(&txn);
}

/* Also killed while it takes over, or just after: then it does so again. */
static void live_and_die(void)
{
    attach();
    for (uint64_t steps = chance(STEPS); steps > 0; steps--)
        step();
    if (w.reported && chance(3) == 0)
        commit(false);
    kill_it();
    for (uint64_t times = 1 + chance(2); times > 0; times--)
        recover();
    check();
}

static void new_job(enum job_guarantee guarantee)
{
    w.guarantee = guarantee;
    w.job++;
    w.job_state = JOB_SENDING;
    memset(w.copies, 0, sizeof(w.copies));
    write_now(w.store, make_job, NULL);
}

static struct config *config_of(void)
{
    static const char text[] = "data_dir = \"data\"\ncontrol { socket = \"s\" }\n"
                               "identity \"x\" { domain = \"x.example\" }\n"
                               "source \"mail1\" { ehlo = \"x.example\" }\n"
                               "route \"*\" { host = \"127.0.0.1\" }\n"
                               "threads { delivery = 1 }\n";
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct config *config = config_load_text(str_of(text), "test", ".", &errors);
    assert_non_null(config);
    config_errors_release(&errors);
    return config;
}

static void play(void **state, enum job_guarantee guarantee)
{
    int64_t until = clock_mono_ms() + TIME_MS;
    w = (struct world){.store = ((struct place *)*state)->store,
                       .config = config_of(),
                       .random = 0x9e3779b97f4a7c15U + guarantee,
                       .now = START};
    while (clock_mono_ms() < until || w.kills < LIVES) {
        new_job(guarantee);
        for (unsigned life = 0; life < LIVES && w.job_state != JOB_FINISHED; life++)
            live_and_die();
    }
    config_unref(w.config);
    assert_true(w.turns_away > 0); /* the journal was full now and then */
}

static void whenever_it_is_killed_the_ledger_knows_what_it_knew(void **state)
{
    play(state, GUARANTEE_AT_LEAST_ONCE);
}

static void the_same_when_nothing_may_be_sent_twice(void **state)
{
    play(state, GUARANTEE_AT_MOST_ONCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(whenever_it_is_killed_the_ledger_knows_what_it_knew),
        STORE_TEST(the_same_when_nothing_may_be_sent_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
