/*
 * Inside the campaign: the jobs that are not over, and the steps of work on them. Only this room
 * includes it; everything in here is used on the front loop's thread, but for the `apply` of steps.
 */
#ifndef TOCSIN_CAMPAIGN_JOB_H
#define TOCSIN_CAMPAIGN_JOB_H

#include "audience/segment.h"
#include "base/hash.h"
#include "campaign/campaign.h"
#include "store/queue.h"
#include "store/writer.h"

/* A job that is being sent, is paused, or still has something under way after its end. */
struct job {
    uint32_t id;
    struct job_record record; /* as it was last committed; its texts are in `texts` */
    struct buf texts;
    struct mailing *mailing;
    bool pool_lost; /* the configuration has not the pool that it names, and that was said */
    bool choosing;  /* nothing is offered before its favourites are known (choice.c) */
    unsigned steps; /* of fan-out, draining or scanning under way: it must stay */
    UT_hash_handle hh;
};

struct campaign {
    struct store *store;
    struct composers *composers;
    struct loop *front;
    struct campaign_hooks hooks;
    struct job *jobs; /* uthash, by id */
    bool stopping;
};

static inline bool record_is_over(const struct job_record *record)
{
    return record->state == JOB_FINISHED || record->state == JOB_CANCELLED;
}

struct job *job_find(struct campaign *campaign, uint32_t id);

/* A live job from its record, compiled message and parsed audience (both of which it takes over);
 * the gate is paused. */
struct job *job_add(struct campaign *campaign, struct txn *txn, const struct job_record *record,
                    struct message *message, struct segment *segment);

void job_free(struct campaign *campaign, struct job *job);

/* The same from the record alone, with the message from the store. NULL with a sentence. */
struct job *job_take_up(struct campaign *campaign, struct txn *txn, const struct job_record *record,
                        struct err *err);

/* Goes on with a job that was taken up: what is queued is offered, the rest is fanned out. */
void job_begin(struct campaign *campaign, struct job *job);

/* Tells the sending side that the queue has something of it at these domains; not while its
 * favourites are chosen: all is offered then. */
void job_offer(struct campaign *campaign, struct job *job, const uint32_t *domains, size_t count);

/* Opens the gate: recipients age from the moment that the record says. */
void job_open(struct job *job);

/* Takes over a job's counters and state as they were committed. Sums of one job must come in the
 * order of their commits. */
void job_take_sums(struct campaign *campaign, const struct outcome_sums *sums);

/* Lets a job go that is over and has nothing under way. */
void job_settle(struct campaign *campaign, struct job *job);

/*
 * A piece of work on the store: `apply` runs in the writer, and when that is durable, `then` runs
 * on the front loop. Embed it first; `then` owns the embedding object again.
 */
struct step {
    struct write_op op;
    struct letter letter;
    struct campaign *campaign;
    void (*then)(struct step *step);
};

void step_submit(struct step *step, struct campaign *campaign,
                 void (*apply)(struct txn *txn, struct write_op *op),
                 void (*then)(struct step *step));

/* Some recipients of a job on their way into the queue. */
enum { FAN_PART = 2000 };
struct fan_part {
    size_t count, domain_count;
    size_t missing_count;   /* contacts that are no more: the first of `ids` */
    uint32_t ids[FAN_PART]; /* for fan-out itself */
    struct queue_entry entries[FAN_PART];
    uint32_t domains[FAN_PART]; /* of the entries, each once */
};

/* Queues all recipients of a job that has fewer than FAN_PART, in the transaction that makes it:
 * `part` has their domains then, and the record, which is still to be written, says that fan-out is
 * over. Otherwise neither has changed, and fanout_start does it. */
void fanout_at_once(struct fan_part *part, struct txn *txn, struct job_record *job);

/* Queues the recipients of a job that fan-out has not reached yet. */
void fanout_start(struct campaign *campaign, struct job *job);

/* For a job that sending knows nothing of yet: whether favourites are to be chosen. If so, that is
 * started when all of it is queued; it ends in offering what there is. */
void choice_plan(struct campaign *campaign, struct job *job);
void choice_start(struct campaign *campaign, struct job *job);

/* Goes on with the retry that a job's record notes. */
void retry_start(struct campaign *campaign, struct job *job);

/* Empties the queue of a cancelled job, live or not. */
void drain_start(struct campaign *campaign, uint32_t id);

/* Sorts, and leaves each once; returns how many there are. */
size_t domains_unite(uint32_t *domains, size_t count);

/* Offers all domains that a job has in the queue. */
void scan_start(struct campaign *campaign, struct job *job);

#endif
