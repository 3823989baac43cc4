/* A small town for the tests of delivery/domains.h: where the mail of each domain goes, which
 * copies there are, and what became of each. */
#ifndef TOCSIN_TESTS_DELIVERY_DOMAINS_TOWN_H
#define TOCSIN_TESTS_DELIVERY_DOMAINS_TOWN_H

#include "unit/delivery/crew.h"

enum { DOMAINS = 30, JOBS = 5, TOWNS = 9, CONTACTS = 4000 };

/* Where the mail of each domain goes now. */
static struct {
    _Atomic unsigned town[DOMAINS + 1];
    bool silent; /* hosts have no addresses yet: no session is tried */
} world;

/* What became of each copy, by contact. */
static struct {
    struct queue_entry of[CONTACTS + 1];
    unsigned ended[CONTACTS + 1];
    uint32_t count;
} copies;

static inline struct dns_mx *fake_dns_mx(const char *domain)
{
    unsigned number = (unsigned)strtoul(domain + 1, NULL, 10);
    unsigned town = number <= DOMAINS ? atomic_load(&world.town[number]) : 1;
    char name[64];
    struct fake_exchanger host = {10, name};
    snprintf(name, sizeof(name), "mx%u.example", town);
    if (town == 0)
        return fake_mx(DNS_TROUBLE, NULL, 0);
    return town == 8 ? fake_mx(DNS_NONE, NULL, 0) : fake_mx(DNS_FOUND, &host, 1);
}

static inline struct dns_addresses *fake_dns_hosts(const char *host)
{
    (void)host;
    return world.silent ? NULL : fake_addresses(DNS_TROUBLE, NULL, 0);
}

static inline int set_up_with(unsigned threads)
{
    crew_set_up(threads, CREW_SOURCE);
    crew_domains(DOMAINS);
    for (uint32_t i = 1; i <= DOMAINS; i++)
        atomic_store(&world.town[i], 1 + i % 5);
    world.silent = true;
    memset(&copies, 0, sizeof(copies));
    return 0;
}

static inline int set_up(void **state)
{
    (void)state;
    return set_up_with(3);
}

static inline int tear_down(void **state)
{
    (void)state;
    crew_tear_down();
    return 0;
}

/* So many more recipients of a job at a domain. */
static inline void add_recipients(uint32_t job, uint32_t domain, unsigned count)
{
    uint32_t first = copies.count + 1;
    for (; count > 0 && copies.count < CONTACTS; count--) {
        uint32_t contact = ++copies.count;
        copies.of[contact] = (struct queue_entry){job, domain, 0, contact};
    }
    if (copies.count >= first)
        crew_queue(&copies.of[first], copies.count - first + 1);
}

static inline struct mailing *mailing_of(uint32_t job)
{
    return &crew.mailings[job - 1];
}

static inline void offer(uint32_t job, uint32_t domain)
{
    crew_offer(mailing_of(job), domain);
}

/* The next copy that is loaded at a site. */
static inline struct parcel *take(struct site *site)
{
    for (size_t i = 0; i < LANES; i++) {
        struct parcel *p = share_lane_take(&site->lanes[i], 0);
        if (p)
            return p;
    }
    return NULL;
}

static inline void end_copy(struct delivery_thread *t, struct parcel *p)
{
    uint32_t contact = p->copy.contact;
    if (contact <= CONTACTS)
        assert_int_equal(copies.ended[contact]++, 0);
    report_expired(t, p, STR("It ended."));
}

/* All that is loaded anywhere ends. */
static inline void end_all(void)
{
    for (unsigned i = 0; i < crew.count; i++)
        for (struct site *site = crew.threads[i].sites; site; site = site->hh.next)
            for (struct parcel *p; (p = take(site));)
                end_copy(&crew.threads[i], p);
}

static inline bool is_queued_anywhere(uint32_t jobs)
{
    struct txn txn;
    bool any = false;
    txn_begin(crew.place->store, &txn);
    for (uint32_t job = 1; job <= jobs; job++)
        any |= queue_next_domain(&txn, job, 0) != 0;
    read_end(&txn);
    return any;
}

/* Time passes, for what waits to be tried again. */
static inline void pass(int64_t seconds)
{
    clock_hold(clock_wall_us() + seconds * 1000000);
    for (unsigned i = 0; i < crew.count; i++)
        for (struct site *site = crew.threads[i].sites; site; site = site->hh.next) {
            feeds_wake(site, (uint32_t)clock_steady_s());
            site_work(site);
        }
}

/* Until everything has ended of the first `jobs`, or clearly will not. */
static inline void run_to_the_end_of(uint32_t jobs)
{
    for (int i = 0; i < 3000 && is_queued_anywhere(jobs); i++) {
        crew_answer_all();
        crew_turn_all(2);
        end_all();
        for (unsigned k = 0; k < crew.count; k++)
            report_flush(&crew.threads[k]);
        if (i % 8 == 7) {
            pass(1);
            for (unsigned k = 0; k < crew.count; k++)
                domains_wake(&crew.threads[k].domains);
        }
        usleep(300);
    }
    assert_false(is_queued_anywhere(jobs));
}

static inline void run_to_the_end(void)
{
    run_to_the_end_of(JOBS);
}

#endif
