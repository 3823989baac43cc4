/*
 * Submission: everything that can be wrong is found before anything is written; then one write
 * makes the job, with its message, its recipients as a set and its record, and fan-out begins; a
 * small job's recipients are queued by that same write.
 */
#include "audience/segment_reach.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/job.h"
#include "campaign/repeat.h"
#include "campaign/tally.h"
#include "compose/enclose.h"
#include "store/sets.h"

struct submit {
    struct step step;
    struct arena memory;
    struct submission what; /* its texts are in `memory` */
    struct buf bundle;      /* the message with what it needs, as it is kept */
    struct job_key key;     /* what it is, for the time when it is repeated */
    struct segment segment;
    struct message *message;
    struct campaign_answer answer;
    struct job_record record; /* the result */
    struct fan_part part;     /* of a small job: its recipients, queued with it */
    campaign_answer_fn on_answer;
    void *ctx;
};

static void submit_free(struct submit *s)
{
    message_free(s->message);
    buf_release(&s->bundle);
    segment_release(&s->segment);
    arena_release(&s->memory);
    free(s);
}

static void answer(struct submit *s)
{
    s->on_answer(s->ctx, &s->answer);
    submit_free(s);
}

static int check_identity(struct campaign *campaign, struct submit *s, struct err *err)
{
    struct senders *senders = composers_senders(campaign->composers);
    const struct sender *sender = senders_find(senders, s->what.identity);
    int result = sender_check(sender, s->what.identity, s->message->has_from, err);
    if (result == 0)
        s->what.identity = arena_str(&s->memory, sender->identity->name);
    senders_unref(senders);
    return result;
}

/* The pools of the configuration, "a", "b": as many as a sentence can hold. */
static void list_pools(const struct config *config, struct buf *out)
{
    enum { LISTED = 8 };
    for (size_t i = 0; i < config->pool_count && i < LISTED; i++)
        buf_addf(out, "%s\"%.*s\"", i ? ", " : "", STR_ARG(config->pools[i].name));
    if (config->pool_count > LISTED)
        buf_add_text(out, " …");
}

static int check_pool(struct campaign *campaign, const struct submit *s, struct err *err)
{
    struct senders *senders = composers_senders(campaign->composers);
    struct buf known = BUF_INIT;
    int result = 0;
    if (s->what.pool.len && !config_pool(senders->config, s->what.pool)) {
        list_pools(senders->config, &known);
        result = err_set(err, "There is no pool \"%.*s\" in the configuration; there is %s.",
                         STR_ARG(s->what.pool), known.at);
    }
    buf_release(&known);
    senders_unref(senders);
    return result;
}

static int check_lengths(const struct submission *what, struct err *err)
{
    if (what->name.len > MESSAGE_NAME_MAX || what->message_name.len > MESSAGE_NAME_MAX)
        return err_set(err, "The name of the job or of its message is longer than %d bytes.",
                       MESSAGE_NAME_MAX);
    if (what->segment.len > JOB_TEXT_MAX)
        return err_set(err, "The audience is longer than %d bytes: put its people on a list.",
                       JOB_TEXT_MAX);
    return 0;
}

static int compile(struct campaign *campaign, struct submit *s, struct err *err)
{
    struct senders *senders = composers_senders(campaign->composers);
    int result = enclose(s->what.source, senders->library, &s->bundle, err);
    senders_unref(senders);
    if (result == 0)
        s->message = message_compile(buf_str(&s->bundle), err);
    return s->message ? 0 : -1;
}

static int check(struct campaign *campaign, struct submit *s, struct err *err)
{
    if (check_lengths(&s->what, err) != 0)
        return -1;
    if (compile(campaign, s, err) != 0)
        return err_prefix(err, "%.*s", STR_ARG(s->what.message_name));
    if (segment_parse(s->what.segment, &s->segment, err) != 0)
        return -1;
    if (check_identity(campaign, s, err) != 0)
        return -1;
    return check_pool(campaign, s, err);
}

/* The recipients, or NULL with the answer filled. */
static roaring_bitmap_t *resolve(struct submit *s, struct txn *txn)
{
    roaring_bitmap_t *set = NULL;
    s->answer.result = CAMPAIGN_BAD_INPUT;
    if (segment_reach_check(txn, &s->segment, &s->answer.err) != 0 ||
        segment_resolve(txn, &s->segment, &set, &s->answer.err) != 0)
        return NULL;
    s->answer.recipients = (uint32_t)roaring_bitmap_get_cardinality(set);
    if (s->answer.recipients == 0 && !s->what.dry_run) {
        err_set(&s->answer.err, "The audience \"%.*s\" is empty: nobody would get this.",
                STR_ARG(s->what.segment));
        roaring_bitmap_free(set);
        return NULL;
    }
    s->answer.result = CAMPAIGN_OK;
    return set;
}

/* The job and its key go to the disk together: there is never one without the other. */
static void remember(struct submit *s, struct txn *txn)
{
    s->key.job = s->record.id;
    s->key.made = (uint32_t)clock_steady_s();
    job_key_write(txn, s->what.key, &s->key);
}

static void make_job(struct submit *s, struct txn *txn, const roaring_bitmap_t *set)
{
    uint32_t now = (uint32_t)clock_wall_s();
    s->record = (struct job_record){.id = job_next_id(txn),
                                    .state = JOB_SENDING,
                                    .lane = s->what.lane,
                                    .guarantee = s->what.guarantee,
                                    .created = now,
                                    .started = now,
                                    .opened = (uint32_t)clock_steady_s(),
                                    .recipients = s->answer.recipients,
                                    .weight = s->what.weight,
                                    .name = s->what.name,
                                    .segment = s->what.segment,
                                    .identity = s->what.identity,
                                    .pool = s->what.pool};
    s->record.counts[RECIPIENT_QUEUED] = s->answer.recipients;
    s->record.message = message_put(txn, s->what.message_name, buf_str(&s->bundle), now);
    s->answer.job = s->record.id;
    set_store(txn, SET_JOB, s->record.id, set);
    fanout_at_once(&s->part, txn, &s->record);
    job_write(txn, &s->record);
    remember(s, txn);
}

/* The key is looked for here too: the same submission may be in the same group of writes. */
static void apply(struct txn *txn, struct write_op *op)
{
    struct submit *s = (struct submit *)(void *)op;
    if (repeat_find(txn, s->what.key, &s->key, &s->answer))
        return;
    roaring_bitmap_t *set = resolve(s, txn);
    if (!set)
        return;
    make_job(s, txn, set);
    roaring_bitmap_free(set);
}

static void begin(struct campaign *campaign, struct submit *s)
{
    struct txn txn;
    txn_begin(campaign->store, &txn);
    struct job *job = job_add(campaign, &txn, &s->record, s->message, &s->segment);
    txn_end(&txn);
    s->message = NULL;
    choice_plan(campaign, job);
    job_open(job);
    if (job->choosing && job->record.fanned == UINT32_MAX)
        choice_start(campaign, job);
    else if (job->record.fanned == UINT32_MAX)
        job_offer(campaign, job, s->part.domains, s->part.domain_count);
    else
        fanout_start(campaign, job);
    log_say(LOG_INFO, "job_submitted", "Job %u (%.*s) goes to %u recipients of %.*s.", job->id,
            STR_ARG(job->record.name), job->record.recipients, STR_ARG(job->record.segment));
}

static void then(struct step *step)
{
    struct submit *s = (struct submit *)(void *)step;
    bool is_new = s->answer.result == CAMPAIGN_OK && !s->answer.repeated;
    if (is_new && !step->campaign->stopping)
        begin(step->campaign, s);
    answer(s);
}

/* A submission that was made is found before it is checked: what it needs may be gone by now. */
static bool is_known(struct campaign *campaign, struct submit *s)
{
    struct txn txn;
    if (s->what.dry_run || s->what.key.len == 0)
        return false;
    txn_begin(campaign->store, &txn);
    bool known = repeat_find(&txn, s->what.key, &s->key, &s->answer);
    txn_end(&txn);
    return known;
}

static void on_tally(void *ctx, const struct campaign_domain *domains, size_t count)
{
    struct submit *s = ctx;
    struct campaign_plan plan = {.domains = domains,
                                 .domain_count = count,
                                 .pool = s->what.pool,
                                 .identity = s->what.identity,
                                 .lane = s->what.lane,
                                 .weight = s->what.weight};
    s->answer.plan = &plan;
    answer(s);
}

static void dry_run(struct campaign *campaign, struct submit *s)
{
    struct txn txn;
    txn_begin(campaign->store, &txn);
    roaring_bitmap_t *set = resolve(s, &txn);
    txn_end(&txn);
    if (!set) {
        answer(s);
        return;
    }
    tally_start(campaign, set, on_tally, s);
    roaring_bitmap_free(set);
}

static struct submit *submit_new(const struct submission *what, campaign_answer_fn on_answer,
                                 void *ctx)
{
    struct submit *s = NEW(struct submit);
    s->what = *what;
    s->what.source = arena_str(&s->memory, what->source);
    s->what.message_name =
        arena_str(&s->memory, what->message_name.len ? what->message_name : STR("message"));
    s->what.name = what->name.len ? arena_str(&s->memory, what->name) : s->what.message_name;
    s->what.segment = arena_str(&s->memory, what->segment);
    s->what.identity = arena_str(&s->memory, what->identity);
    s->what.pool = arena_str(&s->memory, what->pool);
    s->what.weight = what->weight ? what->weight : 1;
    s->what.key = arena_str(&s->memory, what->key);
    repeat_describe(&s->what, &s->key);
    s->on_answer = on_answer;
    s->ctx = ctx;
    return s;
}

void campaign_submit(struct campaign *campaign, const struct submission *submission,
                     campaign_answer_fn on_answer, void *ctx)
{
    struct submit *s = submit_new(submission, on_answer, ctx);
    if (is_known(campaign, s)) {
        answer(s);
    } else if (check(campaign, s, &s->answer.err) != 0) {
        s->answer.result = CAMPAIGN_BAD_INPUT;
        answer(s);
    } else if (s->what.dry_run) {
        dry_run(campaign, s);
    } else {
        s->step.op.records = 1;
        s->step.op.urgent = true;
        s->step.op.ahead = true;
        step_submit(&s->step, campaign, apply, then);
    }
}
