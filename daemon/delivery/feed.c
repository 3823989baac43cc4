#include "delivery/feed.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "delivery/parcel.h"
#include "delivery/site.h"
#include "delivery/tenancy.h"
#include "store/queue_counts.h"

enum { PORTION = 64 };

static void ring_add(struct feed_ring *ring, struct feed *feed)
{
    if (!ring->head) {
        feed->next = feed->previous = feed;
        ring->head = feed;
    } else {
        feed->next = ring->head;
        feed->previous = ring->head->previous;
        feed->previous->next = feed;
        feed->next->previous = feed;
    }
    ring->count++;
}

static void ring_remove(struct feed_ring *ring, struct feed *feed)
{
    if (feed->next == feed)
        ring->head = NULL;
    else if (ring->head == feed)
        ring->head = feed->next;
    feed->next->previous = feed->previous;
    feed->previous->next = feed->next;
    ring->count--;
}

/* The one door between states: leaves the old place and takes the new one. */
static void feed_turn(struct feed *feed, enum feed_state state)
{
    if (feed->state == FEED_READY)
        ring_remove(&feed->share->ring, feed);
    else if (feed->state == FEED_WAITING)
        heap_remove(&feed->site->waiting, &feed->waiting);
    feed->state = state;
    if (state == FEED_READY)
        ring_add(&feed->share->ring, feed);
    share_turn(feed->share);
}

static void feed_wait(struct feed *feed, uint32_t due)
{
    feed_turn(feed, FEED_WAITING);
    heap_put(&feed->site->waiting, &feed->waiting, due);
    site_wake_at(feed->site, due);
}

void feed_rewind(struct feed *feed)
{
    feed->due = 0;
    feed->contact = 0;
    feed->early.passed_over = false;
    bool open = mailing_gate(feed->mailing) == GATE_OPEN && !feed->tenancy->leaving;
    if (feed->state != FEED_READY && open)
        feed_turn(feed, FEED_READY);
}

static struct feed *feed_new(struct tenancy *tenancy, struct mailing *mailing)
{
    struct feed *feed = NEW(struct feed);
    feed->key = taken_key(mailing->job, tenancy->number);
    feed->mailing = mailing_ref(mailing);
    feed->domain = tenancy->number;
    feed->site = tenancy->site;
    feed->tenancy = tenancy;
    feed->share = share_get(tenancy->site, mailing);
    feed->share->feeds++;
    feed->next_here = tenancy->feeds;
    feed->link_here = &tenancy->feeds;
    if (feed->next_here)
        feed->next_here->link_here = &feed->next_here;
    tenancy->feeds = feed;
    HASH_ADD(hh, feed->site->thread->feeds, key, sizeof(feed->key), feed);
    return feed;
}

static void set_queued(struct feed *feed, uint32_t queued)
{
    feed->share->queued += (uint64_t)queued - feed->queued;
    feed->site->queued += (uint64_t)queued - feed->queued;
    feed->queued = queued;
}

static void count_queued(struct feed *feed, struct txn *txn)
{
    set_queued(feed, queue_count(txn, feed->mailing->job, feed->domain));
    feed->queued_in = txn_state(txn);
}

/* What the count was read after is in it already. */
void feed_count_down(struct feed *feed, uint64_t written_in)
{
    if (feed->queued && written_in > feed->queued_in)
        set_queued(feed, feed->queued - 1);
}

void feed_offer(struct tenancy *tenancy, struct mailing *mailing, struct txn *txn)
{
    uint64_t key = taken_key(mailing->job, tenancy->number);
    struct feed *feed;
    HASH_FIND(hh, tenancy->site->thread->feeds, &key, sizeof(key), feed);
    if (!feed)
        feed = feed_new(tenancy, mailing);
    count_queued(feed, txn);
    early_begin(feed);
    feed_rewind(feed);
    if (feed->state == FEED_IDLE && feed->pending == 0)
        feed_free(feed); /* the job was paused or cancelled on the way here */
}

void feed_free(struct feed *feed)
{
    feed_turn(feed, FEED_IDLE);
    early_end(feed);
    set_queued(feed, 0);
    expiry_forget(feed->site->thread, feed);
    HASH_DEL(feed->site->thread->feeds, feed);
    *feed->link_here = feed->next_here;
    if (feed->next_here)
        feed->next_here->link_here = feed->link_here;
    feed->share->feeds--;
    share_free_if_done(feed->share);
    mailing_unref(feed->mailing);
    free(feed);
}

/* The queue says only who and when; what happened before is in the ledger. */
static void recall(struct txn *txn, struct parcel *parcel)
{
    struct ledger_entry entry;
    if (!ledger_read(txn, parcel->copy.mailing->job, parcel->copy.contact, &entry))
        return;
    parcel->copy.was = entry.state;
    parcel->copy.attempts = entry.attempts;
    parcel->copy.since = entry.since;
}

static void take_entry(struct feed *feed, struct txn *txn, const struct queue_entry *entry,
                       uint32_t now)
{
    struct err err;
    struct delivery_thread *thread = feed->site->thread;
    if (u64set_has(&thread->taken, taken_key(entry->job, entry->contact)) ||
        (entry->due == 0 && early_passes_over(feed, entry->contact)))
        return;
    struct parcel *parcel = parcel_take(thread, feed, entry->contact, entry->due);
    if (entry->due)
        recall(txn, parcel);
    if (expiry_is_due(parcel, now) && txn_failed(txn, &err) == 0)
        expiry_report(thread, parcel);
    else
        share_add(feed->share, parcel);
}

/* All that is due was read: wait for what comes later, or rest. Where the queue could not be read,
 * "nothing" means nothing: the feed stays. */
static void feed_exhausted(struct feed *feed, struct txn *txn, uint32_t now)
{
    struct err err;
    uint32_t due = queue_next_due(txn, feed->mailing->job, feed->domain, now);
    uint32_t again = now + early_again_s(feed->share);
    if (feed->early.passed_over && (!due || due > again))
        due = again;
    feed->early.passed_over = false;
    if (txn_failed(txn, &err) != 0)
        feed_turn(feed, FEED_READY);
    else if (due)
        feed_wait(feed, due);
    else
        feed_turn(feed, FEED_IDLE);
}

void feed_read(struct feed *feed, struct txn *txn, size_t max)
{
    struct queue_entry entries[PORTION];
    struct queue_entry from = {feed->mailing->job, feed->domain, feed->due, feed->contact};
    uint32_t now = (uint32_t)clock_steady_s();
    size_t want = max < PORTION ? max : PORTION;
    feed->pending++; /* stays alive while it is read */
    if (mailing_gate(feed->mailing) != GATE_OPEN) {
        feed_turn(feed, FEED_IDLE);
        feed_settle(feed, 0);
        return;
    }
    size_t n = queue_read(txn, &from, now, entries, want);
    for (size_t i = 0; i < n; i++)
        take_entry(feed, txn, &entries[i], now);
    if (n == want) {
        feed->due = entries[n - 1].due;
        feed->contact = entries[n - 1].contact + 1;
        feed_turn(feed, FEED_READY); /* to the end of the ring */
    } else {
        feed->due = feed->contact = 0;
        count_queued(feed, txn); /* others write to the queue, too: jobs are cancelled, retried */
        feed_exhausted(feed, txn, now);
    }
    feed_settle(feed, 0);
}

/* A recipient is in the queue again, at `due`: it must be read when that has come. */
static void feed_expect(struct feed *feed, uint32_t due)
{
    if (feed->state == FEED_READY && due <= feed->due)
        feed_rewind(feed); /* reading went past that place before the record was there */
    else if (feed->state == FEED_IDLE && mailing_gate(feed->mailing) == GATE_OPEN)
        feed_wait(feed, due);
    else if (feed->state == FEED_WAITING && due < feed->waiting.key)
        feed_wait(feed, due);
}

void feed_settle(struct feed *feed, uint32_t due)
{
    struct tenancy *tenancy = feed->tenancy;
    feed->pending--;
    if (due && !tenancy->leaving)
        feed_expect(feed, due);
    if (feed->state != FEED_IDLE || feed->pending > 0)
        return;
    feed_free(feed);
    tenancy_end_if_done(tenancy);
}

void feed_leave(struct feed *feed)
{
    feed->pending--;
    feed_turn(feed, FEED_IDLE);
    early_end(feed);
    if (feed->pending == 0)
        feed_free(feed);
}

void feeds_wake(struct site *site, uint32_t now)
{
    for (struct heap_item *item; (item = heap_first(&site->waiting)) && item->key <= now;) {
        struct feed *feed = (struct feed *)(void *)((char *)item - offsetof(struct feed, waiting));
        feed->due = feed->contact = 0;
        feed->early.passed_over = false;
        feed_turn(feed, FEED_READY);
    }
}
