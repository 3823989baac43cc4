#include "compose/composers.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "compose/compose.h"

static struct metric composed = {
    .name = "tocsin_messages_composed_total",
    .help = "Messages rendered, encoded and signed.",
    .kind = METRIC_COUNTER,
};

struct line {
    struct copy *first, **end;
};

struct composers {
    struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct line lines[LANES];
    struct senders *senders;
    bool stopping;
    pthread_t *threads;
    unsigned count;
};

/* Waits for a copy and for the senders to compose it with; false when there is no more to come. */
static bool take(struct composers *all, struct copy **copy, struct senders **senders)
{
    struct line *line = NULL;
    pthread_mutex_lock(&all->lock);
    for (;;) {
        line = all->lines[LANE_TRANSACTIONAL].first ? &all->lines[LANE_TRANSACTIONAL]
                                                    : &all->lines[LANE_BULK];
        if (line->first || all->stopping)
            break;
        pthread_cond_wait(&all->work, &all->lock);
    }
    *copy = line->first;
    if (*copy) {
        line->first = (*copy)->next;
        if (!line->first)
            line->end = &line->first;
        *senders = senders_ref(all->senders);
    }
    pthread_mutex_unlock(&all->lock);
    return *copy != NULL;
}

/* Changes over when the senders are others than before, and gives back the reference not needed. */
static int change_over(struct composer *composer, struct senders **held, struct senders *fresh,
                       struct err *err)
{
    if (*held == fresh) {
        senders_unref(fresh);
        return 0;
    }
    if (composer_use(composer, fresh, err) != 0) {
        senders_unref(fresh);
        return -1;
    }
    senders_unref(*held);
    *held = fresh;
    return 0;
}

static void compose_one(struct composers *all, struct composer *composer, struct copy *copy)
{
    struct txn txn;
    struct err err;
    txn_begin(all->store, &txn);
    compose_copy(composer, &txn, copy, clock_wall_s());
    if (txn_failed(&txn, &err) != 0) {
        copy->result = COPY_HELD;
        log_say(LOG_ERROR, "compose_failed", "%s", err.text);
    }
    txn_end(&txn);
    metric_add(&composed, copy->result == COPY_READY);
}

static void *composer_run(void *ctx)
{
    struct composers *all = ctx;
    struct composer composer;
    struct senders *held = NULL, *fresh;
    struct copy *copy;
    struct err err;
    composer_init(&composer);
    while (take(all, &copy, &fresh)) {
        if (change_over(&composer, &held, fresh, &err) == 0) {
            compose_one(all, &composer, copy);
        } else {
            copy->result = COPY_HELD;
            log_say(LOG_ERROR, "signing_keys_failed", "%s", err.text);
        }
        loop_post(copy->asker, &copy->answer);
    }
    composer_release(&composer);
    senders_unref(held);
    return NULL;
}

static void stop(struct composers *all)
{
    pthread_mutex_lock(&all->lock);
    all->stopping = true;
    pthread_cond_broadcast(&all->work);
    pthread_mutex_unlock(&all->lock);
    for (unsigned i = 0; i < all->count; i++)
        pthread_join(all->threads[i], NULL);
}

struct composers *composers_new(struct store *store, unsigned count, struct senders *senders,
                                struct err *err)
{
    struct composers *all = NEW(struct composers);
    all->store = store;
    all->senders = senders_ref(senders);
    all->threads = alloc_zero(count, sizeof(pthread_t));
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->work, NULL);
    metric_register(&composed);
    for (size_t i = 0; i < LANES; i++)
        all->lines[i].end = &all->lines[i].first;
    for (; all->count < count; all->count++) {
        if (pthread_create(&all->threads[all->count], NULL, composer_run, all) == 0)
            continue;
        err_set(err, "Composer thread %u of %u could not be started.", all->count + 1, count);
        composers_free(all);
        return NULL;
    }
    return all;
}

void composers_use(struct composers *composers, struct senders *senders)
{
    pthread_mutex_lock(&composers->lock);
    struct senders *before = composers->senders;
    composers->senders = senders_ref(senders);
    pthread_mutex_unlock(&composers->lock);
    senders_unref(before);
}

struct senders *composers_senders(struct composers *composers)
{
    pthread_mutex_lock(&composers->lock);
    struct senders *senders = senders_ref(composers->senders);
    pthread_mutex_unlock(&composers->lock);
    return senders;
}

void composers_ask(struct composers *composers, struct copy *copy)
{
    struct line *line = &composers->lines[copy->mailing->lane];
    copy->next = NULL;
    pthread_mutex_lock(&composers->lock);
    *line->end = copy;
    line->end = &copy->next;
    pthread_cond_signal(&composers->work);
    pthread_mutex_unlock(&composers->lock);
}

void composers_free(struct composers *composers)
{
    if (!composers)
        return;
    stop(composers);
    senders_unref(composers->senders);
    pthread_mutex_destroy(&composers->lock);
    pthread_cond_destroy(&composers->work);
    free(composers->threads);
    free(composers);
}
