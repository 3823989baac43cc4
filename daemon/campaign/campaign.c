#include "campaign/campaign.h"

#include "base/alloc.h"
#include "base/log.h"
#include "campaign/job.h"
#include "store/queue.h"

struct campaign *campaign_new(struct store *store, struct composers *composers, struct loop *front,
                              const struct campaign_hooks *hooks)
{
    struct campaign *c = NEW(struct campaign);
    c->store = store;
    c->composers = composers;
    c->front = front;
    c->hooks = *hooks;
    return c;
}

void campaign_stop(struct campaign *campaign)
{
    campaign->stopping = true;
}

void campaign_free(struct campaign *campaign)
{
    if (!campaign)
        return;
    for (struct job *job = campaign->jobs, *next; job; job = next) {
        next = job->hh.next;
        job_free(campaign, job);
    }
    free(campaign);
}

uint32_t campaign_active(const struct campaign *campaign)
{
    return (uint32_t)HASH_COUNT(campaign->jobs);
}

void campaign_each_active(const struct campaign *campaign, void (*each)(void *ctx, uint32_t job),
                          void *ctx)
{
    for (const struct job *job = campaign->jobs; job; job = job->hh.next)
        each(ctx, job->id);
}

/* A job that cannot be sent waits, paused, for a resume after its fault was mended, or a cancel. */
static void take_up(struct campaign *campaign, struct txn *txn, const struct job_record *record)
{
    struct err err;
    if (record->state == JOB_CANCELLED && queue_next_domain(txn, record->id, 0) != 0)
        drain_start(campaign, record->id);
    if (record->state != JOB_SENDING && record->state != JOB_PAUSED)
        return;
    if (job_take_up(campaign, txn, record, &err))
        return;
    log_say(LOG_ERROR, "job_not_resumed", "%s", err.text);
    if (record->state == JOB_SENDING)
        campaign_pause(campaign, record->id, campaign_ignore, NULL);
}

int campaign_start(struct campaign *campaign, struct err *err)
{
    struct txn txn;
    struct job_record record;
    if (txn_begin(campaign->store, &txn) == 0)
        for (uint32_t id = UINT32_MAX; job_seek_down(&txn, &id, &record); id--)
            take_up(campaign, &txn, &record);
    int result = txn_failed(&txn, err);
    txn_end(&txn);
    if (result != 0)
        return -1;
    for (struct job *job = campaign->jobs, *next; job; job = next) {
        next = job->hh.next;
        job_begin(campaign, job);
    }
    return 0;
}
