/*
 * The choice of a job's favourites (compose/favourites.h), when new sources are in its pool: once
 * all recipients are queued, the queue is walked on the front loop, a slice a turn, and those who
 * clicked last are noted. Nothing is offered before that, so that no copy goes to anybody whose
 * place is still unknown; for a million recipients that takes some seconds. It covers all the days
 * that the warm-up still has, for a pool of new sources only goes on for days.
 *
 * A restart chooses anew, among those who are still queued. A thank-you waits for nobody: there is
 * no choice in the transactional lane.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/job.h"
#include "compose/clicks.h"
#include "config/warm_up.h"

enum { SLICE = 2000, PART = 100 };

struct choice {
    struct letter letter;
    struct campaign *campaign;
    uint32_t job;
    struct queue_entry at; /* the walk goes on here; domain 0: at the first one */
    bool over;
    struct favourites *found;
    struct name_memory names;
};

/* What the new sources of a job's pool may send to one provider, today and later. */
static uint64_t rest_of(struct campaign *campaign, const struct job *job)
{
    struct senders *senders = composers_senders(campaign->composers);
    const struct config *config = senders->config;
    const struct pool *pool = mailing_pool(job->mailing, config);
    uint32_t today = warm_up_day(clock_wall_s());
    uint64_t rest = 0;
    for (size_t i = 0; i < config->source_count; i++)
        if (pool->members >> i & 1)
            rest += warm_up_rest(&config->sources[i].warm_up, today);
    senders_unref(senders);
    return rest;
}

void choice_plan(struct campaign *campaign, struct job *job)
{
    job->choosing = job->record.lane == LANE_BULK && rest_of(campaign, job) > 0;
}

/* Some recipients of one domain, or the next domain. */
static size_t walk_part(struct choice *c, struct txn *txn)
{
    struct queue_entry entries[PART];
    struct contact contact;
    size_t n = c->at.domain ? queue_read(txn, &c->at, 0, entries, PART) : 0;
    for (size_t i = 0; i < n; i++) {
        struct favourite f = {entries[i].domain, entries[i].contact, 0};
        if (contact_read(txn, f.contact, &contact))
            f.clicked = contact_last_click(txn, &c->names, &contact);
        favourites_add(c->found, &f);
    }
    if (n == PART) {
        c->at.contact = entries[n - 1].contact + 1;
    } else {
        c->at.domain = queue_next_domain(txn, c->job, c->at.domain);
        c->at.contact = 0;
        c->over = c->at.domain == 0;
    }
    return n + 1;
}

static void walk_slice(struct choice *c)
{
    struct txn txn;
    struct err err;
    txn_begin(c->campaign->store, &txn);
    for (size_t n = 0; n < SLICE && !c->over;)
        n += walk_part(c, &txn);
    if (txn_failed(&txn, &err) != 0) {
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
        c->over = true;
    }
    txn_end(&txn);
}

static void finish(struct choice *c, struct job *job)
{
    struct campaign *campaign = c->campaign;
    favourites_finish(c->found);
    job->mailing->favourites = c->found;
    job->choosing = false;
    free(c);
    if (!campaign->stopping)
        scan_start(campaign, job);
    job->steps--;
    job_settle(campaign, job);
}

static void on_slice(struct letter *letter)
{
    struct choice *c = LETTER_OF(letter, struct choice, letter);
    struct job *job = job_find(c->campaign, c->job);
    if (c->campaign->stopping || record_is_over(&job->record))
        c->over = true;
    else
        walk_slice(c);
    if (c->over)
        finish(c, job);
    else
        loop_post(c->campaign->front, &c->letter);
}

void choice_start(struct campaign *campaign, struct job *job)
{
    struct choice *c = NEW(struct choice);
    c->letter.deliver = on_slice;
    c->campaign = campaign;
    c->job = c->at.job = job->id;
    c->found = favourites_new(rest_of(campaign, job));
    job->steps++;
    loop_post(campaign->front, &c->letter);
}
