/* Jobs that share a lane of a site: who cannot go on leaves the room to the others, what a newcomer
 * is owed, and how many recipients are counted. */
#include "delivery/share.h"

#include "delivery/restraints.h"
#include "unit/delivery/crew.h"

enum { LATER_S = 4 * 3600, MANY = 200 };

static struct dns_mx *fake_dns_mx(const char *domain)
{
    struct fake_exchanger host = {10, "mx.example"};
    (void)domain;
    return fake_mx(DNS_FOUND, &host, 1);
}

static struct dns_addresses *fake_dns_hosts(const char *host)
{
    (void)host;
    return NULL;
}

static int set_up(void **state)
{
    (void)state;
    crew_set_up(1, CREW_SOURCE "source \"mail2\" { ehlo = \"mail2.send.example\" }\n"
                               "pool \"a\" { sources = { \"mail1\" } }\n"
                               "pool \"b\" { sources = { \"mail2\" } }\n");
    crew_domains(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    crew_tear_down();
    return 0;
}

static struct delivery_thread *thread(void)
{
    return &crew.threads[0];
}

static uint32_t later(void)
{
    return (uint32_t)clock_steady_s() + LATER_S;
}

static void turns(unsigned count)
{
    while (count-- > 0) {
        crew_answer_all();
        crew_turn_all(1);
    }
}

/* So many recipients of a job, the first of them `first`, are in the queue, due then. */
static void queue(uint32_t job, uint32_t first, uint32_t count, uint32_t due)
{
    struct queue_entry entries[MANY];
    assert_in_range(count, 1, MANY);
    for (uint32_t i = 0; i < count; i++)
        entries[i] = (struct queue_entry){job, 1, due, first + i};
    crew_queue(entries, count);
}

static struct site *offer(uint32_t job)
{
    crew_offer(&crew.mailings[job - 1], 1);
    turns(10);
    return crew_tenancy(1)->site;
}

/* As the thread's restraints have it when a rule acts. */
static void restrain(struct site *site, struct restraint_record record)
{
    struct restraint_entry *e = NEW(struct restraint_entry);
    record.scope = RESTRAINT_AT_SITE;
    record.place = site_key(site);
    record.began = (uint32_t)clock_steady_s();
    record.until = later();
    restraint_init(&e->restraint, &record, clock_steady_s());
    e->changes_at = INT64_MAX;
    e->next = thread()->restraints.first;
    thread()->restraints.first = e;
    thread()->restraints.count++;
    site_refresh(site);
}

/* As if an administrator had resumed it. */
static void resume(struct site *site)
{
    restraints_stop(thread());
    restraints_release(thread());
    thread()->restraints.count = 0;
    site_refresh(site);
}

static bool has(const struct site *site, unsigned source)
{
    return share_lane_has(&site->lanes[LANE_BULK], source);
}

static size_t loaded(struct site *site, uint32_t job)
{
    struct share *share;
    HASH_FIND(hh, site->shares, &job, sizeof(job), share);
    return share ? share->loaded.count + share->returned.count : 0;
}

/* The next copy for this source ends; gives its job. */
static uint32_t end_next(struct site *site, unsigned source)
{
    for (int i = 0; i < 100 && !has(site, source); i++) {
        site_work(site);
        turns(1);
    }
    struct parcel *p = share_lane_take(&site->lanes[LANE_BULK], source);
    assert_non_null(p);
    uint32_t job = p->copy.mailing->job;
    report_expired(thread(), p, STR("It ended."));
    return job;
}

static void a_job_whose_source_is_suspended_leaves_room_for_others(void **state)
{
    (void)state;
    crew.mailings[0].pool = STR("a");
    crew.mailings[1].pool = STR("b");
    queue(1, 1, MANY, 0);
    queue(2, 1, MANY, 0);
    struct site *site = offer(1);
    assert_true(has(site, 0));
    restrain(site, (struct restraint_record){.action = RESTRAINT_SUSPEND, .source = STR("mail1")});
    offer(2);
    assert_int_equal(loaded(site, 1), 0);
    assert_true(has(site, 1));
    resume(site);
    while (has(site, 1)) /* job 2's, which have the room now */
        end_next(site, 1);
    turns(10);
    assert_true(has(site, 0));
}

static void a_job_that_is_held_back_leaves_room_for_others(void **state)
{
    (void)state;
    queue(1, 1, MANY, 0);
    queue(2, 1, MANY, 0);
    struct site *site = offer(1);
    assert_true(has(site, 0));
    restrain(site, (struct restraint_record){.action = RESTRAINT_HOLD_JOB, .job = 1});
    assert_int_equal(loaded(site, 1), 0);
    offer(2);
    assert_int_equal(loaded(site, 1), 0);
    assert_true(loaded(site, 2) > 0);
    resume(site);
    while (has(site, 0)) /* job 2's, which have the room now */
        end_next(site, 0);
    turns(10);
    assert_true(loaded(site, 1) > 0);
}

/* However far the others got that a source of its own serves. */
static void a_newcomer_has_no_claim_where_sources_differ(void **state)
{
    unsigned got[4] = {0};
    (void)state;
    crew.mailings[0].pool = crew.mailings[2].pool = STR("a");
    crew.mailings[1].pool = STR("b");
    queue(1, 1, MANY, 0);
    queue(2, 1, 4, 0);
    queue(3, 1, MANY, 0);
    offer(2);
    struct site *site = offer(1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(end_next(site, 0), 1);
    while (loaded(site, 1) > 4) /* so that more is read when job 3 comes */
        end_next(site, 0);
    assert_int_equal(end_next(site, 1), 2);
    offer(3);
    assert_true(loaded(site, 1) >= 4 && loaded(site, 3) >= 8);
    for (int i = 0; i < 8; i++)
        got[end_next(site, 0)]++;
    assert_in_range(got[1], 3, 5);
    assert_in_range(got[3], 3, 5);
}

/* The count is read from the store, and then the outcomes are heard of that it knew already. */
static void queued_is_exact_between_a_commit_and_its_letter(void **state)
{
    (void)state;
    queue(1, 1, MANY, 0);
    struct site *site = offer(1);
    assert_int_equal(site->queued, MANY);
    for (int i = 0; i < 10; i++)
        end_next(site, 0);
    report_flush(thread());
    for (int i = 0; i < 20000 && crew_queued(1, 1) > MANY - 10; i++)
        usleep(200); /* committed; nobody has heard of it here */
    struct txn txn;
    txn_begin(thread()->store, &txn);
    feed_offer(crew_tenancy(1), &crew.mailings[0], &txn);
    read_end(&txn);
    assert_int_equal(site->queued, MANY - 10);
    crew_settle(thread());
    turns(10);
    assert_int_equal(site->queued, MANY - 10);
    for (int i = 0; i < 10; i++)
        end_next(site, 0);
    crew_settle(thread());
    assert_int_equal(crew_queued(1, 1), MANY - 20);
    assert_int_equal(site->queued, MANY - 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_job_whose_source_is_suspended_leaves_room_for_others),
        TEST(a_job_that_is_held_back_leaves_room_for_others),
        TEST(a_newcomer_has_no_claim_where_sources_differ),
        TEST(queued_is_exact_between_a_commit_and_its_letter),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
