/*
 * Pause, resume, cancel: one record is written, whatever the size of the job, and the gate turns
 * when that is durable. Composers and connections ask the gate for every copy.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/job.h"

struct control {
    struct step step;
    uint32_t job;
    enum job_state target; /* JOB_PAUSED, JOB_SENDING or JOB_CANCELLED */
    struct campaign_answer answer;
    struct job_record record; /* the result; its texts are not looked at */
    campaign_answer_fn on_answer;
    void *ctx;
};

static bool allowed(enum job_state from, enum job_state to)
{
    switch (to) {
    case JOB_PAUSED:
        return from == JOB_SENDING;
    case JOB_SENDING:
        return from == JOB_PAUSED;
    default:
        return from == JOB_SENDING || from == JOB_PAUSED;
    }
}

static const char *verb(enum job_state target)
{
    return target == JOB_PAUSED ? "paused" : target == JOB_SENDING ? "resumed" : "cancelled";
}

static void refuse(struct control *c, enum campaign_result result, const char *state)
{
    c->answer.result = result;
    if (result == CAMPAIGN_NOT_FOUND)
        err_set(&c->answer.err, "There is no job %u.", c->job);
    else
        err_set(&c->answer.err, "Job %u is %s: it cannot be %s.", c->job, state, verb(c->target));
}

static void cancel_counts(struct job_record *record)
{
    for (enum recipient_state state = 0; state < RECIPIENT_STATES; state++) {
        uint32_t count = record->counts[state];
        record->counts[state] = 0;
        record->counts[recipient_counts_as(JOB_CANCELLED, state)] += count;
    }
}

static void apply(struct txn *txn, struct write_op *op)
{
    struct control *c = (struct control *)(void *)op;
    struct job_record record;
    struct buf texts = BUF_INIT;
    c->answer.result = CAMPAIGN_OK;
    if (!job_read(txn, c->job, &record)) {
        refuse(c, CAMPAIGN_NOT_FOUND, "");
        return;
    }
    if (!allowed(record.state, c->target)) {
        refuse(c, CAMPAIGN_CONFLICT, job_state_name(record.state));
        return;
    }
    job_keep(&record, &texts);
    record.state = c->target;
    if (c->target == JOB_SENDING)
        record.opened = (uint32_t)clock_steady_s();
    if (c->target == JOB_CANCELLED) {
        cancel_counts(&record);
        record.retry_states = 0;
        record.finished = (uint32_t)clock_wall_s();
    }
    job_write(txn, &record);
    buf_release(&texts);
    c->record = record;
}

static void take_over(struct campaign *campaign, struct job *job, const struct control *c)
{
    job->record.state = c->record.state;
    job->record.finished = c->record.finished;
    job->record.opened = c->record.opened;
    memcpy(job->record.counts, c->record.counts, sizeof(job->record.counts));
    log_say(LOG_INFO, "job_changed", "Job %u is %s.", job->id, verb(c->target));
    if (c->target == JOB_SENDING) {
        job_open(job);
        scan_start(campaign, job);
    } else {
        mailing_turn(job->mailing, c->target == JOB_PAUSED ? GATE_PAUSED : GATE_CLOSED);
    }
}

/* A job that could not be taken up at the start is tried again: its message may compile now. */
static void revive(struct campaign *campaign, struct control *c)
{
    struct txn txn;
    struct job_record record;
    struct job *job = NULL;
    if (txn_begin(campaign->store, &txn) == 0 && job_read(&txn, c->job, &record))
        job = job_take_up(campaign, &txn, &record, &c->answer.err);
    txn_end(&txn);
    if (job) {
        job_begin(campaign, job);
        return;
    }
    c->answer.result = CAMPAIGN_CONFLICT;
    campaign_pause(campaign, c->job, campaign_ignore, NULL);
}

static void take_effect(struct campaign *campaign, struct control *c)
{
    struct job *job = job_find(campaign, c->job);
    if (job)
        take_over(campaign, job, c);
    else if (c->target == JOB_SENDING)
        revive(campaign, c);
    if (c->target == JOB_CANCELLED)
        drain_start(campaign, c->job);
}

static void then(struct step *step)
{
    struct control *c = (struct control *)(void *)step;
    if (c->answer.result == CAMPAIGN_OK && !step->campaign->stopping)
        take_effect(step->campaign, c);
    c->on_answer(c->ctx, &c->answer);
    free(c);
}

void campaign_ignore(void *ctx, const struct campaign_answer *answer)
{
    (void)ctx;
    (void)answer;
}

static void control(struct campaign *campaign, uint32_t job, enum job_state target,
                    campaign_answer_fn on_answer, void *ctx)
{
    struct control *c = NEW(struct control);
    c->step.op.records = 1;
    c->step.op.urgent = true;
    c->step.op.ahead = true;
    c->job = c->answer.job = job;
    c->target = target;
    c->on_answer = on_answer;
    c->ctx = ctx;
    step_submit(&c->step, campaign, apply, then);
}

void campaign_pause(struct campaign *campaign, uint32_t job, campaign_answer_fn on_answer,
                    void *ctx)
{
    control(campaign, job, JOB_PAUSED, on_answer, ctx);
}

void campaign_resume(struct campaign *campaign, uint32_t job, campaign_answer_fn on_answer,
                     void *ctx)
{
    control(campaign, job, JOB_SENDING, on_answer, ctx);
}

void campaign_cancel(struct campaign *campaign, uint32_t job, campaign_answer_fn on_answer,
                     void *ctx)
{
    control(campaign, job, JOB_CANCELLED, on_answer, ctx);
}
