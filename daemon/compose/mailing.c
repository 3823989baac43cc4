#include "compose/mailing.h"

#include "base/alloc.h"
#include "store/choices.h"

struct mailing *mailing_new(const struct job_record *job, struct message *message)
{
    struct mailing *m = NEW(struct mailing);
    char topic[TOPIC_MAX];
    m->job = job->id;
    m->lane = job->lane;
    m->guarantee = job->guarantee;
    m->message_version = job->message.version;
    m->message = message;
    m->weight = job->weight ? job->weight : 1;
    m->identity = arena_str(&message->memory, job->identity);
    m->pool = arena_str(&message->memory, job->pool);
    m->name = arena_str(&message->memory, job->name);
    m->topic = arena_str(&message->memory, topic_key(message->topic, topic));
    atomic_init(&m->gate, GATE_PAUSED);
    atomic_init(&m->opened_at, 0);
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        atomic_init(&m->begun[i], 0);
    atomic_init(&m->refs, 1);
    return m;
}

const struct pool *job_pool(const struct config *config, struct str pool, struct str identity)
{
    const struct pool *named = pool.len ? config_pool(config, pool) : NULL;
    if (named)
        return named;
    const struct identity *whose = config_identity(config, identity);
    const struct pool *own = whose ? config_pool(config, whose->pool) : NULL;
    return own ? own : config_pool(config, STR(""));
}

struct mailing *mailing_ref(struct mailing *mailing)
{
    atomic_fetch_add_explicit(&mailing->refs, 1, memory_order_relaxed);
    return mailing;
}

void mailing_unref(struct mailing *mailing)
{
    if (!mailing || atomic_fetch_sub_explicit(&mailing->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (mailing->audience.free)
        mailing->audience.free(mailing->audience.ctx);
    favourites_free(mailing->favourites);
    message_free(mailing->message);
    free(mailing);
}
