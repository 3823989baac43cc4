#include "store/outcomes.h"

#include "base/log.h"
#include "base/metrics.h"
#include "store/queue.h"
#include "store/sets.h"
#include "store/table.h"

static struct metric refused = {
    .name = "tocsin_outcomes_refused_total",
    .help = "Outcomes for copies that were already final: each one is a fault of this program.",
    .kind = METRIC_COUNTER,
};

/* In doubt is an end only where a copy may not be sent a second time. */
static bool is_final(const struct job_record *job, enum recipient_state state)
{
    if (state == RECIPIENT_IN_DOUBT)
        return job->guarantee == GUARANTEE_AT_MOST_ONCE;
    return state != RECIPIENT_QUEUED && state != RECIPIENT_DEFERRED;
}

enum recipient_state recipient_counts_as(enum job_state job, enum recipient_state state)
{
    bool waits = state == RECIPIENT_QUEUED || state == RECIPIENT_DEFERRED;
    return waits && job == JOB_CANCELLED ? RECIPIENT_CANCELLED : state;
}

void outcome_set_text(struct outcome *outcome, struct str text)
{
    struct str fits = text_cut(text, LEDGER_TEXT_MAX);
    if (fits.len)
        memcpy(outcome->text, fits.at, fits.len);
    outcome->text_len = (uint8_t)fits.len;
}

/* The entry as it stands, or a fresh one for a copy that was never tried. */
static struct ledger_entry entry_before(struct txn *txn, const struct outcome *o)
{
    struct ledger_entry entry;
    if (ledger_read(txn, o->job, o->contact, &entry))
        return entry;
    return (struct ledger_entry){
        .job = o->job, .contact = o->contact, .state = RECIPIENT_QUEUED, .first = o->at};
}

static struct ledger_entry entry_after(const struct ledger_entry *before, const struct outcome *o)
{
    struct ledger_entry entry = *before;
    entry.state = o->state;
    entry.reason = o->reason;
    entry.due = o->due;
    entry.last = o->at;
    entry.message_version = o->message_version;
    if (o->attempted && entry.attempts < UINT16_MAX)
        entry.attempts++;
    /* An expired copy keeps the last thing that the receiver said. */
    if (o->code || o->text_len) {
        entry.code = o->code;
        memcpy(entry.enhanced, o->enhanced, sizeof(entry.enhanced));
        entry.text = str_from(o->text, o->text_len);
    }
    return entry;
}

/* An entry's text is a view into the map, which the write below may move: it needs a place. */
static void write_entry(struct txn *txn, const struct ledger_entry *entry)
{
    char text[LEDGER_TEXT_MAX];
    struct ledger_entry copy = *entry;
    size_t len = entry->text.len < sizeof(text) ? entry->text.len : sizeof(text);
    if (len)
        memcpy(text, entry->text.at, len);
    copy.text = str_from(text, len);
    ledger_write(txn, &copy);
}

static void move_in_queue(struct txn *txn, const struct outcome *o, bool again)
{
    struct queue_entry was = {o->job, o->domain, o->was_due, o->contact};
    struct queue_entry next = {o->job, o->domain, o->due, o->contact};
    queue_remove(txn, &was);
    if (again)
        queue_add(txn, &next, 1);
}

/* A final copy has no business in the queue: there it would only be sent again. */
static void refuse(struct txn *txn, const struct outcome *o, enum recipient_state before)
{
    metric_register(&refused);
    metric_add(&refused, 1);
    log_say(LOG_ERROR, "outcome_refused",
            "Job %u, contact %u is already %s and was reported as %s; the ledger stays as it is.",
            o->job, o->contact, recipient_state_name(before), recipient_state_name(o->state));
    move_in_queue(txn, o, false);
}

static void apply_one(struct txn *txn, struct job_record *job, const struct outcome *o)
{
    struct ledger_entry before = entry_before(txn, o);
    if (is_final(job, before.state)) {
        refuse(txn, o, before.state);
        return;
    }
    struct ledger_entry after = entry_after(&before, o);
    bool cancelled = job->state == JOB_CANCELLED;
    after.state = recipient_counts_as(job->state, after.state);
    after.due = cancelled ? 0 : after.due;
    move_in_queue(txn, o, after.due != 0);
    job->counts[recipient_counts_as(job->state, before.state)]--;
    job->counts[after.state]++;
    write_entry(txn, &after);
}

static void finish_if_done(struct job_record *job, uint32_t now)
{
    bool waiting = job->counts[RECIPIENT_QUEUED] || job->counts[RECIPIENT_DEFERRED] ||
                   (job->counts[RECIPIENT_IN_DOUBT] && job->guarantee == GUARANTEE_AT_LEAST_ONCE);
    if (waiting || (job->state != JOB_SENDING && job->state != JOB_PAUSED))
        return;
    job->state = JOB_FINISHED;
    job->finished = now;
}

/* All outcomes of one job, from the first one of it on; the others are left for their own turn. */
static bool apply_job(struct txn *txn, const struct outcome *outcomes, size_t count,
                      struct outcome_sums *sums)
{
    struct job_record job;
    uint32_t id = outcomes[0].job;
    uint32_t last = outcomes[0].at;
    if (!job_read(txn, id, &job))
        return false;
    struct buf texts = BUF_INIT;
    job_keep(&job, &texts);
    for (size_t i = 0; i < count; i++) {
        if (outcomes[i].job != id)
            continue;
        apply_one(txn, &job, &outcomes[i]);
        last = outcomes[i].at;
    }
    finish_if_done(&job, last);
    job_write(txn, &job);
    *sums = (struct outcome_sums){
        .job = id, .state = job.state, .recipients = job.recipients, .finished = job.finished};
    memcpy(sums->counts, job.counts, sizeof(sums->counts));
    buf_release(&texts);
    return true;
}

static bool seen_before(const struct outcome *outcomes, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (outcomes[k].job == outcomes[i].job)
            return true;
    return false;
}

size_t outcomes_apply(struct txn *txn, const struct outcome *outcomes, size_t count,
                      struct outcome_sums *sums)
{
    size_t jobs = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (outcomes[i].job == outcomes[i - 1].job || seen_before(outcomes, i)))
            continue;
        if (apply_job(txn, outcomes + i, count - i, &sums[jobs]))
            jobs++;
    }
    return jobs;
}

bool recipient_lookup(struct txn *txn, const struct job_record *job, uint32_t contact,
                      struct ledger_entry *out)
{
    bool known = ledger_read(txn, job->id, contact, out);
    if (!known && !set_has(txn, SET_JOB, job->id, contact))
        return false;
    if (!known)
        *out = (struct ledger_entry){.job = job->id, .contact = contact, .state = RECIPIENT_QUEUED};
    out->state = recipient_counts_as(job->state, out->state);
    if (job->state == JOB_CANCELLED)
        out->due = 0;
    return true;
}
