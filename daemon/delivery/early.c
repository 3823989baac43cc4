#include "delivery/early.h"

#include "base/clock.h"
#include "delivery/site.h"

enum { AHEAD = 32, LOOKS_MAX = 512, LOOK_MS = 1000, HELP_AFTER_MS = 10 * 1000, AGAIN_ALONE_S = 60 };

static uint64_t now_ms(const struct share *share)
{
    return loop_now_ms(&share->site->thread->loop);
}

static struct feed *feed_of(const struct heap_item *item)
{
    return (struct feed *)(void *)((char *)item - offsetof(struct feed, early.turn));
}

static const struct favourite *next_of(const struct feed *feed)
{
    return &feed->mailing->favourites->at[feed->early.first + feed->early.next];
}

/* --- Whether they are kept --- */

static struct outlet *outlet_of(const struct site *site, unsigned source)
{
    struct outlet *o = site->outlets;
    while (o && o->source != source)
        o = o->next;
    return o;
}

/* A new source has budget here, and nothing else is known that keeps it from sending. */
static bool can_hope(const struct site *site, unsigned source)
{
    const struct outlet *o = outlet_of(site, source);
    if (warmth_is_spent(site, source))
        return false;
    return !o || (!outlet_is_suspended(o) && (o->ready_count > 0 || !o->lessons.failures));
}

/* What new sources that can send here may send today. */
static uint32_t hoped_for(const struct share *share)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SOURCES_MAX; i++)
        if ((share->early.fresh >> i & 1) && can_hope(share->site, i))
            sum += warmth_budget(share->site, i);
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

/* The others have had nothing else of the job for a while. Where another job's copies fill the
 * lane, that says nothing. */
static bool others_wait(struct share *share)
{
    struct share_early *early = &share->early;
    bool may_come = share->next && share->site->lanes[share->mailing->lane].copies > 0;
    if (share->loaded.count > 0 || share->returned.count > 0 || may_come)
        early->since_ms = 0;
    else if (!early->since_ms)
        early->since_ms = now_ms(share);
    return early->since_ms && now_ms(share) - early->since_ms >= HELP_AFTER_MS;
}

static bool is_kept(struct share *share)
{
    struct share_early *early = &share->early;
    const struct site *site = share->site;
    early->fresh = share->sources & warmth_sources(site->thread);
    early->alone = share->sources == early->fresh;
    if (!early->fresh || site->to->kind != DESTINATION_HOSTS)
        return false;
    early->window = early->alone ? UINT32_MAX : hoped_for(share);
    if (!early->alone && others_wait(share))
        early->helped_on = site->thread->warmth.day;
    return early->window > 0 && early->helped_on != site->thread->warmth.day;
}

static void look(struct share *share)
{
    bool kept = share->early.keeps;
    if (!share->mailing->favourites)
        return;
    share->early.keeps = is_kept(share);
    if (kept && !share->early.keeps)
        share_let_in(share);
    if (share->early.keeps)
        site_wake_in(share->site, (uint64_t)early_again_s(share) * LOOK_MS);
}

void early_look(struct site *site)
{
    for (struct share *share = site->shares; share; share = share->hh.next)
        look(share);
}

uint32_t early_again_s(const struct share *share)
{
    return share->early.alone ? AGAIN_ALONE_S : 1;
}

/* --- Feeds --- */

void early_init(struct share *share)
{
    heap_init(&share->early.feeds);
    parcel_line_init(&share->early.line);
}

void early_release(struct share *share)
{
    heap_release(&share->early.feeds);
}

static void take_turn(struct feed *feed)
{
    struct feed_early *early = &feed->early;
    if (early->next < early->count)
        heap_put(&feed->share->early.feeds, &early->turn, -(int64_t)next_of(feed)->clicked);
    else
        heap_remove(&feed->share->early.feeds, &early->turn);
}

void early_begin(struct feed *feed)
{
    const struct favourites *f = feed->mailing->favourites;
    if (!f)
        return;
    feed->early.count = favourites_of(f, feed->domain, &feed->early.first);
    early_rewind(feed);
    look(feed->share);
}

void early_rewind(struct feed *feed)
{
    feed->early.next = 0;
    take_turn(feed);
}

void early_end(struct feed *feed)
{
    heap_remove(&feed->share->early.feeds, &feed->early.turn);
}

bool early_passes_over(struct feed *feed, uint32_t contact)
{
    struct feed_early *early = &feed->early;
    if (!feed->share->early.keeps || early->count == 0)
        return false;
    size_t rank = favourites_rank(feed->mailing->favourites, early->first, early->count, contact);
    bool passes = rank < early->count && rank >= early->next &&
                  rank - early->next < feed->share->early.window;
    early->passed_over |= passes;
    return passes;
}

/* --- Loading --- */

static bool share_is_hungry(const struct share *share)
{
    const struct share_early *early = &share->early;
    return early->keeps && early->feeds.count > 0 && early->line.count < AHEAD / 2 &&
           mailing_gate(share->mailing) == GATE_OPEN;
}

bool early_is_hungry(const struct site *site)
{
    for (const struct share *share = site->shares; share; share = share->hh.next)
        if (share_is_hungry(share))
            return true;
    return false;
}

/* It may have been sent already, or be under way. */
static void look_at_next(struct feed *feed, struct txn *txn, uint32_t now)
{
    struct err err;
    struct delivery_thread *thread = feed->site->thread;
    uint32_t job = feed->mailing->job, contact = next_of(feed)->contact;
    struct queue_entry entry = {job, feed->domain, 0, contact};
    feed->early.next++;
    take_turn(feed);
    if (u64set_has(&thread->taken, taken_key(job, contact)) || !queue_has(txn, &entry))
        return;
    struct parcel *parcel = parcel_take(thread, feed, contact, 0);
    parcel->early = true;
    if (expiry_is_due(parcel, now) && txn_failed(txn, &err) == 0)
        expiry_report(thread, parcel);
    else
        share_add_early(feed->share, parcel);
}

static void load_share(struct share *share, struct txn *txn)
{
    uint32_t now = (uint32_t)clock_steady_s();
    size_t looks = 0;
    struct heap_item *item;
    while (share->early.line.count < AHEAD && looks < LOOKS_MAX && site_may_begin(share->site) &&
           (item = heap_first(&share->early.feeds))) {
        look_at_next(feed_of(item), txn, now);
        looks++;
    }
    if (looks == LOOKS_MAX)
        site_work(share->site);
}

void early_load(struct site *site, struct txn *txn)
{
    for (struct share *share = site->shares; share; share = share->hh.next)
        if (share_is_hungry(share))
            load_share(share, txn);
}
