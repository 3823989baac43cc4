/*
 * After a cancellation: the job's queue records go, slice by slice. Nothing reads them any more;
 * this only gives their space back. And the other walk over a job's queue: offering its domains.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "campaign/job.h"
#include "store/queue.h"

enum { DRAIN_SLICE = 20000, DRAIN_PART = 2000, SCAN_SLICE = 2000 };

struct drain {
    struct step step;
    uint32_t job;
    bool over;
};

static void drain_apply(struct txn *txn, struct write_op *op)
{
    struct drain *d = (struct drain *)(void *)op;
    d->over = false;
    for (size_t n = 0; n < DRAIN_SLICE && !d->over; n += DRAIN_PART) {
        if (n > 0 && store_is_hurried(txn->store))
            return;
        d->over = queue_drain(txn, d->job, NULL, DRAIN_PART) < DRAIN_PART;
    }
}

static void drain_then(struct step *step)
{
    struct drain *d = (struct drain *)(void *)step;
    struct campaign *campaign = step->campaign;
    if (!d->over && !campaign->stopping) {
        step_submit(step, campaign, drain_apply, drain_then);
        return;
    }
    struct job *job = job_find(campaign, d->job);
    free(d);
    if (!job)
        return;
    job->steps--;
    job_settle(campaign, job);
}

void drain_start(struct campaign *campaign, uint32_t id)
{
    struct drain *d = NEW(struct drain);
    struct job *job = job_find(campaign, id);
    d->step.op.records = DRAIN_SLICE;
    d->job = id;
    if (job)
        job->steps++;
    step_submit(&d->step, campaign, drain_apply, drain_then);
}

/* A job may have a hundred thousand domains: they are read a slice a turn of the loop. */
struct scan {
    struct letter letter;
    struct campaign *campaign;
    uint32_t job, after;
    uint32_t domains[SCAN_SLICE];
};

static size_t scan_slice(struct scan *s)
{
    struct txn txn;
    struct err err;
    size_t n = 0;
    txn_begin(s->campaign->store, &txn);
    for (; n < SCAN_SLICE; n++) {
        s->domains[n] = queue_next_domain(&txn, s->job, s->after);
        if (s->domains[n] == 0)
            break;
        s->after = s->domains[n];
    }
    if (txn_failed(&txn, &err) != 0)
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
    txn_end(&txn);
    return n;
}

static void on_scan(struct letter *letter)
{
    struct scan *s = LETTER_OF(letter, struct scan, letter);
    struct campaign *campaign = s->campaign;
    struct job *job = job_find(campaign, s->job);
    bool wanted = !campaign->stopping && job->record.state == JOB_SENDING;
    size_t n = wanted ? scan_slice(s) : 0;
    if (n)
        job_offer(campaign, job, s->domains, n);
    if (n == SCAN_SLICE) {
        loop_post(campaign->front, &s->letter);
        return;
    }
    free(s);
    job->steps--;
    job_settle(campaign, job);
}

void scan_start(struct campaign *campaign, struct job *job)
{
    struct scan *s = NEW(struct scan);
    s->letter.deliver = on_scan;
    s->campaign = campaign;
    s->job = job->id;
    job->steps++;
    loop_post(campaign->front, &s->letter);
}
