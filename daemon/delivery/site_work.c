/* The work of a site: what is loaded, composed and sent, and when to connect; see site.h. */
#include "base/clock.h"
#include "base/log.h"
#include "delivery/conduct.h"
#include "delivery/connection.h"
#include "delivery/crowd.h"
#include "delivery/early.h"
#include "delivery/hold.h"
#include "delivery/lessons.h"
#include "delivery/nowhere.h"
#include "delivery/report.h"
#include "delivery/site.h"
#include "delivery/warmth.h"

enum {
    LOAD_MIN = 32,
    LOAD_MAX = 512,
    LOAD_AHEAD_MS = 10 * 1000,
    REST_MS = 1000,
};

/* The most transactions that the site's connections could have open together, and no more than may
 * go within some seconds. */
static size_t load_target(const struct site *site)
{
    uint64_t room = 0, soon = 0;
    int64_t now = clock_mono_us();
    for (const struct outlet *o = site->outlets; o; o = o->next) {
        unsigned most = o->throttle.connections_max;
        room += most ? most : LOAD_MAX;
        uint64_t allowed = throttle_allows(&o->path, (int64_t)LOAD_AHEAD_MS * 1000, now);
        soon += allowed < LOAD_MAX ? allowed : LOAD_MAX;
    }
    uint64_t target = 2 * room * conduct_in_flight(site);
    target = target < LOAD_MIN ? LOAD_MIN : target > LOAD_MAX ? LOAD_MAX : target;
    if (site->outlets && soon < target)
        target = soon > 4 ? soon : 4;
    return (size_t)target;
}

/* For a moment after the store could not be read or a key not be used: nothing would come of trying
 * again at once but a busy loop. */
static bool resting(struct site *site)
{
    if (site_now_ms(site) >= site->rest_until_ms)
        return false;
    site_wake_in(site, site->rest_until_ms - site_now_ms(site));
    return true;
}

static void rest(struct site *site)
{
    site->rest_until_ms = site_now_ms(site) + REST_MS;
    site_wake_in(site, REST_MS);
}

bool site_may_begin(const struct site *site)
{
    return !site->thread->stopping && thread_may_begin(site->thread);
}

/* How many copies it should have loaded; 0: no more than it has. One pool's copies, which its
 * sources may not be able to send soon, do not stand for another's. */
static size_t lane_wants(const struct site *site, const struct share_lane *lane, size_t target)
{
    if (!share_lane_can_read(lane))
        return 0;
    if (lane->copies < (target + 1) / 2)
        return target;
    bool pools = site->thread->settings->config->pool_count > 1;
    return pools && share_lane_starves(lane, site->able) ? lane->copies + LOAD_MIN : 0;
}

static void load_lane(struct site *site, struct share_lane *lane, size_t target, struct txn *txn)
{
    share_lane_read(lane, txn, target);
    if (share_lane_can_read(lane) && lane->copies == 0)
        site_work(site); /* what was read is all under way: go on in the next turn */
}

static void load(struct site *site)
{
    struct txn txn;
    struct err err;
    size_t wants[LANES], target = load_target(site), hungry = early_is_hungry(site);
    for (size_t i = 0; i < LANES; i++)
        hungry += wants[i] = lane_wants(site, &site->lanes[i], target);
    if (!hungry || !site_may_begin(site) || resting(site))
        return;
    txn_begin(site->thread->store, &txn);
    early_load(site, &txn);
    for (size_t i = 0; i < LANES; i++)
        if (wants[i] && site_may_begin(site))
            load_lane(site, &site->lanes[i], wants[i], &txn);
    if (txn_failed(&txn, &err) != 0) {
        log_say(LOG_ERROR, "queue_unreadable", "%s", err.text);
        rest(site);
    }
    txn_end(&txn);
}

/* For all outlets, or only those whose messages do not come back at once. */
static void compose(struct site *site, bool all)
{
    struct copy *first = NULL, **end = &first;
    if (resting(site))
        return;
    for (struct outlet *o = site->outlets; o; o = o->next)
        if (all || !o->instant)
            end = outlet_pick(o, end);
    *end = NULL;
    if (!first)
        return;
    composers_ask(site->thread->composers, site->thread->own_composer, first);
    for (struct outlet *o = site->outlets; o; o = o->next)
        o->instant = outlet_composing(o) == 0;
}

static void settle_composed(struct outlet *outlet, struct copy *copy)
{
    struct site *site = outlet->site;
    struct parcel *p = LETTER_OF(copy, struct parcel, copy);
    outlet->composing[copy->mailing->lane]--;
    if (copy->result == COPY_HELD && mailing_gate(copy->mailing) == GATE_OPEN)
        rest(site); /* not held by the job: it could not be made now */
    if (copy->result == COPY_SKIP)
        report_skip(site->thread, p);
    else if (copy->result == COPY_HELD || site->thread->stopping)
        parcel_put_back(site->thread, p);
    else if (p->feed->tenancy->leaving || outlet_is_suspended(outlet) ||
             outlet->source == SOURCE_GONE)
        site_return(site, p);
    else
        parcel_line_add(&outlet->ready[copy->mailing->lane], p);
}

void site_on_composed(struct letter *letter)
{
    struct copy *next = LETTER_OF(letter, struct copy, answer);
    for (struct copy *copy; (copy = next);) {
        struct outlet *outlet = LETTER_OF(copy, struct parcel, copy)->outlet;
        struct site *site = outlet->site;
        next = copy->next;
        settle_composed(outlet, copy);
        site_work(site);
    }
}

/* It may send what waits here, and has budget for it. */
static bool has_use(struct site *site, unsigned source)
{
    if (!site_has_for(site, source))
        return false;
    if (warmth_allows(site, source))
        return true;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->source == source && outlet_held(o) > 0)
            return true;
    return false;
}

/* The source that is to have a new connection: of those that may send what waits here and are not
 * kept from it, the one that has opened the fewest for its weight; NULL: none. */
static struct outlet *choose_outlet(struct site *site, uint64_t *tried)
{
    struct delivery_thread *thread = site->thread;
    const struct config *config = thread->settings->config;
    unsigned best = SOURCE_GONE;
    for (unsigned i = 0; i < config->source_count; i++) {
        if ((*tried >> i & 1) || !has_use(site, i))
            continue;
        if (best == SOURCE_GONE || thread->source_spent[i] < thread->source_spent[best])
            best = i;
    }
    if (best == SOURCE_GONE)
        return NULL;
    *tried |= UINT64_C(1) << best;
    return outlet_get(site, best);
}

static enum hosts_answer open_connection(struct outlet *outlet)
{
    struct site *site = outlet->site;
    struct site_host *host;
    enum hosts_answer answer = hosts_choose(&site->hosts, &host);
    if (answer == HOSTS_DEAD)
        lessons_no_host(outlet);
    if (answer == HOSTS_FOUND) {
        site->thread->source_spent[outlet->source] += COPY_COSTS / (int64_t)outlet->weight;
        connection_open(outlet, host);
    }
    return answer;
}

static void connect_more(struct site *site)
{
    uint64_t tried = 0;
    struct outlet *outlet;
    if (site->thread->stopping || !site_may_begin(site))
        return;
    while ((outlet = choose_outlet(site, &tried))) {
        if (!outlet_may_connect(outlet))
            continue;
        if (!hold_allows_connecting(site->thread)) {
            site_hold(site, "There are no file descriptors for more connections.");
            site_wake_in(site, HOLD_MS);
            return;
        }
        if (open_connection(outlet) != HOSTS_FOUND)
            return;
        tried &= ~(UINT64_C(1) << outlet->source); /* it may have another one after the others */
    }
}

static void send_all(struct site *site)
{
    for (struct outlet *o = site->outlets; o; o = o->next)
        outlet_send(o);
}

static bool is_stuck(void *ctx, const struct parcel *parcel)
{
    const struct site *site = ctx;
    return parcel->losses == 0 && !(parcel->feed->share->sources & site->able);
}

/* It rests after failures; a moment's pause after a session that worked is none. */
static bool backs_off(const struct outlet *outlet)
{
    struct site *site = outlet->site;
    uint64_t now = site_now_ms(site);
    if (!outlet->lessons.failures || outlet->lessons.retry_at_ms <= now)
        return false;
    site_wake_in(site, outlet->lessons.retry_at_ms - now);
    return true;
}

/* What only a source may send that cannot now is neither loaded nor kept here, so that others have
 * the room. */
static void see_who_is_able(struct site *site)
{
    uint64_t able = UINT64_MAX;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->source != SOURCE_GONE && (outlet_is_suspended(o) || backs_off(o)))
            able &= ~(UINT64_C(1) << o->source);
    if (able == site->able)
        return;
    site->able = able;
    for (struct share *share = site->shares; share; share = share->hh.next)
        share_turn(share);
    site_put_back_those(site, is_stuck, site);
}

/* What is in the queue is seen when it becomes too old, and a job that is paused or cancelled
 * meanwhile is left alone. */
static void wait_suspended(struct site *site)
{
    int64_t seconds = (int64_t)site->suspended_until - clock_steady_s();
    site_put_back(site, NULL);
    site_give_way(site, seconds > 0 ? (uint64_t)seconds * 1000 : 0);
}

void site_do(void *ctx)
{
    struct site *site = ctx;
    struct delivery_thread *thread = site->thread;
    if (site->obsolete) {
        tenancies_end_if_done(site);
    } else if (site->to->kind != DESTINATION_HOSTS) {
        nowhere_work(site);
    } else if (site->suspended) {
        wait_suspended(site);
    } else {
        see_who_is_able(site);
        load(site);
        early_look(site);
        compose(site, true);
        send_all(site);
        compose(site, false); /* instead of those that went */
        connect_more(site);
    }
    crowd_rest(site);
    site_let_go_if_idle(site);
    thread_end_if_done(thread);
}
