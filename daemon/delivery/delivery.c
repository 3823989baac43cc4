#include "delivery/delivery.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "delivery/conduct.h"
#include "delivery/connection.h"
#include "delivery/hold.h"
#include "delivery/observe.h"
#include "delivery/provider.h"
#include "delivery/report.h"
#include "delivery/scout.h"
#include "store/journal.h"
#include "delivery/tenancy.h"
#include "tls/context.h"

enum { STOP_LOOK_MS = 1000, TAILS_MAX = 64 * 1024 * 1024 };

struct delivery {
    struct store *store;
    struct delivery_hooks hooks;
    int64_t unknown_until_us;
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

bool thread_may_begin(struct delivery_thread *thread)
{
    bool room = thread->tails < TAILS_MAX;
    bool may = thread->uncommitted < thread->settings->config->store.unsynced &&
               store_healthy(thread->store);
    thread->starved |= !room;
    thread->held |= !may;
    return may && room;
}

/* Letters first: a report may have become durable after the loop ended, and its feeds are still
 * here. */
static void thread_release(struct delivery_thread *t)
{
    t->ended = true;
    letterbox_drain(&t->loop.letterbox);
    reports_release(t);
    for (struct feed *feed = t->feeds, *next; feed; feed = next) {
        next = feed->hh.next;
        feed_free(feed);
    }
    tenancies_release(t);
    for (struct site *site = t->sites, *next; site; site = next) {
        next = site->hh.next;
        site_free(site);
    }
    providers_release(t);
    domains_stop(&t->domains);
    domains_release(&t->domains);
    restraints_release(t);
    loop_release(&t->loop);
    warmth_release(t);
    settings_unref(t->settings);
    u64set_release(&t->taken);
    parcels_release(t);
    own_composer_free(t->own_composer);
    source_names_release(t);
    journal_free(t->journal);
}

unsigned thread_of_domain(uint32_t number, unsigned threads)
{
    return (unsigned)(hash_bytes(&number, sizeof(number)) % threads);
}

static int thread_init(struct delivery_thread *t, struct delivery *d, struct composers *composers,
                       struct config *config, struct err *err)
{
    char name[16];
    unsigned number = d->count;
    snprintf(name, sizeof(name), "delivery-%u", number);
    t->index = number;
    t->peers = d->threads;
    t->peer_count = config->threads.delivery;
    t->unknown_until_us = d->unknown_until_us;
    t->store = d->store;
    t->composers = composers;
    t->own_composer = own_composer_new();
    t->hooks = &d->hooks;
    t->settings = settings_new(config, err);
    if (!t->settings)
        return -1;
    t->journal = journal_attach(d->store, number, config->store.journal_size, err);
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
    warmth_start(t);
    observe_begin(t);
    if (domains_init(&t->domains, t, err) == 0 && restraints_start(t, err) == 0)
        return 0;
    journal_detach(t->journal);
    thread_release(t);
    return -1;
}

static bool sites_busy(const struct delivery_thread *thread)
{
    for (const struct site *site = thread->sites; site; site = site->hh.next)
        if (site_connections(site) || site_composing(site))
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
    observe_end(thread);
    loop_stop(&thread->loop);
}

/* A second on the wall as clock_mono_us, up to two seconds later; at most now. */
static int64_t mono_of(int64_t wall_s)
{
    int64_t now_us = clock_mono_us(), ago_us = clock_wall_us() - (wall_s + 2) * 1000000;
    return ago_us > 0 ? now_us - ago_us : now_us;
}

struct delivery *delivery_new(struct store *store, struct composers *composers,
                              struct config *config, int64_t last_sent,
                              const struct delivery_hooks *hooks, struct err *err)
{
    struct delivery *d = NEW(struct delivery);
    d->store = store;
    d->hooks = *hooks;
    d->unknown_until_us = mono_of(last_sent);
    d->threads = alloc_zero(config->threads.delivery, sizeof(*d->threads));
    report_init();
    hold_init();
    connection_init();
    conduct_init();
    restraints_init();
    for (; d->count < config->threads.delivery; d->count++) {
        struct delivery_thread *t = &d->threads[d->count];
        if (thread_init(t, d, composers, config, err) != 0)
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

struct delivery_thread *delivery_threads(struct delivery *delivery)
{
    return delivery->threads;
}

/* An offer for one thread: the domains that have their home there. */
struct offer {
    struct letter letter;
    struct delivery_thread *thread;
    struct mailing *mailing;
    size_t count;
    uint32_t domains[];
};

static void on_offer(struct letter *letter)
{
    struct offer *o = LETTER_OF(letter, struct offer, letter);
    domains_offer(&o->thread->domains, o->mailing, o->domains, o->count);
    mailing_unref(o->mailing);
    free(o);
}

static struct offer *offer_new(struct delivery_thread *thread, struct mailing *mailing, size_t room)
{
    struct offer *o = alloc(sizeof(*o) + room * sizeof(o->domains[0]));
    o->letter = (struct letter){.deliver = on_offer};
    o->thread = thread;
    o->mailing = mailing_ref(mailing);
    o->count = 0;
    return o;
}

void delivery_offer(struct delivery *delivery, struct mailing *mailing, const uint32_t *domains,
                    size_t count)
{
    struct offer **offers = alloc_zero(delivery->count, sizeof(*offers));
    for (size_t i = 0; i < count; i++) {
        unsigned t = thread_of_domain(domains[i], delivery->count);
        if (!offers[t])
            offers[t] = offer_new(&delivery->threads[t], mailing, count - i);
        offers[t]->domains[offers[t]->count++] = domains[i];
    }
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
    t->unknown_until_us = clock_mono_us(); /* sites that begin a new life elsewhere owe as much */
    memset(t->source_spent, 0, sizeof(t->source_spent));
    warmth_reload(t);
    for (struct site_provider *p = t->providers; p; p = p->hh.next)
        provider_refresh(p);
    for (struct site *site = t->sites; site; site = site->hh.next)
        site_reload(site);
    domains_reload(&t->domains);
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
        for (struct outlet *o = site->outlets; o; o = o->next)
            for (struct connection *c = o->connections, *next; c; c = next) {
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
    restraints_stop(t);
    for (struct site *site = t->sites; site; site = site->hh.next)
        site_drain(site);
    warmth_stop(t);
    scouts_stop(t);
    domains_stop(&t->domains);
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
    free(delivery);
}
