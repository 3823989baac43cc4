/*
 * Fan-out: a job's recipients, frozen as a set when it was submitted, go into the queue in slices,
 * one a commit, so that a million of them neither holds the writer up nor the memory. `fanned` in
 * the job's record says how far it came: a restart goes on there. Those of a small job go with the
 * job itself, in one commit.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "campaign/job.h"
#include "store/contacts.h"
#include "store/queue.h"
#include "store/sets.h"

enum { SLICE = 10 * FAN_PART };

struct fanout {
    struct step step;
    uint32_t job;
    uint32_t fanned; /* the result: how far it came; UINT32_MAX is the end */
    struct outcome_sums sums;
    struct fan_part part;
    size_t domain_count, missing_count;
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

static void note_domains(struct fan_part *part)
{
    part->domain_count = 0;
    for (size_t i = 0; i < part->count; i++)
        if (i == 0 || part->entries[i].domain != part->entries[i - 1].domain)
            part->domains[part->domain_count++] = part->entries[i].domain;
}

/* The next recipients of a job, in the order of the queue. Its record, which the caller writes,
 * says then that fan-out has come past them. */
static void part_read(struct fan_part *part, struct txn *txn, struct job_record *job)
{
    struct contact contact;
    size_t n = set_slice(txn, SET_JOB, job->id, job->fanned, part->ids, FAN_PART);
    part->count = part->missing_count = 0;
    job->fanned = n < FAN_PART ? UINT32_MAX : part->ids[n - 1] + 1;
    for (size_t i = 0; i < n; i++) {
        uint32_t id = part->ids[i];
        if (contact_read(txn, id, &contact))
            part->entries[part->count++] = (struct queue_entry){job->id, contact.domain, 0, id};
        else
            part->ids[part->missing_count++] = id;
    }
    qsort(part->entries, part->count, sizeof(part->entries[0]), by_key);
    note_domains(part);
}

void fanout_at_once(struct fan_part *part, struct txn *txn, struct job_record *job)
{
    part->domain_count = 0;
    if (job->recipients >= FAN_PART)
        return;
    part_read(part, txn, job);
    if (part->missing_count == 0) {
        queue_add(txn, part->entries, part->count);
        return;
    }
    job->fanned = 0;
    part->domain_count = 0;
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

static void queue_part(struct fanout *f, struct txn *txn, struct job_record *job)
{
    struct fan_part *part = &f->part;
    part_read(part, txn, job);
    queue_add(txn, part->entries, part->count);
    for (size_t i = 0; i < part->missing_count; i++)
        note_missing(f, part->ids[i]);
    memcpy(f->domains + f->domain_count, part->domains,
           part->domain_count * sizeof(part->domains[0]));
    f->domain_count += part->domain_count;
}

/* A slice; or less of it, when somebody waits for the writer. */
static void queue_slice(struct fanout *f, struct txn *txn, struct job_record *job)
{
    struct buf texts = BUF_INIT;
    job_keep(job, &texts);
    for (size_t n = 0; n < SLICE && job->fanned != UINT32_MAX; n += FAN_PART) {
        if (n > 0 && store_is_hurried(txn->store))
            break;
        queue_part(f, txn, job);
    }
    f->fanned = job->fanned;
    job_write(txn, job);
    buf_release(&texts);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

size_t domains_unite(uint32_t *domains, size_t count)
{
    size_t n = 0;
    qsort(domains, count, sizeof(domains[0]), by_number);
    for (size_t i = 0; i < count; i++)
        if (n == 0 || domains[n - 1] != domains[i])
            domains[n++] = domains[i];
    return n;
}

static void apply(struct txn *txn, struct write_op *op)
{
    struct fanout *f = (struct fanout *)(void *)op;
    struct job_record record;
    f->fanned = UINT32_MAX;
    f->domain_count = f->missing_count = 0;
    if (!job_read(txn, f->job, &record) || record.state == JOB_CANCELLED)
        return;
    queue_slice(f, txn, &record);
    f->domain_count = domains_unite(f->domains, f->domain_count);
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
        job_offer(campaign, job, f->domains, f->domain_count);
    if (f->missing_count)
        job_take_sums(campaign, &f->sums); /* here and now: later, they would be old news */
    if (f->fanned != UINT32_MAX && !campaign->stopping) {
        step_submit(step, campaign, apply, then);
        return;
    }
    free(f);
    if (job->choosing && !campaign->stopping)
        choice_start(campaign, job);
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
