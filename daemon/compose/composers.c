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
    size_t count;
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

enum { BATCH_MAX = 16, ANSWER_WITHIN_US = 500 };

/* Cuts off what one thread shall do: its share, so that the others get some, and not too much, so
 * that nobody waits long for the first. */
static struct copy *cut_batch(struct composers *all, struct line *line)
{
    size_t share = (line->count + all->count - 1) / all->count;
    struct copy *first = line->first, *last = first;
    size_t n = 1;
    for (; n < share && n < BATCH_MAX; n++)
        last = last->next;
    line->first = last->next;
    line->count -= n;
    if (!line->first)
        line->end = &line->first;
    last->next = NULL;
    return first;
}

/* Waits for copies and for the senders to compose them with; NULL when there are no more to come.
 */
static struct copy *take(struct composers *all, struct senders **senders)
{
    struct copy *batch = NULL;
    pthread_mutex_lock(&all->lock);
    for (;;) {
        struct line *line = all->lines[LANE_TRANSACTIONAL].first ? &all->lines[LANE_TRANSACTIONAL]
                                                                 : &all->lines[LANE_BULK];
        if (line->first) {
            batch = cut_batch(all, line);
            *senders = senders_ref(all->senders);
            break;
        }
        if (all->stopping)
            break;
        pthread_cond_wait(&all->work, &all->lock);
    }
    pthread_mutex_unlock(&all->lock);
    return batch;
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

/* Copies that are done and go back to one loop with one letter. */
struct answers {
    struct copy *first, *last;
    int64_t since_us;
};

static void post(struct answers *answers)
{
    if (answers->first)
        loop_post(answers->first->asker, &answers->first->answer);
    answers->first = NULL;
}

/* Posts before if they cannot travel together, after if the first has waited long enough. */
static void add_answer(struct answers *answers, struct copy *copy)
{
    int64_t now = clock_mono_us();
    copy->next = NULL;
    if (answers->first && answers->first->asker != copy->asker)
        post(answers);
    if (answers->first) {
        answers->last->next = copy;
    } else {
        answers->first = copy;
        answers->since_us = now;
    }
    answers->last = copy;
    if (now - answers->since_us >= ANSWER_WITHIN_US)
        post(answers);
}

static void compose_batch(struct composers *all, struct composer *composer, struct copy *batch)
{
    struct txn txn;
    struct err err;
    struct answers answers = {0};
    txn_begin(all->store, &txn);
    for (struct copy *copy = batch, *next; copy; copy = next) {
        next = copy->next;
        compose_copy(composer, &txn, copy, clock_wall_s());
        if (txn_failed(&txn, &err) != 0)
            copy->result = COPY_HELD;
        metric_add(&composed, copy->result == COPY_READY);
        add_answer(&answers, copy);
    }
    if (txn_failed(&txn, &err) != 0)
        log_say(LOG_ERROR, "compose_failed", "%s", err.text);
    txn_end(&txn);
    post(&answers);
}

static void hold_batch(struct copy *batch)
{
    struct answers answers = {0};
    for (struct copy *copy = batch, *next; copy; copy = next) {
        next = copy->next;
        copy->result = COPY_HELD;
        add_answer(&answers, copy);
    }
    post(&answers);
}

static void *composer_run(void *ctx)
{
    struct composers *all = ctx;
    struct composer composer;
    struct senders *held = NULL, *fresh;
    struct err err;
    pthread_setname_np(pthread_self(), "composer");
    composer_init(&composer);
    for (struct copy *batch; (batch = take(all, &fresh));) {
        if (change_over(&composer, &held, fresh, &err) == 0) {
            compose_batch(all, &composer, batch);
        } else {
            log_say(LOG_ERROR, "signing_keys_failed", "%s", err.text);
            hold_batch(batch);
        }
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

void composers_ask(struct composers *composers, struct copy *first)
{
    bool many = first->next != NULL;
    pthread_mutex_lock(&composers->lock);
    for (struct copy *copy = first, *next; copy; copy = next) {
        struct line *line = &composers->lines[copy->mailing->lane];
        next = copy->next;
        copy->next = NULL;
        *line->end = copy;
        line->end = &copy->next;
        line->count++;
    }
    if (many)
        pthread_cond_broadcast(&composers->work);
    else
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
