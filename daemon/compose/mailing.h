/*
 * A job as the sending side sees it: the compiled message, whose mail it is, in which lane, and a
 * gate that says whether it may be sent at this instant. The campaign makes one for each job that
 * is being sent and turns the gate; sites and composers hold references and ask the gate last.
 *
 * `begun` counts the copies that are on the wire, by the state that the ledger still has them in.
 * Delivery adds when a transaction begins; who publishes the job's counters takes away, in the same
 * moment as it publishes what came of them. So counters and flight always add up.
 */
#ifndef TOCSIN_COMPOSE_MAILING_H
#define TOCSIN_COMPOSE_MAILING_H

#include <stdatomic.h>

#include "compose/favourites.h"
#include "compose/message.h"
#include "config/config.h"
#include "store/jobs.h"

enum mailing_gate { GATE_OPEN, GATE_PAUSED, GATE_CLOSED };

/* Whom a job is for, as far as it matters who leaves meanwhile. All zeroes: nobody leaves it. */
struct mailing_audience {
    const struct str *lists; /* those that the audience names, in what must hold */
    size_t list_count;
    /* Whether somebody who left one of them is in the audience all the same. Any thread. */
    bool (*holds)(const void *ctx, struct txn *txn, uint32_t contact);
    void (*free)(void *ctx); /* with the mailing */
    void *ctx;               /* has the lists */
};

struct mailing {
    uint32_t job;
    enum job_lane lane;
    enum job_guarantee guarantee;
    uint32_t message_version;
    struct message *message;
    unsigned weight;                  /* its share of a site beside others of its lane; from 1 */
    struct str identity;              /* name in the configuration */
    struct str pool;                  /* the one that the job names, or empty: see mailing_pool */
    struct str name;                  /* of the job, for templates */
    struct str topic;                 /* the message's, as the store has it (topic_key) */
    struct mailing_audience audience; /* set before anybody else knows the mailing; and so are */
    struct favourites *favourites;    /* who is written to first by a new source; NULL: nobody */
    _Atomic int gate;                 /* enum mailing_gate */
    _Atomic uint32_t
        opened_at; /* seconds since 1970: copies that wait longer than max_age expire */
    _Atomic uint32_t begun[RECIPIENT_STATES];
    _Atomic unsigned refs;
};

/* Takes over `message`; copies the texts. One reference, for the caller. */
struct mailing *mailing_new(const struct job_record *job, struct message *message);
struct mailing *mailing_ref(struct mailing *mailing);
void mailing_unref(struct mailing *mailing); /* the last one frees; NULL is fine */

/*
 * The sources that a job leaves by under this configuration: the pool that it names, else its
 * identity's, else the first. Never NULL, also when the one that it names is gone. Lasts as long as
 * the configuration.
 */
const struct pool *job_pool(const struct config *config, struct str pool, struct str identity);

static inline const struct pool *mailing_pool(const struct mailing *m, const struct config *config)
{
    return job_pool(config, m->pool, m->identity);
}

static inline enum mailing_gate mailing_gate(const struct mailing *m)
{
    return (enum mailing_gate)atomic_load_explicit(&m->gate, memory_order_acquire);
}

static inline void mailing_turn(struct mailing *m, enum mailing_gate gate)
{
    atomic_store_explicit(&m->gate, (int)gate, memory_order_release);
}

#endif
