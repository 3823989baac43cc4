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

/* A composer and the senders that it works with. */
struct own_composer {
    struct composer composer;
    struct senders *held;
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

enum { BATCH_MAX = 16, ANSWER_WITHIN_US = 5000, OWN_WITHIN_US = 2000 };

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
static int change_over(struct own_composer *own, struct senders *fresh, struct err *err)
{
    if (own->held == fresh) {
        senders_unref(fresh);
        return 0;
    }
    if (composer_use(&own->composer, fresh, err) != 0) {
        senders_unref(fresh);
        return -1;
    }
    senders_unref(own->held);
    own->held = fresh;
    return 0;
}

struct own_composer *own_composer_new(void)
{
    struct own_composer *own = NEW(struct own_composer);
    composer_init(&own->composer);
    return own;
}

void own_composer_free(struct own_composer *own)
{
    if (!own)
        return;
    composer_release(&own->composer);
    senders_unref(own->held);
    free(own);
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

static void compose_one(struct composer *composer, struct txn *txn, struct copy *copy)
{
    compose_copy(composer, txn, copy, clock_wall_s());
    if (txn->rc)
        copy->result = COPY_HELD;
    metric_add(&composed, copy->result == COPY_READY);
}

static void end_reading(struct txn *txn)
{
    struct err err;
    if (txn_failed(txn, &err) != 0)
        log_say(LOG_ERROR, "compose_failed", "%s", err.text);
    txn_end(txn);
}

static void compose_batch(struct composers *all, struct composer *composer, struct copy *batch)
{
    struct txn txn;
    struct answers answers = {0};
    txn_begin(all->store, &txn);
    for (struct copy *copy = batch, *next; copy; copy = next) {
        next = copy->next;
        compose_one(composer, &txn, copy);
        add_answer(&answers, copy);
    }
    end_reading(&txn);
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
    struct own_composer *own = own_composer_new();
    struct senders *fresh;
    struct err err;
    pthread_setname_np(pthread_self(), "composer");
    for (struct copy *batch; (batch = take(all, &fresh));) {
        if (change_over(own, fresh, &err) == 0) {
            compose_batch(all, &own->composer, batch);
        } else {
            log_say(LOG_ERROR, "signing_keys_failed", "%s", err.text);
            hold_batch(batch);
        }
    }
    own_composer_free(own);
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

/* To the threads. */
static void hand_over(struct composers *all, struct copy *first)
{
    bool many = first->next != NULL;
    pthread_mutex_lock(&all->lock);
    for (struct copy *copy = first, *next; copy; copy = next) {
        struct line *line = &all->lines[copy->mailing->lane];
        next = copy->next;
        copy->next = NULL;
        *line->end = copy;
        line->end = &copy->next;
        line->count++;
    }
    if (many)
        pthread_cond_broadcast(&all->work);
    else
        pthread_cond_signal(&all->work);
    pthread_mutex_unlock(&all->lock);
}

/* An identity that is gone needs none either: it takes no time to say so. */
static bool needs_signature(const struct senders *senders, const struct copy *copy)
{
    const struct sender *sender = senders_find(senders, copy->mailing->identity);
    return sender && sender->key_count > 0;
}

/* Composes the copies at the front that need no signature, and answers. The rest is returned: from
 * the first that needs one on, or when a heavy message has held the asker up for long enough. */
static struct copy *compose_own(struct composers *all, struct own_composer *own, struct copy *first)
{
    struct txn txn;
    struct copy *rest = first, *last = NULL;
    int64_t until = clock_mono_us() + OWN_WITHIN_US;
    txn_begin(all->store, &txn);
    while (rest && !needs_signature(own->held, rest) && clock_mono_us() < until) {
        compose_one(&own->composer, &txn, rest);
        last = rest;
        rest = rest->next;
    }
    end_reading(&txn);
    if (last) {
        last->next = NULL;
        first->answer.deliver(&first->answer);
    }
    return rest;
}

void composers_ask(struct composers *composers, struct own_composer *own, struct copy *first)
{
    struct err err;
    struct copy *rest = first;
    bool ready = change_over(own, composers_senders(composers), &err) == 0;
    if (ready && !needs_signature(own->held, first))
        rest = compose_own(composers, own, first);
    if (rest)
        hand_over(composers, rest);
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
