#include "delivery/domains.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/random.h"
#include "delivery/tenancy.h"
#include "delivery/thread.h"
#include "store/names.h"
#include "store/queue.h"
#include "store/queue_counts.h"

enum {
    CHECK_MIN_MS = 60 * 1000,
    TROUBLE_FIRST_MS = 10 * 1000,
    TROUBLE_MAX_MS = 15 * 60 * 1000,
    CROWDED_MS = 1000,
    ROUND_PORTION = 1024,
    DOMAINS_KEPT = DOMAINS_LIVE / 8,
};

enum domain_state { DOMAIN_ASKING, DOMAIN_LEASED, DOMAIN_MOVING, DOMAIN_AWAY };

struct domain {
    uint32_t number, serial;
    enum domain_state state;
    struct domains *home;
    struct destination *to; /* leased there; when moving or asking, the next one, or NULL */
    unsigned holder;        /* the thread that has the lease, when LEASED or MOVING */
    struct dns_question *asking;
    struct heap_item check; /* ms on the loop's clock */
    unsigned troubles;      /* answers in a row that told nothing */
    unsigned failures;      /* of the site that gave it back */
    struct mailing **waiting;
    size_t waiting_count, waiting_size;
    UT_hash_handle hh;
};

/* A job of which more domains wait than are kept in memory. */
struct domain_round {
    struct domain_round *next;
    struct mailing *mailing;
    uint32_t after; /* goes on behind this domain */
};

static uint64_t now_ms(const struct domains *d)
{
    return loop_now_ms(&d->thread->loop);
}

static void look_at(struct domain *domain, uint64_t ms)
{
    struct domains *d = domain->home;
    heap_put(&d->checks, &domain->check, (int64_t)(now_ms(d) + ms));
    int64_t first = heap_first(&d->checks)->key - (int64_t)now_ms(d);
    timer_start(&d->timer, first > 0 ? (uint64_t)first : 0);
}

static void wait_for_it(struct domain *domain, struct mailing *mailing)
{
    for (size_t i = 0; i < domain->waiting_count; i++)
        if (domain->waiting[i] == mailing)
            return;
    if (domain->waiting_count == domain->waiting_size) {
        domain->waiting_size = domain->waiting_size ? 2 * domain->waiting_size : 2;
        domain->waiting =
            alloc_again(domain->waiting, domain->waiting_size * sizeof(*domain->waiting));
    }
    domain->waiting[domain->waiting_count++] = mailing_ref(mailing);
}

static void domain_free(struct domain *domain)
{
    struct domains *d = domain->home;
    HASH_DEL(d->all, domain);
    heap_remove(&d->checks, &domain->check);
    dns_cancel(domain->asking);
    for (size_t i = 0; i < domain->waiting_count; i++)
        mailing_unref(domain->waiting[i]);
    free(domain->waiting);
    destination_unref(domain->to);
    free(domain);
}

static void domain_forget(struct domain *domain)
{
    struct domains *d = domain->home;
    if (domain->state != DOMAIN_AWAY)
        d->live--;
    domain_free(domain);
    chore_ask(&d->admit);
}

/* Everything that waits goes to the holder. */
static void send_offer(struct domain *domain)
{
    struct delivery_thread *here = domain->home->thread;
    struct tenancy_letter *l = tenancy_letter_new(domain->waiting_count);
    l->home = here;
    l->holder = &here->peers[domain->holder];
    l->number = domain->number;
    l->serial = ++domain->serial;
    l->failures = domain->failures;
    l->to = destination_ref(domain->to);
    memcpy(l->mailings, domain->waiting, domain->waiting_count * sizeof(*domain->waiting));
    domain->waiting_count = 0;
    tenancy_offer(l);
}

static void lease(struct domain *domain)
{
    domain->state = DOMAIN_LEASED;
    domain->holder = destination_thread(domain->to, domain->home->thread->peer_count);
    send_offer(domain);
}

/* The site keeps it until nothing of it is under way there. */
static void move(struct domain *domain)
{
    struct delivery_thread *here = domain->home->thread;
    struct tenancy_letter *l = tenancy_letter_new(0);
    l->home = here;
    l->holder = &here->peers[domain->holder];
    l->number = domain->number;
    l->serial = ++domain->serial;
    domain->state = DOMAIN_MOVING;
    tenancy_move(l);
}

/* It is known where the mail goes now: takes over `to`. */
static void settle(struct domain *domain, struct destination *to)
{
    bool elsewhere = !domain->to || !destination_same(domain->to, to);
    if (domain->state == DOMAIN_LEASED && !elsewhere) {
        destination_unref(to);
        return;
    }
    destination_unref(domain->to);
    domain->to = to;
    if (domain->state == DOMAIN_LEASED)
        move(domain);
    else if (domain->state == DOMAIN_ASKING)
        lease(domain);
}

static uint64_t check_in_ms(struct domain *domain, const struct dns_mx *mx)
{
    if (mx->verdict != DNS_TROUBLE) {
        uint64_t ttl = (uint64_t)mx->ttl_s * 1000;
        domain->troubles = 0;
        return ttl > CHECK_MIN_MS ? ttl : CHECK_MIN_MS;
    }
    unsigned doublings = domain->troubles < 10 ? domain->troubles : 10;
    uint64_t wait = (uint64_t)TROUBLE_FIRST_MS << doublings;
    domain->troubles++;
    wait = wait < TROUBLE_MAX_MS ? wait : TROUBLE_MAX_MS;
    return wait + random_below(wait / 5 + 1);
}

/* The name of a domain, into `out`; false if the store does not say. */
static bool name_of(const struct domains *d, uint32_t number, char out[NAME_MAX_LENGTH + 1])
{
    struct txn txn;
    struct err err;
    txn_begin(d->thread->store, &txn);
    struct str name = name_text(&txn, NAME_DOMAIN, number);
    snprintf(out, NAME_MAX_LENGTH + 1, "%.*s", STR_ARG(name));
    if (txn_failed(&txn, &err) != 0)
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
    txn_end(&txn);
    return *out != '\0';
}

static void on_mx(void *ctx, struct dns_mx *mx)
{
    struct domain *domain = ctx;
    char name[NAME_MAX_LENGTH + 1];
    domain->asking = NULL;
    look_at(domain, check_in_ms(domain, mx));
    /* A holder that has hosts goes on with them while DNS is in trouble. */
    bool worse = domain->state == DOMAIN_LEASED && mx->verdict == DNS_TROUBLE &&
                 domain->to->kind == DESTINATION_HOSTS;
    if (!worse && name_of(domain->home, domain->number, name))
        settle(domain, destination_by_mx(domain->home->thread->settings->config, str_of(name), mx));
    dns_mx_unref(mx);
}

/* Finds out where its mail goes; again, if it is leased. */
static void ask(struct domain *domain)
{
    struct domains *d = domain->home;
    char name[NAME_MAX_LENGTH + 1];
    if (!name_of(d, domain->number, name)) {
        look_at(domain, CROWDED_MS);
        return;
    }
    struct destination *to = destination_by_route(d->thread->settings->config, str_of(name));
    if (to)
        settle(domain, to);
    else if (!domain->asking)
        domain->asking = dns_ask_mx(d->resolver, str_of(name), on_mx, domain);
}

static void begin(struct domain *domain)
{
    domain->state = DOMAIN_ASKING;
    domain->home->live++;
    ask(domain);
}

static struct domain *find(const struct domains *d, uint32_t number)
{
    struct domain *domain;
    HASH_FIND(hh, d->all, &number, sizeof(number), domain);
    return domain;
}

static struct domain *domain_new(struct domains *d, uint32_t number)
{
    struct domain *domain = NEW(struct domain);
    domain->number = number;
    domain->home = d;
    HASH_ADD(hh, d->all, number, sizeof(domain->number), domain);
    return domain;
}

static void offer_known(struct domain *domain, struct mailing *mailing)
{
    wait_for_it(domain, mailing);
    if (domain->state == DOMAIN_LEASED)
        send_offer(domain);
    else if (domain->state == DOMAIN_AWAY && mailing->lane == LANE_TRANSACTIONAL)
        look_at(domain, 0);
}

/* Some room is kept for transactional mail: it must not wait until a bulk domain is done. */
static bool has_room(const struct domains *d, enum job_lane lane)
{
    return d->live < DOMAINS_LIVE + (lane == LANE_TRANSACTIONAL ? DOMAINS_KEPT : 0);
}

static void offer_new(struct domains *d, struct mailing *mailing, uint32_t number)
{
    struct domain *domain = domain_new(d, number);
    wait_for_it(domain, mailing);
    begin(domain);
}

static struct domain_round *round_of(struct domains *d, const struct mailing *mailing)
{
    struct domain_round *r = d->rounds;
    while (r && r->mailing != mailing)
        r = r->next;
    return r;
}

/* Too many wait: this job's are read from the store when there is room again. */
static void want_round(struct domains *d, struct mailing *mailing)
{
    struct domain_round *r = round_of(d, mailing);
    if (!r) {
        r = NEW(struct domain_round);
        r->mailing = mailing_ref(mailing);
        r->next = d->rounds;
        d->rounds = r;
    }
    r->after = 0;
}

static void want(struct domains *d, struct mailing *mailing, uint32_t number)
{
    if (!wishes_add(&d->wishes, mailing, number))
        want_round(d, mailing);
}

static void offer_one(struct domains *d, struct mailing *mailing, uint32_t number)
{
    struct domain *domain = find(d, number);
    if (domain)
        offer_known(domain, mailing);
    else if (has_room(d, mailing->lane) && d->wishes.count[mailing->lane] == 0)
        offer_new(d, mailing, number);
    else
        want(d, mailing, number);
}

void domains_offer(struct domains *d, struct mailing *mailing, const uint32_t *numbers,
                   size_t count)
{
    for (size_t i = 0; i < count && !d->thread->stopping; i++)
        offer_one(d, mailing, numbers[i]);
}

/* One that is known already may be so because of another job only. */
static void want_here(struct domains *d, struct mailing *mailing, uint32_t number)
{
    struct domain *domain = find(d, number);
    if (domain)
        offer_known(domain, mailing);
    else if (thread_of_domain(number, d->thread->peer_count) == d->thread->index)
        want(d, mailing, number);
}

/* Those of one job that are looked after here, from the store, as far as there is room for them. */
static bool go_round(struct domains *d, struct domain_round *r, struct txn *txn)
{
    struct queue_count at = {.job = r->mailing->job, .domain = r->after};
    for (size_t i = 0; i < ROUND_PORTION; i++) {
        if (!queue_count_next(txn, &at))
            return false;
        r->after = at.domain;
        want_here(d, r->mailing, at.domain);
        if (wishes_full(&d->wishes, r->mailing->lane))
            return true;
    }
    return true;
}

static void read_rounds(struct domains *d)
{
    struct txn txn;
    struct err err;
    struct domain_round *r = d->rounds;
    txn_begin(d->thread->store, &txn);
    bool more = mailing_gate(r->mailing) == GATE_OPEN && go_round(d, r, &txn);
    int failed = txn_failed(&txn, &err);
    txn_end(&txn);
    if (failed) {
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
        timer_start(&d->timer, CROWDED_MS);
        return;
    }
    if (!more) {
        d->rounds = r->next;
        mailing_unref(r->mailing);
        free(r);
    }
    chore_ask(&d->admit);
}

static void admit_one(struct domains *d, struct wish wish)
{
    struct domain *domain = find(d, wish.number);
    if (mailing_gate(wish.mailing) == GATE_OPEN && domain)
        offer_known(domain, wish.mailing);
    else if (mailing_gate(wish.mailing) == GATE_OPEN)
        offer_new(d, wish.mailing, wish.number);
    mailing_unref(wish.mailing);
}

/* As many of those that wait as there is room for. */
static void admit(void *ctx)
{
    struct domains *d = ctx;
    if (d->thread->stopping)
        return;
    for (enum job_lane lane = 0; lane < LANES; lane++)
        while (has_room(d, lane) && d->wishes.count[lane] > 0)
            admit_one(d, wishes_take(&d->wishes, lane));
    if (has_room(d, LANE_BULK) && d->rounds)
        read_rounds(d);
}

static enum job_lane lane_of(const struct domain *domain)
{
    for (size_t i = 0; i < domain->waiting_count; i++)
        if (domain->waiting[i]->lane == LANE_TRANSACTIONAL)
            return LANE_TRANSACTIONAL;
    return LANE_BULK;
}

static void check(struct domain *domain)
{
    if (domain->state != DOMAIN_AWAY)
        ask(domain);
    else if (has_room(domain->home, lane_of(domain)))
        begin(domain);
    else
        look_at(domain, CROWDED_MS);
}

static void on_check(void *ctx)
{
    struct domains *d = ctx;
    struct heap_item *first;
    while ((first = heap_first(&d->checks)) && first->key <= (int64_t)now_ms(d)) {
        heap_remove(&d->checks, first);
        check((struct domain *)(void *)((char *)first - offsetof(struct domain, check)));
    }
    if (first)
        timer_start(&d->timer, (uint64_t)(first->key - (int64_t)now_ms(d)));
    if (d->rounds)
        chore_ask(&d->admit);
}

int domains_init(struct domains *d, struct delivery_thread *thread, struct err *err)
{
    d->thread = thread;
    d->resolver = resolver_new(&thread->loop, &thread->settings->config->dns, err);
    heap_init(&d->checks);
    timer_init(&d->timer, &thread->loop, on_check, d);
    chore_init(&d->admit, &thread->loop, admit, d);
    return d->resolver ? 0 : -1;
}

void domains_stop(struct domains *d)
{
    timer_stop(&d->timer);
    chore_cancel(&d->admit);
    for (struct domain *domain = d->all; domain; domain = domain->hh.next) {
        dns_cancel(domain->asking);
        domain->asking = NULL;
    }
    resolver_free(d->resolver);
    d->resolver = NULL;
}

void domains_release(struct domains *d)
{
    for (struct domain *domain = d->all, *next; domain; domain = next) {
        next = domain->hh.next;
        domain_free(domain);
    }
    wishes_release(&d->wishes);
    for (struct domain_round *r = d->rounds, *next; r; r = next) {
        next = r->next;
        mailing_unref(r->mailing);
        free(r);
    }
    heap_release(&d->checks);
}

void domains_reload(struct domains *d)
{
    struct err err;
    if (resolver_use(d->resolver, &d->thread->settings->config->dns, &err) != 0)
        log_say(LOG_ERROR, "dns_unchanged", "%s", err.text);
    for (struct domain *domain = d->all; domain; domain = domain->hh.next) {
        if (domain->state == DOMAIN_LEASED)
            settle(domain, destination_again(d->thread->settings->config, domain->to));
        look_at(domain, 0);
    }
}

void domains_wake(struct domains *d)
{
    for (struct domain *domain = d->all; domain; domain = domain->hh.next)
        if (domain->state == DOMAIN_AWAY)
            look_at(domain, 0);
}

struct domains_numbers domains_numbers(const struct domains *d)
{
    return (struct domains_numbers){.live = d->live,
                                    .away = HASH_COUNT(d->all) - d->live,
                                    .waiting = d->wishes.count[0] + d->wishes.count[1]};
}

struct destination *domains_known(const struct domains *d, uint32_t number)
{
    const struct domain *domain = find(d, number);
    return domain && domain->to ? destination_ref(domain->to) : NULL;
}

static bool waits_for(const struct domain *domain, uint32_t job)
{
    for (size_t i = 0; i < domain->waiting_count; i++)
        if (domain->waiting[i]->job == job)
            return true;
    return false;
}

void domains_each_away(const struct domains *d, uint32_t job, size_t max,
                       void (*each)(void *ctx, uint32_t number, const struct destination *to,
                                    uint64_t due_ms),
                       void *ctx)
{
    for (const struct domain *domain = d->all; domain && max > 0; domain = domain->hh.next)
        if (domain->state == DOMAIN_AWAY && domain->to && waits_for(domain, job)) {
            each(ctx, domain->number, domain->to, (uint64_t)domain->check.key);
            max--;
        }
}

/* The holder has nothing left, or cannot send what it has for some time. */
static void on_finished(struct domain *domain, const struct domain_return *r)
{
    struct domains *d = domain->home;
    domain->failures = r->failures;
    if (domain->waiting_count == 0) {
        domain_forget(domain);
    } else if (r->due_ms == 0) {
        lease(domain);
    } else {
        domain->state = DOMAIN_AWAY;
        d->live--;
        dns_cancel(domain->asking);
        domain->asking = NULL;
        look_at(domain, r->due_ms);
        chore_ask(&d->admit);
    }
}

static void on_moved(struct domain *domain)
{
    domain->failures = 0;
    if (domain->waiting_count == 0)
        domain_forget(domain);
    else
        lease(domain);
}

static void on_return(struct letter *letter)
{
    struct domain_return *r = LETTER_OF(letter, struct domain_return, letter);
    struct domain *domain = find(&r->home->domains, r->number);
    if (domain && !r->home->stopping) {
        for (size_t i = 0; i < r->count; i++)
            wait_for_it(domain, r->mailings[i]);
        if (r->serial != domain->serial) { /* what is under way to the holder it takes as new */
            if (domain->state == DOMAIN_LEASED && domain->waiting_count)
                send_offer(domain);
        } else if (domain->state == DOMAIN_MOVING) {
            on_moved(domain);
        } else {
            on_finished(domain, r);
        }
    }
    for (size_t i = 0; i < r->count; i++)
        mailing_unref(r->mailings[i]);
    free(r);
}

struct domain_return *domain_return_new(struct delivery_thread *home, uint32_t number, size_t count)
{
    struct domain_return *r = alloc_zero(1, sizeof(*r) + count * sizeof(r->mailings[0]));
    r->letter.deliver = on_return;
    r->home = home;
    r->number = number;
    return r;
}

void domain_return_send(struct domain_return *r)
{
    loop_post(&r->home->loop, &r->letter);
}
