#include "campaign/campaign.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/job.h"
#include "store/queue.h"
#include "store/sets.h"

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

static void job_free(struct campaign *campaign, struct job *job)
{
    HASH_DEL(campaign->jobs, job);
    mailing_unref(job->mailing);
    buf_release(&job->texts);
    free(job);
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

struct job *job_find(struct campaign *campaign, uint32_t id)
{
    struct job *job;
    HASH_FIND(hh, campaign->jobs, &id, sizeof(id), job);
    return job;
}

struct job *job_add(struct campaign *campaign, const struct job_record *record,
                    struct message *message)
{
    struct job *job = NEW(struct job);
    job->id = record->id;
    job->record = *record;
    job_keep(&job->record, &job->texts);
    job->mailing = mailing_new(&job->record, message);
    HASH_ADD(hh, campaign->jobs, id, sizeof(job->id), job);
    return job;
}

void job_open(struct job *job)
{
    atomic_store(&job->mailing->opened_at, (uint32_t)clock_wall_s());
    mailing_turn(job->mailing, GATE_OPEN);
}

static bool is_over(const struct job *job)
{
    return job->record.state == JOB_FINISHED || job->record.state == JOB_CANCELLED;
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
    if (is_over(job) && job->steps == 0 && in_flight(job->mailing) == 0)
        job_free(campaign, job);
}

/* A message that compiled when it was submitted may not do so with a newer program: such a job
 * waits, paused, and the log says why. */
static int take_up(struct campaign *campaign, struct txn *txn, const struct job_record *record,
                   struct err *err)
{
    struct str source = message_source(txn, record->message);
    if (!source.at)
        return err_set(err, "Job %u has no message in the store.", record->id);
    struct message *message = message_compile(source, err);
    if (!message)
        return err_prefix(err, "The message of job %u no longer compiles", record->id);
    job_add(campaign, record, message);
    return 0;
}

static bool needs_work(struct txn *txn, const struct job_record *record)
{
    if (record->state == JOB_CANCELLED)
        return queue_next_domain(txn, record->id, 0) != 0;
    return record->state == JOB_SENDING || record->state == JOB_PAUSED;
}

static void begin_work(struct campaign *campaign, struct job *job)
{
    if (job->record.state == JOB_CANCELLED) {
        drain_start(campaign, job);
        return;
    }
    if (job->record.state == JOB_SENDING)
        job_open(job);
    scan_start(campaign, job);
    if (job->record.fanned != UINT32_MAX)
        fanout_start(campaign, job);
}

int campaign_start(struct campaign *campaign, struct err *err)
{
    struct txn txn;
    struct job_record record;
    struct err why;
    if (txn_begin(campaign->store, &txn) == 0)
        for (uint32_t id = UINT32_MAX; job_seek_down(&txn, &id, &record); id--)
            if (needs_work(&txn, &record) && take_up(campaign, &txn, &record, &why) != 0)
                log_say(LOG_ERROR, "job_not_resumed", "%s", why.text);
    int result = txn_failed(&txn, err);
    txn_end(&txn);
    if (result != 0)
        return -1;
    for (struct job *job = campaign->jobs, *next; job; job = next) {
        next = job->hh.next;
        begin_work(campaign, job);
    }
    return 0;
}

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
                             .message = r->message,
                             .name = r->name,
                             .segment = r->segment,
                             .identity = r->identity,
                             .queued_up_to = fanned_count(txn, r)};
    memcpy(out->counts, r->counts, sizeof(out->counts));
    if (job)
        take_out_flight(job, out);
    return true;
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

/* What delivery committed, on its way from the writer's thread to ours. */
struct news {
    struct letter letter;
    struct campaign *campaign;
    size_t sum_count, landed_count;
    struct landed {
        uint32_t job;
        enum recipient_state from;
        uint32_t count;
    } * landed; /* copies that are no longer in flight */
    struct outcome_sums sums[];
};

static void add_landed(struct news *news, const struct outcome *o)
{
    size_t i = 0;
    while (i < news->landed_count &&
           (news->landed[i].job != o->job || news->landed[i].from != o->from))
        i++;
    if (i == news->landed_count)
        news->landed[news->landed_count++] = (struct landed){o->job, o->from, 0};
    news->landed[i].count++;
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

static void on_news(struct letter *letter)
{
    struct news *news = LETTER_OF(letter, struct news, letter);
    struct campaign *campaign = news->campaign;
    for (size_t i = 0; i < news->landed_count; i++) {
        struct job *job = job_find(campaign, news->landed[i].job);
        if (job)
            atomic_fetch_sub(&job->mailing->begun[news->landed[i].from], news->landed[i].count);
    }
    for (size_t i = 0; i < news->sum_count; i++) {
        job_take_sums(campaign, &news->sums[i]);
        struct job *job = job_find(campaign, news->sums[i].job);
        if (job)
            job_settle(campaign, job);
    }
    free(news->landed);
    free(news);
}

void campaign_committed(struct campaign *campaign, const struct outcome *outcomes, size_t count,
                        const struct outcome_sums *sums, size_t sum_count)
{
    struct news *news = alloc(sizeof(*news) + sum_count * sizeof(news->sums[0]));
    news->letter = (struct letter){.deliver = on_news};
    news->campaign = campaign;
    news->sum_count = sum_count;
    memcpy(news->sums, sums, sum_count * sizeof(news->sums[0]));
    news->landed_count = 0;
    news->landed = alloc_zero(count, sizeof(*news->landed));
    for (size_t i = 0; i < count; i++)
        if (outcomes[i].counted)
            add_landed(news, &outcomes[i]);
    loop_post(campaign->front, &news->letter);
}
