#include "delivery/tenancy.h"

#include "base/alloc.h"
#include "base/log.h"
#include "delivery/crowd.h"
#include "delivery/feed.h"
#include "delivery/site.h"

struct tenancy_letter *tenancy_letter_new(size_t mailings)
{
    struct tenancy_letter *l = alloc_zero(1, sizeof(*l) + mailings * sizeof(l->mailings[0]));
    l->count = mailings;
    return l;
}

static void letter_free(struct tenancy_letter *l)
{
    for (size_t i = 0; i < l->count; i++)
        mailing_unref(l->mailings[i]);
    destination_unref(l->to);
    free(l);
}

static struct tenancy *find(const struct delivery_thread *thread, uint32_t number)
{
    struct tenancy *tenancy;
    HASH_FIND(hh, thread->tenancies, &number, sizeof(number), tenancy);
    return tenancy;
}

static struct tenancy *tenancy_new(const struct tenancy_letter *l)
{
    struct tenancy *t = NEW(struct tenancy);
    struct site *site = site_get(l->holder, l->to);
    site_remember_failures(site, l->failures);
    t->number = l->number;
    t->home = l->home;
    t->site = site;
    t->next = site->tenancies;
    t->link = &site->tenancies;
    if (t->next)
        t->next->link = &t->next;
    site->tenancies = t;
    site->tenancy_count++;
    HASH_ADD(hh, l->holder->tenancies, number, sizeof(t->number), t);
    return t;
}

static void tenancy_free(struct tenancy *t)
{
    struct site *site = t->site;
    HASH_DEL(site->thread->tenancies, t);
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
    site->tenancy_count--;
    for (size_t i = 0; i < t->left_count; i++)
        mailing_unref(t->left[i]);
    free(t->left);
    free(t);
    site_work(site); /* it may be let go */
}

/* While the tenancy is on its way out, newcomers leave with the others. */
static void join_those_left(struct tenancy *t, struct mailing *mailing)
{
    t->left = alloc_again(t->left, (t->left_count + 1) * sizeof(*t->left));
    t->left[t->left_count++] = mailing_ref(mailing);
}

static void take_offer(struct tenancy *t, const struct tenancy_letter *l)
{
    struct txn txn;
    struct err err;
    txn_begin(t->site->thread->store, &txn);
    for (size_t i = 0; i < l->count; i++)
        if (t->leaving)
            join_those_left(t, l->mailings[i]);
        else
            feed_offer(t, l->mailings[i], &txn);
    if (txn_failed(&txn, &err) != 0)
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
    txn_end(&txn);
}

static void on_offer(struct letter *letter)
{
    struct tenancy_letter *l = LETTER_OF(letter, struct tenancy_letter, letter);
    if (!l->holder->stopping) {
        struct tenancy *t = find(l->holder, l->number);
        if (!t)
            t = tenancy_new(l);
        t->serial = l->serial;
        take_offer(t, l);
        site_work(t->site);
        if (!crowd_meet(t))
            tenancy_end_if_done(t);
    }
    letter_free(l);
}

void tenancy_offer(struct tenancy_letter *l)
{
    l->letter.deliver = on_offer;
    loop_post(&l->holder->loop, &l->letter);
}

static void on_move(struct letter *letter)
{
    struct tenancy_letter *l = LETTER_OF(letter, struct tenancy_letter, letter);
    struct tenancy *t = find(l->holder, l->number);
    if (t) {
        t->serial = l->serial;
        tenancy_leave(t, 0);
    } else if (!l->holder->stopping) {
        struct domain_return *r = domain_return_new(l->home, l->number, 0);
        r->serial = l->serial;
        domain_return_send(r);
    }
    letter_free(l);
}

void tenancy_move(struct tenancy_letter *l)
{
    l->letter.deliver = on_move;
    loop_post(&l->holder->loop, &l->letter);
}

void tenancy_leave(struct tenancy *t, uint64_t due_ms)
{
    struct site *site = t->site;
    t->due_ms = due_ms;
    if (!t->leaving) {
        t->leaving = true;
        for (struct feed *feed = t->feeds; feed; feed = feed->next_here) {
            join_those_left(t, feed->mailing);
            feed->pending++; /* stays while the others leave */
        }
        site_put_back(site, t);
        for (struct feed *feed = t->feeds, *next; feed; feed = next) {
            next = feed->next_here;
            feed_leave(feed);
        }
    }
    tenancy_end_if_done(t);
}

static void end(struct tenancy *t)
{
    struct domain_return *r = domain_return_new(t->home, t->number, t->left_count);
    r->serial = t->serial;
    r->due_ms = t->due_ms;
    r->failures = site_failures(t->site);
    r->count = t->left_count;
    for (size_t i = 0; i < t->left_count; i++)
        r->mailings[i] = mailing_ref(t->left[i]);
    tenancy_free(t);
    domain_return_send(r);
}

void tenancy_end_if_done(struct tenancy *t)
{
    if (t->feeds || t->site->thread->stopping) /* homes may be gone already */
        return;
    if (t->site->obsolete)
        site_work(t->site);
    else
        end(t);
}

void tenancies_end_if_done(struct site *site)
{
    for (const struct tenancy *t = site->tenancies; t; t = t->next)
        if (t->feeds)
            return;
    if (site_connections(site) > 0)
        return;
    while (site->tenancies)
        end(site->tenancies);
}

void tenancies_release(struct delivery_thread *thread)
{
    for (struct tenancy *t = thread->tenancies, *next; t; t = next) {
        next = t->hh.next;
        tenancy_free(t);
    }
}
