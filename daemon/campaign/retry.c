/*
 * Retry: sends again to exactly those recipients of a job that are in the states asked for. One
 * write notes what is to be done in the job's record; then a walk over its ledger puts them back
 * into the queue, a slice a commit, and goes on after a restart where it was. Their age counts anew
 * from then on; what became of them before stays in the ledger until the next attempt.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/job.h"
#include "store/contacts.h"
#include "store/queue.h"

enum { SLICE = 5000, PART = 500 };

/* -- The request. */

struct request {
    struct step step;
    uint32_t job;
    struct job *held; /* it stays meanwhile; NULL: there is none, or it was cancelled */
    unsigned states;
    struct campaign_answer answer;
    struct job_record record; /* the result; its texts are not looked at */
    campaign_answer_fn on_answer;
    void *ctx;
};

bool campaign_may_retry(enum recipient_state state)
{
    return state == RECIPIENT_DEFERRED || state == RECIPIENT_IN_DOUBT ||
           state == RECIPIENT_BOUNCED || state == RECIPIENT_SKIPPED || state == RECIPIENT_EXPIRED;
}

static void refuse(struct request *r, const struct job_record *record)
{
    r->answer.result = record ? CAMPAIGN_CONFLICT : CAMPAIGN_NOT_FOUND;
    if (!record)
        err_set(&r->answer.err, "There is no job %u.", r->job);
    else if (record->retry_states)
        err_set(&r->answer.err,
                "Recipients of job %u are being put back into the queue at this moment: ask again "
                "when that is done.",
                r->job);
    else
        err_set(&r->answer.err,
                "Job %u is %s: nobody of it can be tried again. A new job can go to those who did "
                "not get it: --to '(%.*s) and not job:%u:delivered'.",
                r->job, job_state_name(record->state), STR_ARG(record->segment), r->job);
}

static uint32_t count_in(const struct job_record *record, unsigned states)
{
    uint32_t count = 0;
    for (unsigned state = 0; state < RECIPIENT_STATES; state++)
        count += states >> state & 1 ? record->counts[state] : 0;
    return count;
}

static void note_request(struct request *r, struct txn *txn, struct job_record *record)
{
    struct buf texts = BUF_INIT;
    job_keep(record, &texts);
    record->retry_states = (uint8_t)r->states;
    record->retry_next = 0;
    record->state = record->state == JOB_FINISHED ? JOB_SENDING : record->state;
    record->finished = 0;
    job_write(txn, record);
    r->record = *record;
    buf_release(&texts);
}

static void apply_request(struct txn *txn, struct write_op *op)
{
    struct request *r = (struct request *)(void *)op;
    struct job_record record;
    r->answer = (struct campaign_answer){.result = CAMPAIGN_OK, .job = r->job};
    if (!job_read(txn, r->job, &record)) {
        refuse(r, NULL);
    } else if (record.retry_states || record.state == JOB_CANCELLED || !r->held) {
        refuse(r, &record);
    } else {
        r->answer.recipients = count_in(&record, r->states);
        if (r->answer.recipients > 0)
            note_request(r, txn, &record);
    }
}

static void begin(struct campaign *campaign, struct request *r)
{
    struct job *job = r->held;
    job->record.state = r->record.state;
    job->record.finished = 0;
    log_say(LOG_INFO, "job_retried", "Up to %u recipients of job %u are tried again.",
            r->answer.recipients, r->job);
    if (job->record.state == JOB_SENDING)
        job_open(job);
    retry_start(campaign, job);
}

static void then_request(struct step *step)
{
    struct request *r = (struct request *)(void *)step;
    struct campaign *campaign = step->campaign;
    if (r->answer.result == CAMPAIGN_OK && r->answer.recipients > 0 && !campaign->stopping)
        begin(campaign, r);
    if (r->held) {
        r->held->steps--;
        job_settle(campaign, r->held);
    }
    r->on_answer(r->ctx, &r->answer);
    free(r);
}

/* A job that was over is live again before anything is written: if its message cannot be sent any
 * more, nothing changes. */
static struct job *live_job(struct campaign *campaign, struct request *r)
{
    struct txn txn;
    struct job_record record;
    struct job *job = job_find(campaign, r->job);
    if (job)
        return job;
    if (txn_begin(campaign->store, &txn) == 0 && job_read(&txn, r->job, &record) &&
        record.state != JOB_CANCELLED) {
        job = job_take_up(campaign, &txn, &record, &r->answer.err);
        r->answer.result = job ? CAMPAIGN_OK : CAMPAIGN_CONFLICT;
    }
    txn_end(&txn);
    return job;
}

void campaign_retry(struct campaign *campaign, uint32_t job, unsigned states,
                    campaign_answer_fn on_answer, void *ctx)
{
    struct request *r = NEW(struct request);
    r->step.op.records = 1;
    r->step.op.urgent = true;
    r->step.op.ahead = true;
    r->job = job;
    r->states = states;
    r->on_answer = on_answer;
    r->ctx = ctx;
    r->held = live_job(campaign, r);
    if (r->answer.result != CAMPAIGN_OK) {
        on_answer(ctx, &r->answer);
        free(r);
        return;
    }
    if (r->held)
        r->held->steps++;
    step_submit(&r->step, campaign, apply_request, then_request);
}

/* -- The walk. */

struct walk {
    struct step step;
    uint32_t job;
    bool over;
    struct outcome_sums sums;
    size_t domain_count;
    uint32_t domains[SLICE];
};

/*
 * From wherever its queue record is, or was, to "now". Somebody who is gone stays what he is. A
 * copy that is on the wire at this moment is not read from the queue until its answer is written
 * down, and that takes the new record away again or moves it.
 */
static void put_back(struct walk *w, struct txn *txn, struct job_record *job,
                     struct ledger_entry *entry)
{
    struct contact contact;
    uint32_t now = (uint32_t)clock_steady_s();
    if (!contact_read(txn, entry->contact, &contact))
        return;
    struct queue_entry was = {job->id, contact.domain, entry->due, entry->contact};
    struct queue_entry next = {job->id, contact.domain, now, entry->contact};
    w->domains[w->domain_count++] = contact.domain;
    if (entry->state == RECIPIENT_SKIPPED) { /* the text says why, and is no reply */
        entry->reason = SKIP_NONE;
        entry->text = STR("");
    }
    job->counts[entry->state]--;
    job->counts[RECIPIENT_QUEUED]++;
    entry->state = RECIPIENT_QUEUED;
    entry->due = entry->since = now;
    ledger_write(txn, entry);
    queue_remove(txn, &was);
    queue_add(txn, &next, 1);
}

static void walk_slice(struct walk *w, struct txn *txn, struct job_record *job)
{
    struct ledger_entry entry;
    uint32_t contact = job->retry_next;
    w->over = false;
    for (unsigned n = 0; n < SLICE; n++, contact++) {
        if (n > 0 && n % PART == 0 && store_is_hurried(txn->store))
            break;
        w->over = !ledger_seek(txn, job->id, &contact, &entry);
        if (w->over)
            break;
        if (job->retry_states >> entry.state & 1)
            put_back(w, txn, job, &entry);
    }
    job->retry_next = contact;
}

static void end_walk(struct job_record *job)
{
    job->retry_states = 0;
    job->retry_next = 0;
    job_finish_if_done(job, (uint32_t)clock_wall_s());
}

static void apply_walk(struct txn *txn, struct write_op *op)
{
    struct walk *w = (struct walk *)(void *)op;
    struct job_record job;
    struct buf texts = BUF_INIT;
    w->domain_count = 0;
    w->over = true;
    w->sums = (struct outcome_sums){.job = 0};
    if (!job_read(txn, w->job, &job) || job.retry_states == 0)
        return;
    job_keep(&job, &texts);
    walk_slice(w, txn, &job);
    if (w->over)
        end_walk(&job);
    job_write(txn, &job);
    outcome_sums_of(&job, &w->sums);
    buf_release(&texts);
}

static void offer(struct campaign *campaign, struct job *job, struct walk *w)
{
    size_t n = domains_unite(w->domains, w->domain_count);
    if (n > 0)
        job_offer(campaign, job, w->domains, n);
}

static void then_walk(struct step *step)
{
    struct walk *w = (struct walk *)(void *)step;
    struct campaign *campaign = step->campaign;
    struct job *job = job_find(campaign, w->job);
    if (w->sums.job)
        job_take_sums(campaign, &w->sums);
    if (!campaign->stopping && w->domain_count)
        offer(campaign, job, w);
    if (!w->over && !campaign->stopping) {
        step_submit(step, campaign, apply_walk, then_walk);
        return;
    }
    free(w);
    job->steps--;
    job_settle(campaign, job);
}

void retry_start(struct campaign *campaign, struct job *job)
{
    struct walk *w = NEW(struct walk);
    w->step.op.records = SLICE;
    w->step.op.patient = true;
    w->job = job->id;
    job->steps++;
    step_submit(&w->step, campaign, apply_walk, then_walk);
}
