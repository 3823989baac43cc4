/*
 * What should be sent: jobs from submission to their end. The campaign lives on the front loop;
 * every call and every callback is on its thread. Changes go to the store as write operations and
 * take effect when they are durable; what happens to jobs while they are sent comes in from
 * delivery.
 *
 *   submit ──► SENDING ◄──resume── PAUSED          fan-out: recipients → queue, a slice a commit
 *                 │ └─────pause──────▲
 *                 ├──cancel──► CANCELLED           the queue is emptied behind it, slice by slice
 *                 └──last recipient final──► FINISHED
 */
#ifndef TOCSIN_CAMPAIGN_CAMPAIGN_H
#define TOCSIN_CAMPAIGN_CAMPAIGN_H

#include "base/err.h"
#include "compose/composers.h"
#include "loop/loop.h"
#include "store/jobs.h"
#include "store/outcomes.h"

struct campaign;

struct campaign_hooks {
    void *ctx;
    /* The queue has recipients of this mailing at these domains (delivery_offer). */
    void (*offer)(void *ctx, struct mailing *mailing, const uint32_t *domains, size_t count);
};

struct campaign *campaign_new(struct store *store, struct composers *composers, struct loop *front,
                              const struct campaign_hooks *hooks);

/* Takes up the jobs that were being sent when the daemon stopped. -1 with a sentence. */
int campaign_start(struct campaign *campaign, struct err *err);

/* Begins no further step on the store: what is under way ends, and is gone on with at the next
 * start. */
void campaign_stop(struct campaign *campaign);

/* After delivery has stopped and the loop has run out: frees everything. NULL is fine. */
void campaign_free(struct campaign *campaign);

/* A job to be made. Texts are copied. */
struct submission {
    struct str source; /* the message file, or a bundle of it and its files (compose/bundle.h) */
    struct str message_name; /* under which it is kept, "appeal.md"; empty: "message" */
    struct str name;         /* of the job; empty: the message's name */
    struct str segment;      /* "list:everyone" */
    struct str identity;     /* empty: the first one */
    struct str pool;         /* of sources; empty: as the configuration says */
    struct str key;          /* makes it safe to repeat; empty: none; at most JOB_KEY_MAX bytes */
    enum job_lane lane;
    enum job_guarantee guarantee;
    uint32_t weight; /* beside other jobs of its lane, up to JOB_WEIGHT_MAX; 0: 1 */
    bool dry_run;    /* only check, and count the recipients */
};

/* What came of a request: kind says which HTTP status it is. */
enum campaign_result {
    CAMPAIGN_OK,
    CAMPAIGN_BAD_INPUT, /* 400: the message, the segment or an argument is wrong */
    CAMPAIGN_NOT_FOUND, /* 404: no such job */
    CAMPAIGN_CONFLICT,  /* 409: not in this state, or the key belongs to another submission */
};

/* What a dry run found out: to whom it would go, and beside whom. */
struct campaign_domain {
    uint32_t domain; /* NAME_DOMAIN */
    uint32_t recipients;
};
struct campaign_plan {
    const struct campaign_domain *domains; /* the largest first */
    size_t domain_count;
    struct str pool, identity; /* what job_pool asks for */
    enum job_lane lane;
    uint32_t weight;
};

struct campaign_answer {
    enum campaign_result result;
    struct err err;                   /* the sentence, unless OK */
    uint32_t job;                     /* its id; 0 for a dry run */
    uint32_t recipients;              /* of the job that was submitted, or would be */
    bool repeated;                    /* the job was there: this submission had come before */
    const struct campaign_plan *plan; /* of a dry run; else NULL */
};

/* The answer is valid during the call. May come from inside the request's call when it fails early.
 */
typedef void (*campaign_answer_fn)(void *ctx, const struct campaign_answer *answer);

/* For requests whose answer nobody waits for. */
void campaign_ignore(void *ctx, const struct campaign_answer *answer);

void campaign_submit(struct campaign *campaign, const struct submission *submission,
                     campaign_answer_fn on_answer, void *ctx);
void campaign_pause(struct campaign *campaign, uint32_t job, campaign_answer_fn on_answer,
                    void *ctx);
void campaign_resume(struct campaign *campaign, uint32_t job, campaign_answer_fn on_answer,
                     void *ctx);
void campaign_cancel(struct campaign *campaign, uint32_t job, campaign_answer_fn on_answer,
                     void *ctx);

/*
 * Tries exactly those recipients again that are in one of `states` (1 << enum recipient_state), of
 * which campaign_may_retry must be true. The answer's `recipients` is how many that are; 0 changes
 * nothing. A job that was finished goes on.
 */
void campaign_retry(struct campaign *campaign, uint32_t job, unsigned states,
                    campaign_answer_fn on_answer, void *ctx);
bool campaign_may_retry(enum recipient_state state);

/* A job as people see it: every recipient is in exactly one of the numbers. */
struct job_view {
    uint32_t id;
    enum job_state state;
    enum job_lane lane;
    enum job_guarantee guarantee;
    uint32_t recipients;
    uint32_t in_flight;
    uint32_t counts[RECIPIENT_STATES]; /* without those in flight */
    uint32_t queued_up_to;             /* recipients that fan-out has queued so far */
    uint32_t created, started, finished;
    uint32_t weight;
    struct message_ref message;
    struct str name, segment, identity; /* valid as long as the transaction */
    struct str pool;                    /* likewise; where the job's mail leaves by */
};

/* False if there is no such job. */
bool campaign_view(struct campaign *campaign, struct txn *txn, uint32_t job, struct job_view *out);

/* Another configuration is in force: says which jobs have lost their pool. */
void campaign_reload(struct campaign *campaign);

/* For delivery's hook: may be called on the writer's thread. */
void campaign_committed(struct campaign *campaign, const struct outcome *outcomes, size_t count,
                        const struct outcome_sums *sums, size_t sum_count);

/* Jobs that are being sent or paused. */
uint32_t campaign_active(const struct campaign *campaign);

/* Gives each of them, and those that are over with something still under way, in no order. */
void campaign_each_active(const struct campaign *campaign, void (*each)(void *ctx, uint32_t job),
                          void *ctx);

#endif
