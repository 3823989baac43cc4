#include "delivery/site.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "delivery/conduct.h"
#include "delivery/connection.h"
#include "delivery/hold.h"
#include "delivery/report.h"

enum {
    LOAD_MIN = 32,
    LOAD_MAX = 512,
    RESOLVED_FOR_MS = 60 * 1000,
    REST_MS = 1000,
    COMPOSE_AHEAD_MS = 250,
};

void site_route_key(const struct route *route, char key[SITE_KEY_SIZE])
{
    snprintf(key, SITE_KEY_SIZE, "%s:%u", route->host.at, (unsigned)route->port);
}

static void work(void *ctx);

static void on_wake(void *ctx)
{
    struct site *site = ctx;
    feeds_wake(site, (uint32_t)clock_steady_s());
    struct heap_item *next = heap_first(&site->waiting);
    if (next)
        site_wake_at(site, (uint32_t)next->key);
    site_work(site);
}

struct site *site_get(struct delivery_thread *thread, const struct route *route)
{
    char key[SITE_KEY_SIZE];
    struct site *site;
    site_route_key(route, key);
    HASH_FIND_STR(thread->sites, key, site);
    if (site)
        return site;
    site = NEW(struct site);
    site->key = str_dup(str_of(key));
    site->thread = thread;
    site->host = str_of(str_dup(route->host));
    site->port = route->port;
    site->tls = route->tls;
    for (size_t i = 0; i < LANES; i++) {
        parcel_line_init(&site->lanes[i].returned);
        parcel_line_init(&site->lanes[i].loaded);
        parcel_line_init(&site->lanes[i].ready);
    }
    timer_init(&site->wake, &thread->loop, on_wake, site);
    chore_init(&site->chore, &thread->loop, work, site);
    site_reload(site);
    conduct_recall(site);
    HASH_ADD_KEYPTR(hh, thread->sites, site->key, strlen(site->key), site);
    return site;
}

void site_free(struct site *site)
{
    HASH_DEL(site->thread->sites, site);
    timer_stop(&site->wake);
    chore_cancel(&site->chore);
    resolve_cancel(site->resolving);
    heap_release(&site->waiting);
    SSL_SESSION_free(site->session);
    free((char *)site->host.at);
    free(site->key);
    free(site);
}

struct str site_key(const struct site *site)
{
    return str_of(site->key);
}

static void quit_all(struct site *site)
{
    for (struct connection *c = site->connections, *next; c; c = next) {
        next = c->next;
        connection_quit(c);
    }
}

/* Routes stay until a restart; how safely to go where they lead does not. */
static enum tls_policy policy_of(const struct site *site, const struct config *config)
{
    char key[SITE_KEY_SIZE];
    for (size_t i = 0; i < config->route_count; i++) {
        site_route_key(&config->routes[i], key);
        if (strcmp(key, site->key) == 0)
            return config->routes[i].tls;
    }
    return site->tls;
}

/* A TLS session of the old settings is not resumed: resuming skips the verification that the new
 * ones may ask for. */
void site_reload(struct site *site)
{
    const struct config *config = site->thread->settings->config;
    site->limits = *config_site(config, site->host);
    site->limits.pattern = (struct str){NULL, 0};
    site->tls = policy_of(site, config);
    SSL_SESSION_free(site->session);
    site->session = NULL;
    quit_all(site);
}

static uint64_t now_ms(const struct site *site)
{
    return loop_now_ms(&site->thread->loop);
}

static void wake_in(struct site *site, uint64_t ms)
{
    uint64_t at = now_ms(site) + ms;
    if (timer_running(&site->wake) && site->wake_at_ms <= at)
        return;
    site->wake_at_ms = at;
    timer_start(&site->wake, ms);
}

void site_wake_at(struct site *site, uint32_t due)
{
    int64_t seconds = (int64_t)due - clock_steady_s();
    wake_in(site, seconds > 0 ? (uint64_t)seconds * 1000 : 0);
}

/* The most transactions that the site's connections could have open together. */
static size_t capacity(const struct site *site)
{
    return (size_t)site->limits.connections * conduct_in_flight(site);
}

static size_t load_target(const struct site *site)
{
    size_t target = 2 * capacity(site);
    return target < LOAD_MIN ? LOAD_MIN : target > LOAD_MAX ? LOAD_MAX : target;
}

/* For a moment after the store could not be read or a key not be used: nothing would come of trying
 * again at once but a busy loop. */
static bool resting(struct site *site)
{
    if (now_ms(site) >= site->rest_until_ms)
        return false;
    wake_in(site, site->rest_until_ms - now_ms(site));
    return true;
}

static void rest(struct site *site)
{
    site->rest_until_ms = now_ms(site) + REST_MS;
    wake_in(site, REST_MS);
}

/* Loading and composing make reports too: of what expired, of what is skipped. */
static bool may_begin(const struct site *site)
{
    return !site->thread->stopping && thread_may_begin(site->thread);
}

static bool lane_hungry(const struct site *site, const struct site_lane *lane)
{
    return lane->ring.head && lane->loaded.count < load_target(site) / 2;
}

/* Each feed gives at most a portion and goes to the end of the ring, so jobs and domains take
 * turns. A portion may hold nothing new (all under way), so the turns are counted, not the copies.
 */
static void load_lane(struct site *site, struct site_lane *lane, struct txn *txn)
{
    size_t target = load_target(site);
    for (size_t turns = 0; turns < target; turns++) {
        if (!lane->ring.head || lane->loaded.count >= target || !may_begin(site))
            return;
        feed_read(lane->ring.head, txn, target - lane->loaded.count, &lane->loaded);
    }
    if (lane->loaded.count == 0)
        site_work(site); /* what was read is all under way: go on in the next turn */
}

static void load(struct site *site)
{
    struct txn txn;
    struct err err;
    bool hungry = false;
    for (size_t i = 0; i < LANES; i++)
        hungry |= lane_hungry(site, &site->lanes[i]);
    if (!hungry || !may_begin(site) || resting(site))
        return;
    txn_begin(site->thread->store, &txn);
    for (size_t i = 0; i < LANES; i++)
        if (lane_hungry(site, &site->lanes[i]))
            load_lane(site, &site->lanes[i], &txn);
    if (txn_failed(&txn, &err) != 0) {
        log_say(LOG_ERROR, "queue_unreadable", "%s", err.text);
        rest(site);
    }
    txn_end(&txn);
}

static size_t ready_copies(const struct site *site)
{
    size_t n = 0;
    for (size_t i = 0; i < LANES; i++)
        n += site->lanes[i].ready.count;
    return n;
}

/* What the connections can take at this moment. */
static size_t room_now(const struct site *site)
{
    size_t room = 0;
    for (const struct connection *c = site->connections; c; c = c->next)
        room += connection_room(c);
    return room;
}

/* What the site's rate lets go within a moment: what waits longer than that is composed later, so
 * that the truth is still checked last. */
static size_t allowed_soon(const struct site *site)
{
    const struct rate *rate = &site->limits.rate;
    if (!rate->count)
        return SIZE_MAX;
    return (size_t)(rate->count * COMPOSE_AHEAD_MS / (uint64_t)rate->period_ms) + 1;
}

/*
 * How many messages of a lane are to be made now. Only for connections that are there: what they
 * can take, if messages come back at once; else one flight ahead of that, and many together, since
 * waking a composer costs as much as composing: not before half are gone. A lane counts what is
 * made of itself and of those before it: one never waits for those behind it.
 */
static size_t wanted(const struct site *site, size_t lane)
{
    size_t soon = allowed_soon(site), held = 0;
    size_t want =
        site->instant ? room_now(site) : site->ready_count * ((size_t)conduct_in_flight(site) + 1);
    want = want < soon ? want : soon;
    for (size_t i = 0; i <= lane; i++)
        held += site->lanes[i].composing + site->lanes[i].ready.count;
    if (held >= want || (!site->instant && held > want / 2))
        return 0;
    return want - held;
}

static struct parcel *take_loaded(struct site_lane *lane)
{
    struct parcel *p = parcel_line_take(&lane->returned);
    return p ? p : parcel_line_take(&lane->loaded);
}

/* Adds what is to be made of a lane to the chain that ends at `end`; returns its new end. */
static struct copy **pick(struct site *site, size_t lane, struct copy **end)
{
    for (size_t want = wanted(site, lane); want > 0 && may_begin(site); want--) {
        struct parcel *p = take_loaded(&site->lanes[lane]);
        if (!p)
            break;
        p->copy.answer.deliver = site_on_composed;
        parcel_give_sheet(site->thread, p);
        site->lanes[lane].composing++;
        *end = &p->copy;
        end = &p->copy.next;
    }
    return end;
}

size_t site_composing(const struct site *site)
{
    size_t n = 0;
    for (size_t i = 0; i < LANES; i++)
        n += site->lanes[i].composing;
    return n;
}

static void compose(struct site *site)
{
    struct copy *first = NULL, **end = &first;
    if (site->ready_count == 0 || resting(site))
        return;
    for (size_t i = 0; i < LANES; i++)
        end = pick(site, i, end);
    *end = NULL;
    if (!first)
        return;
    composers_ask(site->thread->composers, site->thread->own_composer, first);
    site->instant = site_composing(site) == 0;
}

static void settle_composed(struct site *site, struct copy *copy)
{
    struct parcel *p = LETTER_OF(copy, struct parcel, copy);
    site->lanes[copy->mailing->lane].composing--;
    if (copy->result == COPY_HELD && mailing_gate(copy->mailing) == GATE_OPEN)
        rest(site); /* not held by the job: it could not be made now */
    if (copy->result == COPY_SKIP)
        report_skip(site->thread, p);
    else if (copy->result == COPY_HELD || site->thread->stopping)
        parcel_put_back(site->thread, p);
    else
        parcel_line_add(&site->lanes[copy->mailing->lane].ready, p);
}

void site_on_composed(struct letter *letter)
{
    struct copy *next = LETTER_OF(letter, struct copy, answer);
    for (struct copy *copy; (copy = next);) {
        struct site *site = LETTER_OF(copy, struct parcel, copy)->feed->site;
        next = copy->next;
        settle_composed(site, copy);
        site_work(site);
    }
}

/* The rate does not let the next one go yet. */
static bool held_by_pace(struct site *site)
{
    int64_t wait = pace_wait_us(&site->pace, &site->limits.rate, clock_mono_us());
    if (wait > 0)
        wake_in(site, (uint64_t)wait / 1000 + 1);
    return wait > 0;
}

static bool may_go(const struct site *site, const struct parcel *p)
{
    return mailing_gate(p->copy.mailing) == GATE_OPEN && !site->thread->stopping;
}

struct parcel *site_take_ready(struct site *site)
{
    if (ready_copies(site) == 0 || held_by_pace(site))
        return NULL;
    for (size_t i = 0; i < LANES; i++) {
        for (struct parcel *p; (p = parcel_line_take(&site->lanes[i].ready));) {
            if (may_go(site, p)) {
                pace_count(&site->pace, &site->limits.rate, clock_mono_us());
                return p;
            }
            parcel_put_back(site->thread, p);
        }
    }
    return NULL;
}

void site_return(struct site *site, struct parcel *parcel)
{
    parcel_take_sheet(site->thread, parcel);
    if (site->thread->stopping)
        parcel_put_back(site->thread, parcel);
    else
        parcel_line_add(&site->lanes[parcel->copy.mailing->lane].returned, parcel);
}

size_t site_waiting_copies(const struct site *site)
{
    size_t n = 0;
    for (size_t i = 0; i < LANES; i++) {
        const struct site_lane *lane = &site->lanes[i];
        n += lane->composing + lane->returned.count + lane->loaded.count + lane->ready.count;
    }
    return n;
}

static void on_resolved(void *ctx, const struct resolve_answer *answer)
{
    struct site *site = ctx;
    site->resolving = NULL;
    site->resolved_at_ms = now_ms(site);
    if (answer->count)
        site->addresses = *answer;
    else
        site_learn(site, REACH_NOTHING,
                   answer->shortage ? SMTP_END_SHORTAGE : SMTP_END_CONNECT_FAILED,
                   answer->err.text);
    site_work(site);
    thread_end_if_done(site->thread);
}

static bool addresses_known(struct site *site)
{
    bool fresh = site->addresses.count && now_ms(site) - site->resolved_at_ms < RESOLVED_FOR_MS;
    if (!fresh && !site->resolving)
        site->resolving =
            resolve_ask(&site->thread->loop, site->host.at, site->port, on_resolved, site);
    return site->addresses.count > 0;
}

/* As many connections as the copies that wait and fly can use; one that is leaving is of no use to
 * them. A site that failed is tried with a single one. */
static bool wants_connection(const struct site *site)
{
    size_t waiting = site_waiting_copies(site), copies = waiting + site->in_flight;
    size_t in_flight = conduct_in_flight(site);
    size_t wanted = (copies + in_flight - 1) / in_flight;
    if (wanted > 1 && site->lessons.failures > 0)
        wanted = 1;
    return waiting > 0 && site->connection_count - site->leaving_count < wanted &&
           site->connection_count < site->limits.connections;
}

static void connect_more(struct site *site)
{
    if (site->thread->stopping || !wants_connection(site))
        return;
    if (now_ms(site) < site->lessons.retry_at_ms) {
        wake_in(site, site->lessons.retry_at_ms - now_ms(site));
        return;
    }
    if (!addresses_known(site))
        return;
    while (wants_connection(site) && hold_allows_connecting(site->thread))
        connection_open(site);
    if (wants_connection(site)) {
        site_hold(site, "There are no file descriptors for more connections.");
        wake_in(site, HOLD_MS);
    }
}

static void work(void *ctx)
{
    struct site *site = ctx;
    load(site);
    compose(site);
    for (struct connection *c = site->connections, *next; c; c = next) {
        next = c->next;
        connection_fill(c);
    }
    if (!site->instant)
        compose(site); /* instead of those that went */
    connect_more(site);
    thread_end_if_done(site->thread);
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

void site_drain(struct site *site)
{
    timer_stop(&site->wake);
    for (size_t i = 0; i < LANES; i++) {
        parcel_line_put_back(site->thread, &site->lanes[i].returned);
        parcel_line_put_back(site->thread, &site->lanes[i].loaded);
        parcel_line_put_back(site->thread, &site->lanes[i].ready);
    }
    if (site->resolving)
        resolve_hurry(site->resolving);
    quit_all(site);
}
