/*
 * Delivery threads as a test needs them, with a store, the fake resolver, and mailings without a
 * message: everything of the room but sessions. The test drives their loops by hand, one turn at a
 * time and in any order, or starts them.
 */
#ifndef TOCSIN_TESTS_DELIVERY_CREW_H
#define TOCSIN_TESTS_DELIVERY_CREW_H

#include "base/clock.h"
#include "delivery/feed.h"
#include "delivery/hold.h"
#include "delivery/provider.h"
#include "delivery/report.h"
#include "delivery/site.h"
#include "delivery/tenancy.h"
#include "store/journal.h"
#include "store/names.h"
#include "store/queue_counts.h"
#include "unit/delivery/fake_dns.h"
#include "unit/store/help.h"

enum { CREW_MAX = 4, CREW_JOBS = 24 };

static const int64_t CREW_NOW_US = 1700000000LL * 1000000;

static struct crew {
    struct place *place;
    struct config *config;
    struct delivery_settings settings[CREW_MAX];
    struct delivery_hooks hooks;
    struct delivery_thread threads[CREW_MAX];
    struct source_name *names[CREW_MAX]; /* as long as the program */
    struct mailing mailings[CREW_JOBS];  /* job i + 1 */
    unsigned count;
} crew;

#define CREW_CONFIG                                              \
    "data_dir = \"data\"\n"                                      \
    "control { socket = \"control.sock\" }\n"                    \
    "identity \"example\" {\n    domain = \"send.example\"\n}\n" \
    "retry { first = \"2s\"  factor = 1  max = \"2s\"  max_age = \"3d\" }\n"

#define CREW_SOURCE "source \"mail1\" { ehlo = \"mail1.send.example\" }\n"

static inline void crew_on_committed(void *ctx, const struct outcome *outcomes, size_t count,
                                     const struct outcome_sums *sums, size_t sum_count)
{
    (void)ctx, (void)outcomes, (void)count, (void)sums, (void)sum_count;
}

static inline struct config *crew_read(const char *more)
{
    struct buf text = BUF_INIT;
    struct config_errors errors = CONFIG_ERRORS_INIT;
    buf_addf(&text, "%s%s", CREW_CONFIG, more);
    struct config *config = config_load_text(buf_str(&text), "test.conf", ".", &errors);
    if (!config)
        fail_msg("%.*s", STR_ARG(buf_str(&errors.text)));
    config_errors_release(&errors);
    buf_release(&text);
    return config;
}

static inline void crew_mailing(unsigned i)
{
    struct mailing *m = &crew.mailings[i];
    memset(m, 0, sizeof(*m));
    m->job = i + 1;
    m->lane = LANE_BULK;
    m->weight = 1;
    m->message_version = 1;
    atomic_init(&m->gate, GATE_OPEN);
    atomic_init(&m->opened_at, (uint32_t)(CREW_NOW_US / 1000000));
    atomic_init(&m->refs, 1);
}

static inline void crew_thread(unsigned i, unsigned count)
{
    struct err err;
    struct delivery_thread *t = &crew.threads[i];
    char name[16];
    snprintf(name, sizeof(name), "crew-%u", i);
    memset(t, 0, sizeof(*t));
    crew.settings[i] = (struct delivery_settings){.config = crew.config, .refs = 1};
    t->index = i;
    t->peers = crew.threads;
    t->peer_count = count;
    t->store = crew.place->store;
    t->hooks = &crew.hooks;
    t->settings = &crew.settings[i];
    t->source_names = crew.names[i];
    t->journal = journal_attach(t->store, i, 64 * 1024, &err);
    assert_non_null(t->journal);
    assert_int_equal(loop_init(&t->loop, name, &err), 0);
    u64set_init(&t->taken);
    assert_int_equal(domains_init(&t->domains, t, &err), 0);
    assert_int_equal(restraints_start(t, &err), 0);
}

/* Jobs with more recipients than any test adds: their end is not what these tests are about. */
static inline void crew_write_jobs(struct txn *txn, void *ctx)
{
    (void)ctx;
    for (uint32_t id = 1; id <= CREW_JOBS; id++) {
        struct job_record job = {.id = id,
                                 .state = JOB_SENDING,
                                 .lane = LANE_BULK,
                                 .recipients = 1000000,
                                 .weight = 1,
                                 .counts = {[RECIPIENT_QUEUED] = 1000000},
                                 .name = STR("job"),
                                 .segment = STR("all"),
                                 .identity = STR("example"),
                                 .pool = STR("")};
        job_write(txn, &job);
    }
}

static inline void crew_set_up(unsigned count, const char *more)
{
    void *place;
    assert_int_equal(place_setup(&place), 0);
    crew.place = place;
    store_close(crew.place->store);
    crew.place->options.map_size = 256 << 20;
    place_open(crew.place);
    crew.config = crew_read(more);
    crew.hooks.committed = crew_on_committed;
    crew.count = count;
    clock_hold(CREW_NOW_US);
    for (unsigned i = 0; i < CREW_JOBS; i++)
        crew_mailing(i);
    write_now(crew.place->store, crew_write_jobs, NULL);
    for (unsigned i = 0; i < count; i++)
        crew_thread(i, count);
}

static inline void crew_turn(unsigned i)
{
    uv_run(&crew.threads[i].loop.uv, UV_RUN_NOWAIT);
}

/* So that letters from one to the other and chores have come to rest. */
static inline void crew_turn_all(unsigned times)
{
    while (times-- > 0)
        for (unsigned i = 0; i < crew.count; i++)
            crew_turn(i);
}

/* The reports of a thread are durable, and it knows. */
static inline void crew_settle(struct delivery_thread *t)
{
    report_flush(t);
    for (int i = 0; i < 20000 && t->uncommitted > 0; i++) {
        uv_run(&t->loop.uv, UV_RUN_NOWAIT);
        usleep(200);
    }
    assert_int_equal(t->uncommitted, 0);
}

/* As the end of a thread, with everything put back before. */
static inline void crew_end(struct delivery_thread *t)
{
    t->stopping = true;
    restraints_stop(t);
    for (struct site *site = t->sites; site; site = site->hh.next)
        site_drain(site);
    domains_stop(&t->domains);
    crew_settle(t);
    assert_int_equal(t->parcels, 0);
}

static inline void crew_release(struct delivery_thread *t)
{
    letterbox_drain(&t->loop.letterbox);
    for (struct feed *feed = t->feeds, *next; feed; feed = next) {
        next = feed->hh.next;
        feed_free(feed);
    }
    tenancies_release(t);
    for (struct site *site = t->sites, *next; site; site = next) {
        next = site->hh.next;
        site_free(site);
    }
    providers_release(t);
    domains_release(&t->domains);
    restraints_release(t);
    loop_release(&t->loop);
    u64set_release(&t->taken);
    parcels_release(t);
    journal_detach(t->journal);
    journal_free(t->journal);
    crew.names[t->index] = t->source_names;
}

/* Every reference to a mailing was given back. */
static inline void crew_tear_down(void)
{
    for (unsigned i = 0; i < crew.count; i++)
        crew_end(&crew.threads[i]);
    crew_turn_all(4);
    for (unsigned i = 0; i < crew.count; i++)
        crew_release(&crew.threads[i]);
    void *place = crew.place;
    place_teardown(&place);
    config_unref(crew.config);
    for (unsigned i = 0; i < CREW_JOBS; i++)
        assert_int_equal(atomic_load(&crew.mailings[i].refs), 1);
    clock_hold(-1);
}

/* Domains "d1.example", "d2.example" … with these numbers. */
struct crew_names {
    uint32_t count;
};

static inline void crew_intern(struct txn *txn, void *ctx)
{
    const struct crew_names *n = ctx;
    char name[32];
    for (uint32_t i = 1; i <= n->count; i++) {
        snprintf(name, sizeof(name), "d%u.example", (unsigned)i);
        assert_int_equal(name_intern(txn, NAME_DOMAIN, str_of(name)), i);
    }
}

static inline void crew_domains(uint32_t count)
{
    struct crew_names names = {count};
    write_now(crew.place->store, crew_intern, &names);
}

struct crew_entries {
    const struct queue_entry *all;
    size_t count;
};

static inline void crew_add(struct txn *txn, void *ctx)
{
    const struct crew_entries *e = ctx;
    queue_add(txn, e->all, e->count);
}

static inline void crew_queue(const struct queue_entry *all, size_t count)
{
    struct crew_entries e = {all, count};
    write_now(crew.place->store, crew_add, &e);
}

static inline unsigned crew_home(uint32_t domain)
{
    return thread_of_domain(domain, crew.count);
}

static inline void crew_offer(struct mailing *mailing, uint32_t domain)
{
    domains_offer(&crew.threads[crew_home(domain)].domains, mailing, &domain, 1);
}

static inline uint32_t crew_queued(uint32_t job, uint32_t domain)
{
    struct txn txn;
    txn_begin(crew.place->store, &txn);
    uint32_t n = queue_count(&txn, job, domain);
    read_end(&txn);
    return n;
}

/* The thread that has the lease, or -1; never two. */
static inline int crew_holder(uint32_t domain)
{
    int holder = -1;
    for (unsigned i = 0; i < crew.count; i++) {
        struct tenancy *t;
        HASH_FIND(hh, crew.threads[i].tenancies, &domain, sizeof(domain), t);
        if (!t)
            continue;
        assert_int_equal(holder, -1);
        holder = (int)i;
    }
    return holder;
}

static inline struct tenancy *crew_tenancy(uint32_t domain)
{
    int holder = crew_holder(domain);
    struct tenancy *t = NULL;
    if (holder >= 0)
        HASH_FIND(hh, crew.threads[holder].tenancies, &domain, sizeof(domain), t);
    return t;
}

/* Answers all questions that there are. */
static inline void crew_answer_all(void)
{
    for (unsigned i = 0; i < crew.count; i++) {
        struct resolver *r = crew.threads[i].domains.resolver;
        for (struct dns_question *q = r ? r->questions : NULL, *next; q; q = next) {
            next = q->next;
            fake_dns_answer(q);
        }
    }
}

#endif
