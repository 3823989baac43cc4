#include "delivery/site.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "delivery/conduct.h"
#include "delivery/connection.h"
#include "delivery/provider.h"
#include "delivery/restraints.h"

enum {
    CROWD = DOMAINS_LIVE / 2,
    GIVE_WAY_MIN_MS = 5000,
    CROWDED_FOR_MS =
        1000, /* between looks at a site that is to go soon, and counts in a limit still */
    IDLE_FOR_MS = 60 * 1000, /* then a site is forgotten; at once, when there are many */
};

static void on_wake(void *ctx)
{
    struct site *site = ctx;
    feeds_wake(site, (uint32_t)clock_steady_s());
    struct heap_item *next = heap_first(&site->waiting);
    if (next)
        site_wake_at(site, (uint32_t)next->key);
    site_work(site);
}

static void join_provider(struct site *site)
{
    struct str name = site->to->provider;
    site->provider = name.len ? provider_get(site->thread, name) : NULL;
    if (!site->provider)
        return;
    site->next_of_provider = site->provider->sites;
    site->link_of_provider = &site->provider->sites;
    if (site->next_of_provider)
        site->next_of_provider->link_of_provider = &site->next_of_provider;
    site->provider->sites = site;
}

static void leave_provider(struct site *site)
{
    if (!site->provider)
        return;
    *site->link_of_provider = site->next_of_provider;
    if (site->next_of_provider)
        site->next_of_provider->link_of_provider = site->link_of_provider;
}

static enum tls_policy policy_of(const struct site *site, const struct config *config)
{
    char key[SITE_KEY_SIZE];
    for (size_t i = 0; site->to->by_route && i < config->route_count; i++) {
        const struct route *route = &config->routes[i];
        snprintf(key, sizeof(key), "%.*s:%u", STR_ARG(route->host), (unsigned)route->port);
        if (strcmp(key, site->key) == 0)
            return route->tls;
    }
    return site->terms.tls;
}

static void set_terms(struct site *site)
{
    const struct config *config = site->thread->settings->config;
    const char *host = site->to->host_count ? site->to->hosts[0].name : "";
    config_site_terms(config, str_of(host), &site->terms);
    site->tls = policy_of(site, config);
}

struct site *site_get(struct delivery_thread *thread, struct destination *to)
{
    struct site *site;
    HASH_FIND_STR(thread->sites, to->key, site);
    if (site)
        return site;
    site = NEW(struct site);
    site->to = destination_ref(to);
    site->key = to->key;
    site->thread = thread;
    site->able = UINT64_MAX;
    for (size_t i = 0; i < LANES; i++)
        share_lane_init(&site->lanes[i]);
    timer_init(&site->wake, &thread->loop, on_wake, site);
    chore_init(&site->chore, &thread->loop, site_do, site);
    set_terms(site);
    join_provider(site);
    hosts_init(&site->hosts, site);
    conduct_recall(site);
    site->suspended = restraints_suspend(site, &site->suspended_until);
    HASH_ADD_KEYPTR(hh, thread->sites, site->key, strlen(site->key), site);
    return site;
}

void site_free(struct site *site)
{
    HASH_DEL(site->thread->sites, site);
    timer_stop(&site->wake);
    chore_cancel(&site->chore);
    for (struct outlet *o = site->outlets, *next; o; o = next) {
        next = o->next;
        outlet_free(o);
    }
    hosts_release(&site->hosts);
    leave_provider(site);
    conduct_part(site);
    for (size_t i = 0; i < LANES; i++)
        share_lane_release(&site->lanes[i]);
    heap_release(&site->waiting);
    destination_unref(site->to);
    free(site);
}

struct str site_key(const struct site *site)
{
    return str_of(site->key);
}

static void quit_all(struct site *site)
{
    for (struct outlet *o = site->outlets; o; o = o->next)
        outlet_quit_all(o);
}

void site_admit_share(struct site *site, struct share *share)
{
    share->sources = mailing_pool(share->mailing, site->thread->settings->config)->members;
    share->held_until = restraints_hold_job(site->thread, site, share->job);
}

/* The sources are other ones now: outlets begin anew, when their connections have left. Where a
 * name stays, so does what is known of it. */
static void renumber_outlets(struct site *site)
{
    const struct config *config = site->thread->settings->config;
    for (struct outlet *o = site->outlets; o; o = o->next) {
        unsigned i = 0;
        while (i < config->source_count && !str_eq(config->sources[i].name, o->source_name))
            i++;
        o->source = i < config->source_count ? i : SOURCE_GONE;
        if (o->source == SOURCE_GONE)
            outlet_give_up(o);
    }
}

/* A TLS session of the old settings is not resumed: resuming skips the verification that the new
 * ones may ask for. */
void site_reload(struct site *site)
{
    struct destination *again = destination_again(site->thread->settings->config, site->to);
    site->obsolete |= !destination_same(site->to, again);
    if (site->obsolete)
        hosts_stop(&site->hosts); /* nothing keeps it when all have left */
    destination_unref(again);
    set_terms(site);
    hosts_reload(&site->hosts);
    renumber_outlets(site);
    quit_all(site);
    site_refresh(site);
}

void site_wake_in(struct site *site, uint64_t ms)
{
    uint64_t at = site_now_ms(site) + ms;
    if (timer_running(&site->wake) && site->wake_at_ms <= at)
        return;
    site->wake_at_ms = at;
    timer_start(&site->wake, ms);
}

void site_wake_at(struct site *site, uint32_t due)
{
    int64_t seconds = (int64_t)due - clock_steady_s();
    site_wake_in(site, seconds > 0 ? (uint64_t)seconds * 1000 : 0);
}

size_t site_composing(const struct site *site)
{
    size_t n = 0;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        n += outlet_composing(o);
    return n;
}

void site_return(struct site *site, struct parcel *parcel)
{
    parcel_take_sheet(site->thread, parcel);
    warmth_give_back(parcel);
    if (site->thread->stopping || parcel->feed->tenancy->leaving)
        parcel_put_back(site->thread, parcel);
    else
        share_return(parcel->feed->share, parcel);
}

size_t site_waiting_copies(const struct site *site)
{
    size_t n = 0;
    for (size_t i = 0; i < LANES; i++)
        n += site->lanes[i].copies + site->lanes[i].early;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        n += outlet_held(o);
    return n;
}

size_t site_in_flight(const struct site *site)
{
    size_t n = 0;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        n += o->in_flight;
    return n;
}

void site_note_reply(struct site *site, const struct smtp_reply *reply)
{
    struct buf line = BUF_INIT;
    smtp_reply_format(reply, &line);
    struct str text = buf_str(&line);
    text.len = smtp_text_fit(text, sizeof(site->reply.text) - 1);
    snprintf(site->reply.text, sizeof(site->reply.text), "%.*s", STR_ARG(text));
    site->reply.at = (uint32_t)clock_steady_s();
    buf_release(&line);
}

unsigned site_connections(const struct site *site)
{
    unsigned n = 0;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        n += o->connection_count;
    return n;
}

bool site_has_for(const struct site *site, unsigned source)
{
    for (size_t i = 0; i < LANES; i++)
        if (share_lane_has(&site->lanes[i], source))
            return true;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->source == source && outlet_held(o) > 0)
            return true;
    return false;
}

/* What went counts in a limit still: a new life would not know. */
static bool owes(const struct site *site)
{
    int64_t now = clock_mono_us();
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (!throttle_is_idle(&o->throttle, now))
            return true;
    return false;
}

/* It knows something that would have to be learned again. */
static bool remembers(const struct site *site)
{
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->lessons.retry_at_ms > site_now_ms(site))
            return true;
    return site->clear_until_ms > site_now_ms(site);
}

static bool is_idle(const struct site *site)
{
    return !site->tenancies && site_connections(site) == 0 && !hosts_asking(&site->hosts) &&
           site_composing(site) == 0;
}

/* A site that has had nothing to do for a while is let go; among many, its connections go at once,
 * so that a job with a hundred thousand domains does not leave as many of them behind. */
void site_let_go_if_idle(struct site *site)
{
    bool crowded = HASH_COUNT(site->thread->sites) > CROWD;
    if (crowded && !site->tenancies)
        quit_all(site);
    if (!is_idle(site) || site->thread->stopping) {
        site->idle_since_ms = 0;
        return;
    }
    if (!site->idle_since_ms)
        site->idle_since_ms = site_now_ms(site);
    bool enough = site_now_ms(site) - site->idle_since_ms >= IDLE_FOR_MS && !remembers(site);
    if (site->obsolete || ((crowded || enough) && !owes(site))) {
        site_free(site);
        return;
    }
    site_wake_in(site, crowded ? CROWDED_FOR_MS : IDLE_FOR_MS);
}

void site_work(struct site *site)
{
    chore_ask(&site->chore);
}

void sites_work(struct delivery_thread *thread)
{
    for (struct site *site = thread->sites; site; site = site->hh.next)
        site_work(site);
}

static bool is_of(void *ctx, const struct parcel *parcel)
{
    return !ctx || parcel->feed->tenancy == ctx;
}

/* What is composed ahead, too. */
void site_put_back_those(struct site *site, bool (*wanted)(void *ctx, const struct parcel *parcel),
                         void *ctx)
{
    struct parcel_line out;
    parcel_line_init(&out);
    for (struct share *share = site->shares; share; share = share->hh.next)
        share_take_out(share, wanted, ctx, &out);
    for (struct outlet *o = site->outlets; o; o = o->next)
        for (size_t i = 0; i < LANES; i++)
            for (size_t n = o->ready[i].count; n > 0; n--) {
                struct parcel *p = parcel_line_take(&o->ready[i]);
                parcel_line_add(wanted(ctx, p) ? &out : &o->ready[i], p);
            }
    parcel_line_put_back(site->thread, &out);
}

void site_put_back(struct site *site, const struct tenancy *tenancy)
{
    site_put_back_those(site, is_of, (void *)(uintptr_t)tenancy);
}

static bool is_held(void *ctx, const struct parcel *parcel)
{
    (void)ctx;
    return parcel->feed->share->held_until != 0;
}

/* An outlet that may not send, or more than it may, gives back what it holds. */
void site_refresh(struct site *site)
{
    site->suspended = restraints_suspend(site, &site->suspended_until);
    for (struct outlet *o = site->outlets; o; o = o->next) {
        outlet_refresh(o);
        if (outlet_is_suspended(o)) {
            outlet_give_up(o);
            outlet_quit_all(o);
        }
        for (struct connection *c = o->connections;
             c && o->throttle.connections_max &&
             o->connection_count - o->leaving_count > o->throttle.connections_max;
             c = c->next)
            connection_quit(c);
    }
    for (struct share *share = site->shares; share; share = share->hh.next) {
        site_admit_share(site, share);
        share_turn(share);
    }
    site_put_back_those(site, is_held, NULL);
    site_work(site);
}

void site_drain(struct site *site)
{
    timer_stop(&site->wake);
    hosts_stop(&site->hosts);
    site_put_back(site, NULL);
    quit_all(site);
}

bool site_is_crowded(const struct delivery_thread *thread)
{
    return HASH_COUNT(thread->tenancies) >= CROWD;
}

void site_give_way(struct site *site, uint64_t ms)
{
    if (ms < GIVE_WAY_MIN_MS || !site_is_crowded(site->thread))
        return;
    for (struct tenancy *t = site->tenancies, *next; t; t = next) {
        next = t->next;
        tenancy_leave(t, ms);
    }
}
