#include "campaign/tally.h"

#include "base/alloc.h"
#include "base/log.h"
#include "campaign/job.h"
#include "store/contacts.h"

enum { SLICE = 4000 };

struct tally_domain {
    struct campaign_domain is;
    UT_hash_handle hh;
};

struct tally {
    struct letter letter;
    struct campaign *campaign;
    uint32_t *contacts;
    size_t count, next;
    struct tally_domain *domains; /* by number */
    struct arena memory;          /* of the domains */
    void (*on_tally)(void *ctx, const struct campaign_domain *domains, size_t count);
    void *ctx;
};

static void count_one(struct tally *t, uint32_t domain)
{
    struct tally_domain *known;
    HASH_FIND(hh, t->domains, &domain, sizeof(domain), known);
    if (!known) {
        known = ARENA_NEW(&t->memory, struct tally_domain);
        known->is.domain = domain;
        HASH_ADD(hh, t->domains, is.domain, sizeof(domain), known);
    }
    known->is.recipients++;
}

static void count_slice(struct tally *t)
{
    struct txn txn;
    struct err err;
    struct contact contact;
    size_t end = t->count - t->next < SLICE ? t->count : t->next + SLICE;
    txn_begin(t->campaign->store, &txn);
    for (; t->next < end; t->next++)
        if (contact_read(&txn, t->contacts[t->next], &contact))
            count_one(t, contact.domain);
    if (txn_failed(&txn, &err) != 0)
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
    txn_end(&txn);
}

static int by_size(const void *a, const void *b)
{
    const struct campaign_domain *x = a, *y = b;
    if (x->recipients != y->recipients)
        return x->recipients < y->recipients ? 1 : -1;
    return (x->domain > y->domain) - (x->domain < y->domain);
}

static void end(struct tally *t)
{
    size_t count = 0;
    struct campaign_domain *all =
        arena_alloc(&t->memory, (HASH_COUNT(t->domains) + 1) * sizeof(*all));
    for (const struct tally_domain *d = t->domains; d; d = d->hh.next)
        all[count++] = d->is;
    qsort(all, count, sizeof(*all), by_size);
    t->on_tally(t->ctx, all, count);
    HASH_CLEAR(hh, t->domains);
    arena_release(&t->memory);
    free(t->contacts);
    free(t);
}

static void on_turn(struct letter *letter)
{
    struct tally *t = LETTER_OF(letter, struct tally, letter);
    if (t->next == t->count || t->campaign->stopping) {
        end(t);
        return;
    }
    count_slice(t);
    loop_post(t->campaign->front, letter);
}

void tally_start(struct campaign *campaign, const roaring_bitmap_t *contacts,
                 void (*on_tally)(void *ctx, const struct campaign_domain *domains, size_t count),
                 void *ctx)
{
    struct tally *t = NEW(struct tally);
    t->letter.deliver = on_turn;
    t->campaign = campaign;
    t->count = (size_t)roaring_bitmap_get_cardinality(contacts);
    t->contacts = alloc((t->count + 1) * sizeof(*t->contacts));
    roaring_bitmap_to_uint32_array(contacts, t->contacts);
    arena_init(&t->memory);
    t->on_tally = on_tally;
    t->ctx = ctx;
    loop_post(campaign->front, &t->letter);
}
