/* A job as people see it: its record, with what is on the wire taken out of the state that the
 * ledger still has it in. */
#include "campaign/job.h"
#include "store/sets.h"

static uint32_t fanned_count(struct txn *txn, const struct job_record *record)
{
    if (record->fanned == UINT32_MAX || record->fanned == 0)
        return record->fanned ? record->recipients : 0;
    roaring_bitmap_t *set = set_load(txn, SET_JOB, record->id);
    uint32_t count = (uint32_t)roaring_bitmap_rank(set, record->fanned - 1);
    roaring_bitmap_free(set);
    return count;
}

/* What is on the wire is still counted in the state that the ledger has it in: it moves from there
 * to `in_flight`, so that every recipient is in one number. */
static void take_out_flight(const struct job *job, struct job_view *out)
{
    for (enum recipient_state state = 0; state < RECIPIENT_STATES; state++) {
        uint32_t *from = &out->counts[recipient_counts_as(job->record.state, state)];
        uint32_t n = atomic_load(&job->mailing->begun[state]);
        /* A copy may begin anew before we have read what became of its last attempt. */
        if (n > *from)
            n = *from;
        *from -= n;
        out->in_flight += n;
    }
}

/* By the configuration in force; of a job that is over, what it named, whatever has become of it.
 * The composers hold that configuration until the next one comes, on this thread. */
static struct str pool_name(const struct campaign *campaign, const struct job_record *r)
{
    if (r->pool.len && record_is_over(r))
        return r->pool;
    struct senders *senders = composers_senders(campaign->composers);
    struct str name = job_pool(senders->config, r->pool, r->identity)->name;
    senders_unref(senders);
    return name;
}

bool campaign_view(struct campaign *campaign, struct txn *txn, uint32_t id, struct job_view *out)
{
    struct job *job = job_find(campaign, id);
    struct job_record stored;
    const struct job_record *r = &stored;
    if (job)
        r = &job->record;
    else if (!job_read(txn, id, &stored))
        return false;
    *out = (struct job_view){.id = id,
                             .state = r->state,
                             .lane = r->lane,
                             .guarantee = r->guarantee,
                             .recipients = r->recipients,
                             .created = r->created,
                             .started = r->started,
                             .finished = r->finished,
                             .weight = r->weight,
                             .message = r->message,
                             .name = r->name,
                             .segment = r->segment,
                             .identity = r->identity,
                             .pool = pool_name(campaign, r),
                             .queued_up_to = fanned_count(txn, r)};
    memcpy(out->counts, r->counts, sizeof(out->counts));
    if (job)
        take_out_flight(job, out);
    return true;
}
