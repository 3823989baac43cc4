/* Leases between threads that really run, each with its own loop: what no order by hand can show.
 * Copies are counted as they end, and none may end twice. */
#include "delivery/domains.h"

#include <stdatomic.h>

#include "unit/delivery/crew.h"

enum { THREADS = 3, DOMAINS = 40, JOBS = 4, EACH = 12, COPIES = DOMAINS * JOBS * EACH };

static struct {
    _Atomic unsigned town[DOMAINS + 1]; /* where the mail of each domain goes now */
    _Atomic unsigned had[COPIES + 1];   /* how often a copy came to its end */
    _Atomic unsigned ended;
} world;

static struct dns_mx *fake_dns_mx(const char *domain)
{
    char name[64];
    struct fake_exchanger host = {10, name};
    unsigned town = atomic_load(&world.town[strtoul(domain + 1, NULL, 10)]);
    snprintf(name, sizeof(name), "mx%u.example", town);
    return town ? fake_mx(DNS_FOUND, &host, 1) : fake_mx(DNS_TROUBLE, NULL, 0);
}

static struct dns_addresses *fake_dns_hosts(const char *host)
{
    (void)host;
    return NULL; /* no answer: what is loaded stays, until the test ends it */
}

/* A thread's own work: some copies end, some go back, some leases are given back, now and then all
 * names are asked for again. */
struct worker {
    struct delivery_thread *thread;
    struct timer timer;
    struct dice dice;
    struct letter begin, stop;
};

static struct worker workers[THREADS];

static void end_one(struct worker *w, struct parcel *p)
{
    uint32_t contact = p->copy.contact;
    if (dice_below(&w->dice, 6) == 0) {
        site_return(p->feed->site, p);
        return;
    }
    assert_int_equal(atomic_fetch_add(&world.had[contact], 1), 0);
    atomic_fetch_add(&world.ended, 1);
    report_expired(w->thread, p, STR("It ended."));
}

static void work_at(struct worker *w, struct site *site)
{
    for (uint64_t n = dice_below(&w->dice, 4); n > 0; n--) {
        struct parcel *p = share_lane_take(&site->lanes[LANE_BULK], 0);
        if (!p)
            break;
        end_one(w, p);
    }
    if (site->tenancies && dice_below(&w->dice, 40) == 0)
        tenancy_leave(site->tenancies, dice_below(&w->dice, 2) ? 30 * 1000 : 0);
    site_work(site);
}

static void on_work(void *ctx)
{
    struct worker *w = ctx;
    for (struct site *site = w->thread->sites; site; site = site->hh.next)
        work_at(w, site);
    if (dice_below(&w->dice, 30) == 0)
        domains_reload(&w->thread->domains);
    if (dice_below(&w->dice, 10) == 0)
        domains_wake(&w->thread->domains);
    timer_start(&w->timer, 1);
}

static void on_begin(struct letter *letter)
{
    struct worker *w = LETTER_OF(letter, struct worker, begin);
    timer_init(&w->timer, &w->thread->loop, on_work, w);
    timer_start(&w->timer, 1);
}

static void on_stop(struct letter *letter)
{
    struct worker *w = LETTER_OF(letter, struct worker, stop);
    timer_stop(&w->timer);
    loop_stop(&w->thread->loop);
}

/* An offer, as delivery_offer brings it. */
struct offer {
    struct letter letter;
    struct domains *home;
    struct mailing *mailing;
    uint32_t domain;
};

static void on_offer(struct letter *letter)
{
    struct offer *o = LETTER_OF(letter, struct offer, letter);
    domains_offer(o->home, o->mailing, &o->domain, 1);
    free(o);
}

static void post_offer(uint32_t job, uint32_t domain)
{
    struct offer *o = NEW(struct offer);
    struct delivery_thread *t = &crew.threads[crew_home(domain)];
    *o = (struct offer){{.deliver = on_offer}, &t->domains, &crew.mailings[job - 1], domain};
    loop_post(&t->loop, &o->letter);
}

static int set_up(void **state)
{
    (void)state;
    fake_dns.by_itself = true;
    crew_set_up(THREADS, CREW_SOURCE);
    clock_hold(-1);
    crew_domains(DOMAINS);
    for (uint32_t i = 1; i <= DOMAINS; i++)
        atomic_store(&world.town[i], 1 + i % 5);
    for (unsigned i = 0; i < JOBS; i++)
        atomic_store(&crew.mailings[i].opened_at, (uint32_t)clock_steady_s());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    crew_tear_down();
    return 0;
}

/* A part of a job at a domain: half of its copies there, then the other half. */
static void add(uint32_t job, uint32_t domain, unsigned half)
{
    struct queue_entry all[EACH / 2];
    uint32_t first = ((job - 1) * DOMAINS + domain - 1) * EACH + half * (EACH / 2) + 1;
    for (uint32_t i = 0; i < EACH / 2; i++)
        all[i] = (struct queue_entry){job, domain, 0, first + i};
    crew_queue(all, EACH / 2);
    post_offer(job, domain);
}

static void every_copy_ends_once(void **state)
{
    struct err err;
    struct dice dice = dice_of(3);
    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.thread = &crew.threads[i],
                                     .dice = dice_of(10 + i),
                                     .begin = {.deliver = on_begin},
                                     .stop = {.deliver = on_stop}};
        loop_post(&crew.threads[i].loop, &workers[i].begin);
        assert_int_equal(loop_start(&crew.threads[i].loop, &err), 0);
    }
    for (unsigned half = 0; half < 2; half++)
        for (uint32_t job = 1; job <= JOBS; job++)
            for (uint32_t domain = 1; domain <= DOMAINS; domain++) {
                add(job, domain, half);
                atomic_store(&world.town[1 + dice_below(&dice, DOMAINS)],
                             (unsigned)dice_below(&dice, 6));
                post_offer(1 + (uint32_t)dice_below(&dice, JOBS),
                           1 + (uint32_t)dice_below(&dice, DOMAINS));
            }
    for (uint32_t domain = 1; domain <= DOMAINS; domain++)
        atomic_store(&world.town[domain], 1 + domain % 5);
    for (int i = 0; i < 60000 && atomic_load(&world.ended) < COPIES; i++)
        usleep(1000);
    for (unsigned i = 0; i < THREADS; i++)
        loop_post(&crew.threads[i].loop, &workers[i].stop);
    for (unsigned i = 0; i < THREADS; i++)
        loop_join(&crew.threads[i].loop);
    assert_int_equal(atomic_load(&world.ended), COPIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_copy_ends_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
