#include "campaign/job.h"

#include "base/alloc.h"
#include "base/log.h"
#include "campaign/reach.h"

void job_free(struct campaign *campaign, struct job *job)
{
    HASH_DEL(campaign->jobs, job);
    mailing_unref(job->mailing);
    buf_release(&job->texts);
    free(job);
}

struct job *job_find(struct campaign *campaign, uint32_t id)
{
    struct job *job;
    HASH_FIND(hh, campaign->jobs, &id, sizeof(id), job);
    return job;
}

/* Such a job goes on: who took the pool away wants mail to leave by another. */
static void look_for_pool(const struct config *config, struct job *job)
{
    struct str name = job->record.pool;
    bool lost = name.len && !config_pool(config, name);
    if (lost && !job->pool_lost)
        log_say(LOG_WARN, "pool_missing",
                "Job %u names the pool \"%.*s\", which is not in the configuration: it leaves by "
                "\"%.*s\".",
                job->id, STR_ARG(name), STR_ARG(mailing_pool(job->mailing, config)->name));
    job->pool_lost = lost;
}

void campaign_reload(struct campaign *campaign)
{
    struct senders *senders = composers_senders(campaign->composers);
    for (struct job *job = campaign->jobs; job; job = job->hh.next)
        look_for_pool(senders->config, job);
    senders_unref(senders);
}

struct job *job_add(struct campaign *campaign, struct txn *txn, const struct job_record *record,
                    struct message *message, struct segment *segment)
{
    struct job *job = NEW(struct job);
    job->id = record->id;
    job->record = *record;
    job_keep(&job->record, &job->texts);
    job->mailing = mailing_new(&job->record, message);
    job->mailing->audience = reach_take(txn, segment);
    HASH_ADD(hh, campaign->jobs, id, sizeof(job->id), job);
    struct senders *senders = composers_senders(campaign->composers);
    look_for_pool(senders->config, job);
    senders_unref(senders);
    return job;
}

void job_open(struct job *job)
{
    atomic_store(&job->mailing->opened_at, job->record.opened);
    mailing_turn(job->mailing, GATE_OPEN);
}

static uint32_t in_flight(const struct mailing *mailing)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        sum += atomic_load(&mailing->begun[i]);
    return sum;
}

void job_settle(struct campaign *campaign, struct job *job)
{
    if (record_is_over(&job->record) && job->steps == 0 && in_flight(job->mailing) == 0)
        job_free(campaign, job);
}

/* A message that compiled when it was submitted may not do so with a newer program. */
struct job *job_take_up(struct campaign *campaign, struct txn *txn, const struct job_record *record,
                        struct err *err)
{
    struct str source = message_source(txn, record->message);
    struct message *message = source.at ? message_compile(source, err) : NULL;
    struct segment segment = {.root = NULL};
    if (message && segment_parse(record->segment, &segment, err) == 0)
        return job_add(campaign, txn, record, message, &segment);
    if (!source.at)
        err_set(err, "its message is not in the store.");
    message_free(message);
    segment_release(&segment);
    err_prefix(err, "Job %u cannot be sent", record->id);
    return NULL;
}

void job_offer(struct campaign *campaign, struct job *job, const uint32_t *domains, size_t count)
{
    if (!job->choosing)
        campaign->hooks.offer(campaign->hooks.ctx, job->mailing, domains, count);
}

void job_begin(struct campaign *campaign, struct job *job)
{
    choice_plan(campaign, job);
    if (job->record.state == JOB_SENDING)
        job_open(job);
    if (!job->choosing)
        scan_start(campaign, job);
    else if (job->record.fanned == UINT32_MAX)
        choice_start(campaign, job);
    if (job->record.fanned != UINT32_MAX)
        fanout_start(campaign, job);
    if (job->record.retry_states)
        retry_start(campaign, job);
}

void job_take_sums(struct campaign *campaign, const struct outcome_sums *sums)
{
    struct job *job = job_find(campaign, sums->job);
    if (!job)
        return;
    memcpy(job->record.counts, sums->counts, sizeof(sums->counts));
    if (job->record.state != sums->state && sums->state == JOB_FINISHED)
        log_say(LOG_INFO, "job_finished", "Job %u is finished: %u of %u delivered.", job->id,
                sums->counts[RECIPIENT_DELIVERED], sums->recipients);
    job->record.state = sums->state;
    job->record.finished = sums->finished;
}

static void step_done(struct write_op *op)
{
    struct step *step = (struct step *)(void *)op;
    loop_post(step->campaign->front, &step->letter);
}

static void step_arrive(struct letter *letter)
{
    struct step *step = LETTER_OF(letter, struct step, letter);
    step->then(step);
}

void step_submit(struct step *step, struct campaign *campaign,
                 void (*apply)(struct txn *txn, struct write_op *op),
                 void (*then)(struct step *step))
{
    step->op.apply = apply;
    step->op.done = step_done;
    step->letter.deliver = step_arrive;
    step->campaign = campaign;
    step->then = then;
    store_submit(campaign->store, &step->op);
}
