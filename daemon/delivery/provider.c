#include "delivery/provider.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "delivery/connection.h"
#include "delivery/limits.h"
#include "delivery/restraints.h"
#include "delivery/site.h"

enum { ASK_APART_MS = 20 };

static const struct throttle_limits no_limits;

static const struct provider *terms_of(const struct site_provider *provider)
{
    return config_provider_named(provider->thread->settings->config, str_of(provider->name));
}

struct site_provider *provider_get(struct delivery_thread *thread, struct str name)
{
    struct site_provider *p;
    HASH_FIND(hh, thread->providers, name.at, (unsigned)name.len, p);
    if (p)
        return p;
    p = NEW(struct site_provider);
    p->name = str_dup(name);
    p->thread = thread;
    const struct provider *terms = terms_of(p);
    throttle_init(&p->total, &thread->loop, terms ? &terms->total : &no_limits,
                  thread->unknown_until_us);
    HASH_ADD_KEYPTR(hh, thread->providers, p->name, (unsigned)name.len, p);
    return p;
}

static void refresh_source(struct site_provider *provider, struct provider_source *source)
{
    const struct provider *terms = terms_of(provider);
    struct throttle_limits limits = terms ? terms->together : no_limits;
    struct effect effect;
    restraints_at_provider(provider->thread, str_of(provider->name), source->source, &limits,
                           &effect);
    limits_lessen(&limits, &effect);
    throttle_change(&source->throttle, &limits, clock_mono_us());
}

struct throttle *provider_throttle(struct site_provider *provider, struct str source)
{
    struct provider_source *s = provider->sources;
    while (s && !str_eq(s->source, source))
        s = s->next;
    if (s)
        return &s->throttle;
    const struct provider *terms = terms_of(provider);
    s = NEW(struct provider_source);
    s->source = source;
    s->next = provider->sources;
    provider->sources = s;
    throttle_init(&s->throttle, &provider->thread->loop, terms ? &terms->together : &no_limits,
                  provider->thread->unknown_until_us);
    refresh_source(provider, s);
    return &s->throttle;
}

void provider_refresh(struct site_provider *provider)
{
    const struct provider *terms = terms_of(provider);
    throttle_change(&provider->total, terms ? &terms->total : &no_limits, clock_mono_us());
    for (struct provider_source *s = provider->sources; s; s = s->next)
        refresh_source(provider, s);
}

/* Counts in the throttle that refused the one that waits. */
static bool counts_there(const struct outlet *outlet, const struct turns *line)
{
    for (size_t i = 0; i < outlet->path.count; i++)
        if (&outlet->path.at[i]->slots == line)
            return true;
    return false;
}

static bool carries_transactional(const struct outlet *outlet)
{
    const struct share_lane *lane = &outlet->site->lanes[LANE_TRANSACTIONAL];
    return lane->copies > 0 || outlet->ready[LANE_TRANSACTIONAL].count > 0 ||
           outlet->composing[LANE_TRANSACTIONAL] > 0;
}

/* One connection of the outlet leaves; false if none can. */
static bool part_with_one(struct outlet *outlet, bool idle)
{
    for (struct connection *c = outlet->connections; c; c = c->next)
        if (c->ready && !c->leaving && (!idle || c->in_flight == 0)) {
            connection_quit(c);
            return true;
        }
    return false;
}

static bool is_leaving_already(const struct outlet *outlet)
{
    return outlet->leaving_count > 0;
}

void provider_ask_for_slot(struct site_provider *provider, const struct outlet *asker)
{
    const struct turns *line = asker->connect_turn.waits_in;
    bool urgent = asker->site->lanes[LANE_TRANSACTIONAL].copies > 0;
    uint64_t now = loop_now_ms(&provider->thread->loop);
    if (now - provider->asked_at_ms < ASK_APART_MS)
        return; /* whoever waits is called every now and then, and asks again */
    provider->asked_at_ms = now;
    for (struct site *site = provider->sites; site; site = site->next_of_provider)
        for (struct outlet *o = site->outlets; o; o = o->next) {
            if (o == asker || o->connection_count == 0 || !counts_there(o, line))
                continue;
            if (is_leaving_already(o))
                return;
            bool idle = site_waiting_copies(site) == 0;
            if ((idle && part_with_one(o, true)) ||
                (urgent && !carries_transactional(o) && part_with_one(o, false)))
                return;
        }
}

void providers_release(struct delivery_thread *thread)
{
    for (struct site_provider *p = thread->providers, *next; p; p = next) {
        next = p->hh.next;
        HASH_DEL(thread->providers, p);
        for (struct provider_source *s = p->sources, *after; s; s = after) {
            after = s->next;
            throttle_release(&s->throttle);
            free(s);
        }
        throttle_release(&p->total);
        free(p->name);
        free(p);
    }
}
