#include "store/outcomes.h"

#include "base/log.h"
#include "base/metrics.h"
#include "store/contacts.h"
#include "store/names.h"
#include "store/queue.h"
#include "store/replies.h"
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
    return (struct ledger_entry){.job = o->job,
                                 .contact = o->contact,
                                 .state = RECIPIENT_QUEUED,
                                 .first = o->at,
                                 .since = o->at};
}

static void count_attempt(struct ledger_entry *entry, const struct outcome *o)
{
    if (entry->attempts < UINT16_MAX)
        entry->attempts++;
    if (o->state == RECIPIENT_IN_DOUBT && entry->doubts < UINT8_MAX)
        entry->doubts++;
}

static struct ledger_entry entry_after(const struct ledger_entry *before, const struct outcome *o,
                                       uint16_t source)
{
    struct ledger_entry entry = *before;
    entry.state = o->state;
    entry.reason = o->reason;
    entry.due = o->due;
    entry.last = o->at;
    entry.message_version = o->message_version;
    if (o->attempted)
        count_attempt(&entry, o);
    if (source)
        entry.source = source;
    /* An expired copy keeps the last thing that the receiver said. */
    if (o->code || o->text_len) {
        entry.code = o->code;
        memcpy(entry.enhanced, o->enhanced, sizeof(entry.enhanced));
        entry.text = str_from(o->text, o->text_len);
    }
    return entry;
}

static void move_in_queue(struct txn *txn, const struct outcome *o, uint32_t was_due, bool again)
{
    struct queue_entry was = {o->job, o->domain, was_due, o->contact};
    struct queue_entry next = {o->job, o->domain, o->due, o->contact};
    queue_remove(txn, &was);
    if (again)
        queue_add(txn, &next, 1);
}

bool outcome_is_known(struct txn *txn, const struct outcome *outcome)
{
    struct ledger_entry before = entry_before(txn, outcome);
    return before.attempts > outcome->attempt || before.state > RECIPIENT_IN_DOUBT;
}

/* A final copy has no business in the queue: there it would only be sent again. */
static void refuse(struct txn *txn, const struct outcome *o, enum recipient_state before)
{
    metric_register(&refused);
    metric_add(&refused, 1);
    log_say(LOG_ERROR, "outcome_refused",
            "Job %u, contact %u is already %s and was reported as %s; the ledger stays as it is.",
            o->job, o->contact, recipient_state_name(before), recipient_state_name(o->state));
    move_in_queue(txn, o, o->was_due, false);
}

/* The sources of outcomes that follow each other are mostly one. */
struct source_memory {
    struct str name;
    uint16_t id;
};

static uint16_t source_number(struct txn *txn, struct source_memory *memory, struct str name)
{
    if (name.len == 0)
        return 0;
    if (memory->id == 0 || !str_eq(name, memory->name)) {
        uint32_t id = name_intern(txn, NAME_SOURCE, name);
        *memory = (struct source_memory){name, (uint16_t)(id <= UINT16_MAX ? id : 0)};
    }
    return memory->id;
}

/* Erased while the answer was on its way: what it quotes of them would stay (store/erasure.h). */
static bool quotes_who_is_gone(struct txn *txn, const struct ledger_entry *entry)
{
    struct contact contact;
    return reply_may_quote(entry->text) && !contact_read(txn, entry->contact, &contact);
}

static void apply_one(struct txn *txn, struct job_record *job, const struct outcome *o,
                      uint16_t source)
{
    struct ledger_entry before = entry_before(txn, o);
    if (is_final(job, before.state)) {
        refuse(txn, o, before.state);
        return;
    }
    struct ledger_entry after = entry_after(&before, o, source);
    bool cancelled = job->state == JOB_CANCELLED;
    after.state = recipient_counts_as(job->state, after.state);
    after.due = cancelled ? 0 : after.due;
    if (quotes_who_is_gone(txn, &after))
        after.text = STR("");
    job->counts[recipient_counts_as(job->state, before.state)]--;
    job->counts[after.state]++;
    ledger_write(txn, &after); /* first: the text may be a view, which writing ends */
    move_in_queue(txn, o, before.due, after.due != 0);
}

void job_finish_if_done(struct job_record *job, uint32_t now)
{
    bool waiting = job->retry_states || job->counts[RECIPIENT_QUEUED] ||
                   job->counts[RECIPIENT_DEFERRED] ||
                   (job->counts[RECIPIENT_IN_DOUBT] && job->guarantee == GUARANTEE_AT_LEAST_ONCE);
    if (waiting || (job->state != JOB_SENDING && job->state != JOB_PAUSED))
        return;
    job->state = JOB_FINISHED;
    job->finished = now;
}

void outcome_sums_of(const struct job_record *job, struct outcome_sums *out)
{
    *out = (struct outcome_sums){.job = job->id,
                                 .state = job->state,
                                 .recipients = job->recipients,
                                 .finished = job->finished};
    memcpy(out->counts, job->counts, sizeof(out->counts));
}

/* All outcomes of one job, from the first one of it on; the others are left for their own turn. */
static bool apply_job(struct txn *txn, const struct outcome *outcomes, size_t count,
                      struct outcome_sums *sums)
{
    struct job_record job;
    struct source_memory source = {0};
    uint32_t id = outcomes[0].job;
    uint32_t last = outcomes[0].at;
    if (!job_read(txn, id, &job))
        return false;
    struct buf texts = BUF_INIT;
    job_keep(&job, &texts);
    for (size_t i = 0; i < count; i++) {
        if (outcomes[i].job != id)
            continue;
        apply_one(txn, &job, &outcomes[i], source_number(txn, &source, outcomes[i].source));
        last = outcomes[i].at;
    }
    job_finish_if_done(&job, last);
    job_write(txn, &job);
    outcome_sums_of(&job, sums);
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
