#include "delivery/expiry.h"

#include "base/clock.h"
#include "base/log.h"
#include "delivery/report.h"
#include "delivery/site.h"

enum {
    PORTION = 64,
    PORTIONS = 16,  /* in one turn of the loop */
    BREATH_MS = 10, /* between two turns of one round */
    HELD_MS = 50,   /* when reports may not grow */
    REST_MS = 1000, /* when the store cannot be read */
    ROUND_MIN_MS = 200,
    ROUND_MAX_MS = 5 * 60 * 1000,
};

uint64_t expiry_interval_ms(const struct retry_config *retry)
{
    int64_t shortest = INT64_MAX;
    for (size_t i = 0; i < RETRY_LANES; i++)
        shortest = retry->max_ages_ms[i] < shortest ? retry->max_ages_ms[i] : shortest;
    int64_t ms = shortest / 20;
    return (uint64_t)(ms < ROUND_MIN_MS ? ROUND_MIN_MS : ms > ROUND_MAX_MS ? ROUND_MAX_MS : ms);
}

static const struct retry_config *retry_of(const struct delivery_thread *thread)
{
    return &thread->settings->config->retry;
}

/* Reports may grow. */
static bool may_report(struct delivery_thread *thread)
{
    return !thread->stopping && thread_may_begin(thread);
}

static uint32_t opened_at(const struct mailing *mailing)
{
    return atomic_load(&mailing->opened_at);
}

bool expiry_is_due(const struct parcel *parcel, uint32_t now)
{
    const struct mailing *mailing = parcel->copy.mailing;
    uint32_t since = parcel->copy.since ? parcel->copy.since : opened_at(mailing);
    return retry_is_over(retry_of(parcel->feed->site->thread), mailing->lane, since, now);
}

static const char *failure_of(const struct site *site)
{
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->lessons.failures && o->lessons.failure[0])
            return o->lessons.failure;
    return NULL;
}

/* Why it was never tried: DNS, the last failure of a site that is away, or its limits. */
static void say_why(const struct site *site, struct buf *out)
{
    if (site->to->kind == DESTINATION_UNKNOWN)
        buf_addf(out, "It was never tried, because nobody knows where its mail goes: %s",
                 site->to->why);
    else if (failure_of(site))
        buf_addf(out, "It was never tried, because no session could be opened: %s",
                 failure_of(site));
    else
        buf_add_text(out, "It was never tried: its turn at the receiver did not come in time.");
}

void expiry_report(struct delivery_thread *thread, struct parcel *parcel)
{
    struct buf why = BUF_INIT;
    if (parcel->copy.was == RECIPIENT_QUEUED && parcel->copy.attempts == 0)
        say_why(parcel->feed->site, &why);
    report_expired(thread, parcel, buf_str(&why));
    buf_release(&why);
}

static void sweep_line(struct delivery_thread *thread, struct parcel_line *line, uint32_t now)
{
    for (size_t n = line->count; n > 0; n--) {
        struct parcel *p = parcel_line_take(line);
        if (mailing_gate(p->copy.mailing) == GATE_OPEN && expiry_is_due(p, now) &&
            may_report(thread))
            expiry_report(thread, p);
        else
            parcel_line_add(line, p);
    }
}

static bool is_due(void *ctx, const struct parcel *p)
{
    return mailing_gate(p->copy.mailing) == GATE_OPEN && expiry_is_due(p, *(uint32_t *)ctx);
}

static void sweep_shares(struct site *site, uint32_t now)
{
    struct parcel_line due;
    parcel_line_init(&due);
    for (struct share *share = site->shares; share; share = share->hh.next)
        share_take_out(share, is_due, &now, &due);
    for (struct parcel *p; (p = parcel_line_take(&due));)
        if (may_report(site->thread))
            expiry_report(site->thread, p);
        else
            parcel_put_back(site->thread, p);
}

static void sweep_site(struct site *site, uint32_t now)
{
    sweep_shares(site, now);
    for (struct outlet *o = site->outlets; o; o = o->next)
        for (size_t i = 0; i < LANES; i++)
            sweep_line(site->thread, &o->ready[i], now);
}

static void go_to(struct expiry *x, struct feed *feed)
{
    x->feed = feed;
    x->due = x->contact = 0;
}

static void begin_round(struct delivery_thread *thread, uint32_t now)
{
    for (struct site *site = thread->sites; site; site = site->hh.next)
        sweep_site(site, now);
    go_to(&thread->expiry, thread->feeds);
}

static bool feed_may_be_due(const struct feed *feed, uint32_t now)
{
    const struct mailing *m = feed->mailing;
    return mailing_gate(m) == GATE_OPEN &&
           retry_is_over(retry_of(feed->site->thread), m->lane, opened_at(m), now);
}

/* Goes on to the next feed that can have something for us; false at the end of the round. */
static bool find_feed(struct expiry *x, uint32_t now)
{
    while (x->feed && !feed_may_be_due(x->feed, now))
        go_to(x, x->feed->hh.next);
    return x->feed != NULL;
}

/* Reads the ledger before it takes the copy: most of them may be young. */
static void sweep_entry(struct feed *feed, struct txn *txn, const struct queue_entry *entry,
                        uint32_t now)
{
    struct err err;
    struct delivery_thread *thread = feed->site->thread;
    struct ledger_entry known = {.state = RECIPIENT_QUEUED};
    if (u64set_has(&thread->taken, taken_key(entry->job, entry->contact)))
        return;
    ledger_read(txn, entry->job, entry->contact, &known);
    uint32_t since = known.since ? known.since : opened_at(feed->mailing);
    if (txn_failed(txn, &err) != 0 ||
        !retry_is_over(retry_of(thread), feed->mailing->lane, since, now))
        return;
    struct parcel *p = parcel_take(thread, feed, entry->contact, entry->due);
    p->copy.was = known.state;
    p->copy.attempts = known.attempts;
    p->copy.since = since;
    expiry_report(thread, p);
}

static void sweep_portion(struct expiry *x, struct txn *txn, uint32_t now)
{
    struct feed *feed = x->feed;
    struct queue_entry entries[PORTION];
    struct queue_entry from = {feed->mailing->job, feed->domain, x->due, x->contact};
    size_t n = queue_read(txn, &from, UINT32_MAX, entries, PORTION);
    for (size_t i = 0; i < n; i++)
        sweep_entry(feed, txn, &entries[i], now);
    if (n < PORTION) {
        go_to(x, feed->hh.next);
        return;
    }
    x->due = entries[n - 1].due;
    x->contact = entries[n - 1].contact + 1;
}

/* Some portions; returns the milliseconds until the next ones, or the next round. */
static uint64_t sweep_feeds(struct delivery_thread *thread, uint32_t now)
{
    struct txn txn;
    struct err err;
    struct expiry *x = &thread->expiry;
    if (!find_feed(x, now))
        return expiry_interval_ms(retry_of(thread));
    if (!may_report(thread))
        return HELD_MS;
    txn_begin(thread->store, &txn);
    for (size_t i = 0; i < PORTIONS && find_feed(x, now) && may_report(thread); i++)
        sweep_portion(x, &txn, now);
    int failed = txn_failed(&txn, &err);
    if (failed)
        log_say(LOG_ERROR, "queue_unreadable", "%s", err.text);
    txn_end(&txn);
    return failed ? REST_MS : x->feed ? BREATH_MS : expiry_interval_ms(retry_of(thread));
}

static void on_due(void *ctx)
{
    struct delivery_thread *thread = ctx;
    uint32_t now = (uint32_t)clock_steady_s();
    if (!thread->expiry.feed)
        begin_round(thread, now);
    timer_start(&thread->expiry.timer, sweep_feeds(thread, now));
}

void expiry_start(struct delivery_thread *thread)
{
    timer_init(&thread->expiry.timer, &thread->loop, on_due, thread);
    expiry_reload(thread);
}

void expiry_stop(struct delivery_thread *thread)
{
    timer_stop(&thread->expiry.timer);
}

void expiry_reload(struct delivery_thread *thread)
{
    timer_start(&thread->expiry.timer, expiry_interval_ms(retry_of(thread)));
}

void expiry_forget(struct delivery_thread *thread, const struct feed *feed)
{
    if (thread->expiry.feed == feed)
        go_to(&thread->expiry, feed->hh.next);
}
