/*
 * Fan-out: a job's recipients, frozen as a set when it was submitted, go into the queue in slices,
 * one a commit, so that a million of them neither holds the writer up nor the memory. `fanned` in
 * the job's record says how far it came: a restart goes on there.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "campaign/job.h"
#include "store/contacts.h"
#include "store/queue.h"
#include "store/sets.h"

enum { SLICE = 20000 };

struct fanout {
    struct step step;
    uint32_t job;
    uint32_t fanned; /* the result: how far it came; UINT32_MAX is the end */
    bool stopped;    /* the job was cancelled meanwhile */
    struct outcome_sums sums;
    size_t count, missing_count, domain_count;
    uint32_t ids[SLICE];
    struct queue_entry entries[SLICE];
    uint32_t domains[SLICE];
    struct outcome
        missing[]; /* room for SLICE; grows no job: contacts erased since the submission */
};

static int by_key(const void *a, const void *b)
{
    const struct queue_entry *x = a, *y = b;
    if (x->domain != y->domain)
        return x->domain < y->domain ? -1 : 1;
    return x->contact < y->contact ? -1 : x->contact > y->contact;
}

static void note_missing(struct fanout *f, uint32_t id)
{
    struct outcome *o = &f->missing[f->missing_count++];
    *o = (struct outcome){.job = f->job,
                          .contact = id,
                          .state = RECIPIENT_SKIPPED,
                          .reason = SKIP_NO_CONTACT,
                          .at = (uint32_t)clock_wall_s()};
    outcome_set_text(o, str_of(skip_reason_text(SKIP_NO_CONTACT)));
}

static void gather(struct fanout *f, struct txn *txn, size_t n)
{
    struct contact contact;
    f->count = f->missing_count = f->domain_count = 0;
    for (size_t i = 0; i < n; i++) {
        if (contact_read(txn, f->ids[i], &contact))
            f->entries[f->count++] = (struct queue_entry){f->job, contact.domain, 0, f->ids[i]};
        else
            note_missing(f, f->ids[i]);
    }
    qsort(f->entries, f->count, sizeof(f->entries[0]), by_key);
    for (size_t i = 0; i < f->count; i++)
        if (i == 0 || f->entries[i].domain != f->entries[i - 1].domain)
            f->domains[f->domain_count++] = f->entries[i].domain;
}

static void write_progress(struct fanout *f, struct txn *txn, struct job_record *record, size_t n)
{
    struct buf texts = BUF_INIT;
    job_keep(record, &texts);
    record->fanned = f->fanned = n < SLICE ? UINT32_MAX : f->ids[n - 1] + 1;
    job_write(txn, record);
    buf_release(&texts);
}

static void apply(struct txn *txn, struct write_op *op)
{
    struct fanout *f = (struct fanout *)(void *)op;
    struct job_record record;
    f->stopped = !job_read(txn, f->job, &record) || record.state == JOB_CANCELLED;
    f->fanned = UINT32_MAX;
    f->domain_count = f->missing_count = 0;
    if (f->stopped)
        return;
    size_t n = set_slice(txn, SET_JOB, f->job, record.fanned, f->ids, SLICE);
    gather(f, txn, n);
    write_progress(f, txn, &record, n);
    queue_add(txn, f->entries, f->count);
    if (f->missing_count)
        outcomes_apply(txn, f->missing, f->missing_count, &f->sums);
}

static void then(struct step *step)
{
    struct fanout *f = (struct fanout *)(void *)step;
    struct campaign *campaign = step->campaign;
    struct job *job = job_find(campaign, f->job);
    job->record.fanned = f->fanned;
    if (!campaign->stopping && f->domain_count)
        campaign->hooks.offer(campaign->hooks.ctx, job->mailing, f->domains, f->domain_count);
    if (f->missing_count)
        job_take_sums(campaign, &f->sums); /* here and now: later, they would be old news */
    if (f->fanned != UINT32_MAX && !campaign->stopping) {
        step_submit(step, campaign, apply, then);
        return;
    }
    free(f);
    job->steps--;
    job_settle(campaign, job);
}

void fanout_start(struct campaign *campaign, struct job *job)
{
    struct fanout *f = alloc(sizeof(*f) + SLICE * sizeof(f->missing[0]));
    f->step.op = (struct write_op){.records = SLICE, .patient = true};
    f->job = job->id;
    job->steps++;
    step_submit(&f->step, campaign, apply, then);
}
