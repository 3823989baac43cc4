#include "delivery/outlet.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "delivery/conduct.h"
#include "delivery/connection.h"
#include "delivery/limits.h"
#include "delivery/provider.h"
#include "delivery/restraints.h"
#include "delivery/site.h"
#include "delivery/tenancy.h"

enum {
    COMPOSE_AHEAD_MS = 250,
    FLOWS_FOR_MS = 2000,
    LAG_ALLOWED = 16 * COPY_COSTS, /* of `spent` */
};

static uint64_t now_ms(const struct outlet *outlet)
{
    return loop_now_ms(&outlet->site->thread->loop);
}

static void on_turn(void *ctx)
{
    struct outlet *outlet = ctx;
    site_work(outlet->site);
}

static void set_path(struct outlet *outlet)
{
    struct throttle_path *path = &outlet->path;
    struct site_provider *provider = outlet->site->provider;
    path->count = 0;
    path->at[path->count++] = &outlet->throttle;
    if (!provider)
        return;
    path->at[path->count++] = provider_throttle(provider, outlet->source_name);
    path->at[path->count++] = &provider->total;
}

/* As little as the one that has least: what went before it came is not made up for. */
static int64_t least_spent(const struct site *site)
{
    int64_t least = 0;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o == site->outlets || o->spent < least)
            least = o->spent;
    return least;
}

struct outlet *outlet_get(struct site *site, unsigned source)
{
    const struct source *config = &site->thread->settings->config->sources[source];
    struct outlet *o = site->outlets;
    while (o && o->source != source)
        o = o->next;
    if (o)
        return o;
    o = NEW(struct outlet);
    o->site = site;
    o->source = source;
    o->lessons.failures = site->failures_before;
    o->source_name = thread_source(site->thread, config->name);
    o->spent = least_spent(site);
    for (size_t i = 0; i < LANES; i++)
        parcel_line_init(&o->ready[i]);
    turn_init(&o->connect_turn, on_turn, o);
    turn_init(&o->send_turn, on_turn, o);
    throttle_init(&o->throttle, &site->thread->loop, &site->terms.throttle,
                  site->thread->unknown_until_us);
    set_path(o);
    o->next = site->outlets;
    site->outlets = o;
    outlet_refresh(o);
    return o;
}

void outlet_free(struct outlet *outlet)
{
    turn_leave(&outlet->connect_turn);
    turn_leave(&outlet->send_turn);
    throttle_release(&outlet->throttle);
    free(outlet);
}

void outlet_refresh(struct outlet *outlet)
{
    struct site *site = outlet->site;
    struct throttle_limits limits = site->terms.throttle;
    if (outlet->source != SOURCE_GONE)
        outlet->weight = site->thread->settings->config->sources[outlet->source].weight;
    bool was_plain = outlet->effect.plain;
    restraints_at_site(site->thread, site, outlet->source_name, &outlet->effect);
    if (outlet->effect.plain != was_plain)
        outlet_quit_all(outlet);
    limits_lessen(&limits, &outlet->effect);
    throttle_change(&outlet->throttle, &limits, clock_mono_us());
}

bool outlet_is_suspended(const struct outlet *outlet)
{
    return outlet->effect.suspended || outlet->effect.blocked;
}

void outlet_quit_all(struct outlet *outlet)
{
    for (struct connection *c = outlet->connections, *next; c; c = next) {
        next = c->next;
        connection_quit(c);
    }
}

size_t outlet_composing(const struct outlet *outlet)
{
    size_t n = 0;
    for (size_t i = 0; i < LANES; i++)
        n += outlet->composing[i];
    return n;
}

static size_t ready_copies(const struct outlet *outlet)
{
    size_t n = 0;
    for (size_t i = 0; i < LANES; i++)
        n += outlet->ready[i].count;
    return n;
}

size_t outlet_held(const struct outlet *outlet)
{
    return outlet_composing(outlet) + ready_copies(outlet);
}

void outlet_give_up(struct outlet *outlet)
{
    for (size_t i = 0; i < LANES; i++)
        for (struct parcel *p; (p = parcel_line_take(&outlet->ready[i]));)
            site_return(outlet->site, p);
}

/* What the connections can take at this moment. */
static size_t room_now(const struct outlet *outlet)
{
    size_t room = 0;
    for (const struct connection *c = outlet->connections; c; c = c->next)
        room += connection_room(c);
    return room;
}

/*
 * How many messages of a lane are to be made now. Only for connections that are there: what they
 * can take, if messages come back at once; else one flight ahead of that, and many together, since
 * waking a composer costs as much as composing: not before half are gone. And only what may go
 * within a moment: what waits longer is composed later, so that the truth is still checked last. A
 * lane counts what is made of itself and of those before it: one never waits for those behind it.
 */
static size_t wanted(const struct outlet *outlet, size_t lane)
{
    size_t flight = (size_t)conduct_in_flight(outlet->site) + 1, held = 0;
    size_t want = outlet->instant ? room_now(outlet) : outlet->ready_count * flight;
    uint64_t soon =
        throttle_allows(&outlet->path, (int64_t)COMPOSE_AHEAD_MS * 1000, clock_mono_us());
    want = want <= soon ? want : (size_t)soon + 1; /* the next one is there when its time comes */
    for (size_t i = 0; i <= lane; i++)
        held += outlet->composing[i] + outlet->ready[i].count;
    if (held >= want || (!outlet->instant && held > want / 2))
        return 0;
    return want - held;
}

/* It is on its way, and nothing but its speed holds it up. */
static bool gets_on(const struct outlet *outlet)
{
    return outlet->ready_count > 0 && !outlet->send_turn.waits_in && !outlet_is_suspended(outlet) &&
           now_ms(outlet) - outlet->took_at_ms < FLOWS_FOR_MS &&
           warmth_left(outlet->site, outlet->source) > 0 &&
           site_has_for(outlet->site, outlet->source);
}

/* Others that get on have had less than their weight is worth. */
static bool is_ahead(const struct outlet *outlet)
{
    for (const struct outlet *o = outlet->site->outlets; o; o = o->next)
        if (o != outlet && o->spent + LAG_ALLOWED < outlet->spent && gets_on(o))
            return true;
    return false;
}

/* One that had nothing to send, or could not, has no claim on what went meanwhile. */
static void catch_up(struct outlet *outlet)
{
    if (now_ms(outlet) - outlet->took_at_ms < FLOWS_FOR_MS)
        return;
    for (const struct outlet *o = outlet->site->outlets; o; o = o->next)
        if (o != outlet && gets_on(o) && o->spent > outlet->spent)
            outlet->spent = o->spent;
}

/* A new source asks for more of its budget only when there is something to send. */
static bool may_take(const struct outlet *outlet, size_t lane)
{
    struct site *site = outlet->site;
    return !warmth_is_new(site, outlet->source) ||
           (share_lane_has(&site->lanes[lane], outlet->source) &&
            warmth_allows(site, outlet->source));
}

static struct copy **pick_lane(struct outlet *outlet, size_t lane, struct copy **end)
{
    struct site *site = outlet->site;
    for (size_t want = wanted(outlet, lane); want > 0 && site_may_begin(site); want--) {
        if (!may_take(outlet, lane))
            break;
        if (outlet->site->outlets->next && is_ahead(outlet)) {
            site_wake_in(site, FLOWS_FOR_MS); /* if the others are stuck by then */
            break;
        }
        struct parcel *p = share_lane_take(&site->lanes[lane], outlet->source);
        if (!p)
            break;
        p->copy.answer.deliver = site_on_composed;
        p->outlet = outlet;
        p->copy.may_be_8bit = outlet->ready_count > 0 && outlet->bare_count == 0;
        warmth_take(outlet, p);
        parcel_give_sheet(site->thread, p);
        outlet->composing[lane]++;
        outlet->spent += COPY_COSTS / (int64_t)outlet->weight;
        outlet->took_at_ms = now_ms(outlet);
        *end = &p->copy;
        end = &p->copy.next;
    }
    return end;
}

struct copy **outlet_pick(struct outlet *outlet, struct copy **end)
{
    if (outlet->ready_count == 0 || outlet_is_suspended(outlet))
        return end;
    catch_up(outlet);
    for (size_t i = 0; i < LANES; i++)
        end = pick_lane(outlet, i, end);
    return end;
}

void outlet_send(struct outlet *outlet)
{
    for (struct connection *c = outlet->connections, *next; c; c = next) {
        next = c->next;
        connection_fill(c);
    }
}

static bool may_go(const struct outlet *outlet, const struct parcel *p)
{
    return mailing_gate(p->copy.mailing) == GATE_OPEN && !outlet->site->thread->stopping &&
           !p->feed->tenancy->leaving;
}

/* What was composed for servers with 8BITMIME is composed again when one without has come. */
static bool must_return(const struct outlet *outlet, struct parcel *p, bool takes_8bit)
{
    return (p->copy.is_8bit && !takes_8bit) || !warmth_may_go(outlet, p);
}

struct parcel *outlet_take_ready(struct outlet *outlet, bool takes_8bit)
{
    int64_t now = clock_mono_us();
    bool urgent = outlet->ready[LANE_TRANSACTIONAL].count > 0;
    if (ready_copies(outlet) == 0 || outlet_is_suspended(outlet))
        return NULL;
    if (throttle_ask_message(&outlet->path, &outlet->send_turn, urgent, now) == THROTTLE_WAIT)
        return NULL;
    for (size_t i = 0; i < LANES; i++) {
        for (struct parcel *p; (p = parcel_line_take(&outlet->ready[i]));) {
            if (must_return(outlet, p, takes_8bit)) {
                site_return(outlet->site, p);
                site_work(outlet->site);
                continue;
            }
            if (may_go(outlet, p)) {
                throttle_sent(&outlet->path, now);
                return p;
            }
            parcel_put_back(outlet->site->thread, p);
        }
    }
    return NULL;
}

/* A new source opens no more than its budget can use, and others none for what is kept for it. */
static size_t limit_copies(const struct outlet *outlet, size_t copies)
{
    const struct site *site = outlet->site;
    size_t kept = site->lanes[LANE_BULK].early + site->lanes[LANE_TRANSACTIONAL].early;
    if (!warmth_is_new(site, outlet->source))
        return copies - kept;
    size_t may = warmth_left(site, outlet->source) + outlet_held(outlet) + outlet->in_flight;
    return copies < may ? copies : may;
}

/* As many connections as the copies that wait and fly can use; one that is leaving is of no use to
 * them. Where the last one failed, a single one is tried. */
static bool wants_connection(const struct outlet *outlet)
{
    const struct site *site = outlet->site;
    size_t waiting = site_waiting_copies(site);
    size_t copies = limit_copies(outlet, waiting + site_in_flight(site));
    size_t in_flight = conduct_in_flight(site);
    size_t wanted = (copies + in_flight - 1) / in_flight;
    if (wanted > 1 && outlet->lessons.failures > 0)
        wanted = 1;
    return waiting > 0 && outlet->connection_count - outlet->leaving_count < wanted &&
           site_has_for(site, outlet->source);
}

bool outlet_may_connect(struct outlet *outlet)
{
    struct site *site = outlet->site;
    uint64_t now = now_ms(outlet);
    bool urgent = site->lanes[LANE_TRANSACTIONAL].copies > 0;
    if (!wants_connection(outlet) || outlet_is_suspended(outlet)) {
        turn_leave(&outlet->connect_turn);
        return false;
    }
    if (now < outlet->lessons.retry_at_ms) {
        site_wake_in(site, outlet->lessons.retry_at_ms - now);
        return false;
    }
    if (throttle_ask_connection(&outlet->path, &outlet->connect_turn, urgent, clock_mono_us()) ==
        THROTTLE_FREE)
        return true;
    if (outlet->connect_turn.waits_in != &outlet->throttle.slots && site->provider)
        provider_ask_for_slot(site->provider, outlet);
    return false;
}
