#include "delivery/delivery.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "delivery/conduct.h"
#include "delivery/connection.h"
#include "delivery/hold.h"
#include "delivery/report.h"
#include "store/journal.h"
#include "store/names.h"
#include "tls/context.h"

enum { STOP_LOOK_MS = 1000 };

struct delivery {
    struct store *store;
    struct config *config; /* its routes are the ones that count until a restart */
    struct delivery_hooks hooks;
    struct delivery_thread *threads;
    unsigned count;
};

struct delivery_settings *settings_new(struct config *config, struct err *err)
{
    struct delivery_settings *s = NEW(struct delivery_settings);
    s->config = config_ref(config);
    s->refs = 1;
    for (int p = TLS_POLICY_OPPORTUNISTIC; p <= TLS_POLICY_REQUIRED; p++) {
        s->tls[p] = tls_context_new(&config->tls, (enum tls_policy)p, err);
        if (!s->tls[p]) {
            settings_unref(s);
            return NULL;
        }
    }
    return s;
}

struct delivery_settings *settings_ref(struct delivery_settings *settings)
{
    settings->refs++;
    return settings;
}

void settings_unref(struct delivery_settings *settings)
{
    if (!settings || --settings->refs > 0)
        return;
    for (int p = 0; p <= TLS_POLICY_REQUIRED; p++)
        SSL_CTX_free(settings->tls[p]);
    config_unref(settings->config);
    free(settings);
}

struct source_name {
    struct source_name *next;
    struct str name;
};

struct str thread_source(struct delivery_thread *thread, struct str name)
{
    struct source_name *known = thread->source_names;
    while (known && !str_eq(known->name, name))
        known = known->next;
    if (!known) {
        known = NEW(struct source_name);
        known->name = str_of(str_dup(name));
        known->next = thread->source_names;
        thread->source_names = known;
    }
    return known->name;
}

static void source_names_release(struct delivery_thread *thread)
{
    for (struct source_name *n = thread->source_names, *next; n; n = next) {
        next = n->next;
        free((char *)n->name.at);
        free(n);
    }
}

bool thread_may_begin(const struct delivery_thread *thread)
{
    return thread->uncommitted < thread->settings->config->store.unsynced &&
           store_healthy(thread->store);
}

static int thread_init(struct delivery_thread *t, struct delivery *d, struct composers *composers,
                       unsigned number, struct err *err)
{
    char name[16];
    snprintf(name, sizeof(name), "delivery-%u", number);
    t->store = d->store;
    t->composers = composers;
    t->own_composer = own_composer_new();
    t->hooks = &d->hooks;
    t->settings = settings_new(d->config, err);
    if (!t->settings)
        return -1;
    t->journal = journal_attach(d->store, number, d->config->store.journal_size, err);
    if (!t->journal || loop_init(&t->loop, name, err) != 0) {
        if (t->journal)
            journal_detach(t->journal);
        journal_free(t->journal);
        settings_unref(t->settings);
        own_composer_free(t->own_composer);
        return -1;
    }
    u64set_init(&t->taken);
    expiry_start(t);
    hold_begin(t);
    return 0;
}

/* Letters first: a report may have become durable after the loop ended, and its feeds are still
 * here. */
static void thread_release(struct delivery_thread *t)
{
    letterbox_drain(&t->loop.letterbox);
    reports_release(t);
    for (struct feed *feed = t->feeds, *next; feed; feed = next) {
        next = feed->hh.next;
        feed_free(feed);
    }
    for (struct site *site = t->sites, *next; site; site = next) {
        next = site->hh.next;
        site_free(site);
    }
    loop_release(&t->loop);
    settings_unref(t->settings);
    u64set_release(&t->taken);
    parcels_release(t);
    own_composer_free(t->own_composer);
    source_names_release(t);
    journal_free(t->journal);
}

/* A question to the resolver counts: its thread is libuv's, and would answer a loop that is gone.
 */
static bool sites_busy(const struct delivery_thread *thread)
{
    for (const struct site *site = thread->sites; site; site = site->hh.next)
        if (site->connection_count || site_composing(site) || site->resolving)
            return true;
    return false;
}

void thread_end_if_done(struct delivery_thread *thread)
{
    if (!thread->stopping || thread->parcels > 0 || sites_busy(thread))
        return;
    report_flush(thread);
    if (thread->uncommitted > 0 && !thread->giving_up)
        return;
    timer_stop(&thread->stop_due);
    hold_end(thread);
    loop_stop(&thread->loop);
}

struct delivery *delivery_new(struct store *store, struct composers *composers,
                              struct config *config, const struct delivery_hooks *hooks,
                              struct err *err)
{
    struct delivery *d = NEW(struct delivery);
    d->store = store;
    d->config = config_ref(config);
    d->hooks = *hooks;
    d->threads = alloc_zero(config->threads.delivery, sizeof(*d->threads));
    report_init();
    hold_init();
    connection_init();
    conduct_init();
    for (; d->count < config->threads.delivery; d->count++) {
        struct delivery_thread *t = &d->threads[d->count];
        if (thread_init(t, d, composers, d->count, err) != 0)
            break;
        if (loop_start(&t->loop, err) != 0) {
            journal_detach(t->journal);
            thread_release(t);
            break;
        }
    }
    if (d->count == config->threads.delivery)
        return d;
    delivery_stop(d);
    delivery_free(d);
    return NULL;
}

/* An offer for one thread. */
struct offer {
    struct letter letter;
    struct delivery_thread *thread;
    struct mailing *mailing;
    struct config *config;
    size_t count;
    struct offer_domain {
        uint32_t domain;
        const struct route *route; /* in `config` */
    } domains[];
};

static void on_offer(struct letter *letter)
{
    struct offer *o = LETTER_OF(letter, struct offer, letter);
    for (size_t i = 0; i < o->count && !o->thread->stopping; i++)
        feed_offer(site_get(o->thread, o->domains[i].route), o->mailing, o->domains[i].domain);
    sites_work(o->thread);
    mailing_unref(o->mailing);
    config_unref(o->config);
    free(o);
}

static unsigned thread_of_route(const struct delivery *d, const struct route *route)
{
    char key[SITE_KEY_SIZE];
    site_route_key(route, key);
    return (unsigned)(hash_bytes(key, strlen(key)) % d->count);
}

static struct offer *offer_new(struct delivery *d, unsigned thread, struct mailing *mailing,
                               size_t room)
{
    struct offer *o = alloc(sizeof(*o) + room * sizeof(o->domains[0]));
    o->letter = (struct letter){.deliver = on_offer};
    o->thread = &d->threads[thread];
    o->mailing = mailing_ref(mailing);
    o->config = config_ref(d->config);
    o->count = 0;
    return o;
}

/* Which thread a domain's site lives in: each offer goes there, whole. */
static void sort_out(struct delivery *d, struct txn *txn, struct mailing *mailing,
                     const uint32_t *domains, size_t count, struct offer **offers)
{
    for (size_t i = 0; i < count; i++) {
        const struct route *route =
            config_route(d->config, name_text(txn, NAME_DOMAIN, domains[i]));
        unsigned t = thread_of_route(d, route);
        if (!offers[t])
            offers[t] = offer_new(d, t, mailing, count - i);
        offers[t]->domains[offers[t]->count++] = (struct offer_domain){domains[i], route};
    }
}

void delivery_offer(struct delivery *delivery, struct mailing *mailing, const uint32_t *domains,
                    size_t count)
{
    struct offer **offers = alloc_zero(delivery->count, sizeof(*offers));
    struct txn txn;
    struct err err;
    txn_begin(delivery->store, &txn);
    sort_out(delivery, &txn, mailing, domains, count, offers);
    if (txn_failed(&txn, &err) != 0)
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
    txn_end(&txn);
    for (unsigned i = 0; i < delivery->count; i++)
        if (offers[i])
            loop_post(&delivery->threads[i].loop, &offers[i]->letter);
    free(offers);
}

struct reload {
    struct letter letter;
    struct delivery_thread *thread;
    struct delivery_settings *settings;
};

static void on_reload(struct letter *letter)
{
    struct reload *r = LETTER_OF(letter, struct reload, letter);
    struct delivery_thread *t = r->thread;
    settings_unref(t->settings);
    t->settings = r->settings;
    for (struct site *site = t->sites; site; site = site->hh.next)
        site_reload(site);
    expiry_reload(t);
    sites_work(t);
    free(r);
}

int delivery_reload(struct delivery *delivery, struct config *config, struct err *err)
{
    struct reload **all = alloc_zero(delivery->count, sizeof(*all));
    unsigned made = 0;
    for (; made < delivery->count; made++) {
        struct delivery_settings *settings = settings_new(config, err);
        if (!settings)
            break;
        all[made] = NEW(struct reload);
        all[made]->letter.deliver = on_reload;
        all[made]->thread = &delivery->threads[made];
        all[made]->settings = settings;
    }
    bool whole = made == delivery->count;
    for (unsigned i = 0; i < made; i++) {
        if (whole) {
            loop_post(&delivery->threads[i].loop, &all[i]->letter);
            continue;
        }
        settings_unref(all[i]->settings);
        free(all[i]);
    }
    free(all);
    return whole ? 0 : -1;
}

struct stop {
    struct letter letter;
    struct delivery_thread *thread;
};

/* Returns how many copies were on the wire. */
static size_t abort_connections(struct delivery_thread *t)
{
    size_t count = 0;
    for (struct site *site = t->sites; site; site = site->hh.next)
        for (struct connection *c = site->connections, *next; c; c = next) {
            next = c->next;
            count += c->in_flight;
            connection_abort(c);
        }
    return count;
}

/* Comes back until the thread has ended: a store that can be written is waited for, another is not.
 */
static void on_stop_due(void *ctx)
{
    struct delivery_thread *t = ctx;
    if (abort_connections(t) > 0)
        log_say(LOG_WARN, "stop_cut_short",
                "Receivers did not answer in time: what is on the wire is written down as in "
                "doubt.");
    if (t->uncommitted > 0 && !store_writable(t->store) && !t->giving_up) {
        t->giving_up = true;
        log_say(LOG_ERROR, "outcomes_kept",
                "The store cannot be written: what came of the last %zu copies stays in the "
                "journal, and the next start takes it over.",
                t->uncommitted);
    }
    timer_start(&t->stop_due, STOP_LOOK_MS);
    thread_end_if_done(t);
}

static void on_stop(struct letter *letter)
{
    struct stop *s = LETTER_OF(letter, struct stop, letter);
    struct delivery_thread *t = s->thread;
    t->stopping = true;
    expiry_stop(t);
    for (struct site *site = t->sites; site; site = site->hh.next)
        site_drain(site);
    timer_init(&t->stop_due, &t->loop, on_stop_due, t);
    timer_start(&t->stop_due, (uint64_t)t->settings->config->timeouts.stop_ms);
    free(s);
    thread_end_if_done(t);
}

void delivery_stop(struct delivery *delivery)
{
    for (unsigned i = 0; i < delivery->count; i++) {
        struct stop *s = NEW(struct stop);
        s->letter.deliver = on_stop;
        s->thread = &delivery->threads[i];
        loop_post(&delivery->threads[i].loop, &s->letter);
    }
    for (unsigned i = 0; i < delivery->count; i++) {
        loop_join(&delivery->threads[i].loop);
        journal_detach(delivery->threads[i].journal);
    }
}

void delivery_free(struct delivery *delivery)
{
    if (!delivery)
        return;
    for (unsigned i = 0; i < delivery->count; i++)
        thread_release(&delivery->threads[i]);
    free(delivery->threads);
    config_unref(delivery->config);
    free(delivery);
}
