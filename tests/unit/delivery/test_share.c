/* Who is next at a site: jobs by their weights, whatever their sizes, and what each source may
 * send. Copies are put into shares by hand; only reading is from a store. */
#include "delivery/share.h"

#include "unit/delivery/crew.h"

enum { JOBS = 10, HAND_FULL = 40 };

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

/* A feed of each job, which is not in the store; jobs are made with their weights. */
static struct {
    struct delivery_thread *thread;
    struct site *site;
    struct share_lane *lane;
    struct share *shares[JOBS + 1];
    struct feed feeds[JOBS + 1];
    struct tenancy tenancy;
    uint32_t contact;
} t;

static int set_up(void **state)
{
    struct fake_exchanger host = {10, "mx.example"};
    (void)state;
    crew_set_up(1, CREW_SOURCE "source \"mail2\" { ehlo = \"mail2.send.example\" }\n");
    memset(&t, 0, sizeof(t));
    t.thread = &crew.threads[0];
    struct dns_mx *mx = fake_mx(DNS_FOUND, &host, 1);
    struct destination *to = destination_by_mx(crew.config, STR("d1.example"), mx);
    dns_mx_unref(mx);
    t.site = site_get(t.thread, to);
    destination_unref(to);
    t.lane = &t.site->lanes[LANE_BULK];
    t.tenancy.site = t.site;
    return 0;
}

static int tear_down(void **state)
{
    struct parcel_line rest;
    (void)state;
    parcel_line_init(&rest);
    for (uint32_t job = 1; job <= JOBS; job++) {
        struct share *share = t.shares[job];
        if (!share)
            continue;
        share->held_until = 0;
        while (share->loaded.count + share->returned.count > 0) {
            struct parcel *p =
                parcel_line_take(share->loaded.count ? &share->loaded : &share->returned);
            share->site->lanes[share->mailing->lane].copies--;
            parcel_free(t.thread, p);
        }
        share->feeds = 0;
        share_free_if_done(share);
    }
    assert_null(t.site->shares);
    assert_int_equal(t.lane->copies, 0);
    assert_int_equal(t.lane->heap.count, 0);
    crew_tear_down();
    return 0;
}

static struct share *begin_job(uint32_t job, unsigned weight)
{
    struct mailing *m = &crew.mailings[job - 1];
    m->weight = weight;
    t.shares[job] = share_get(t.site, m);
    t.shares[job]->feeds++;
    t.feeds[job] = (struct feed){
        .mailing = m, .domain = 1, .site = t.site, .share = t.shares[job], .tenancy = &t.tenancy};
    return t.shares[job];
}

static void load(uint32_t job, unsigned count)
{
    while (count-- > 0)
        share_add(t.shares[job], parcel_take(t.thread, &t.feeds[job], ++t.contact, 0));
}

/* The job whose copy a source takes; 0: none. The copy is gone. */
static uint32_t take(unsigned source)
{
    struct parcel *p = share_lane_take(t.lane, source);
    if (!p)
        return 0;
    uint32_t job = p->copy.mailing->job;
    u64set_remove(&t.thread->taken, taken_key(job, p->copy.contact));
    parcel_free(t.thread, p);
    return job;
}

/* Takes `count` copies while all of `jobs` have enough; what each got. */
static void take_many(unsigned count, uint32_t jobs, unsigned got[JOBS + 1])
{
    memset(got, 0, (JOBS + 1) * sizeof(*got));
    while (count-- > 0) {
        for (uint32_t job = 1; job <= jobs; job++)
            if (t.shares[job]->loaded.count < 2)
                load(job, 20);
        got[take(0)]++;
    }
}

static void jobs_get_on_by_their_weights(void **state)
{
    (void)state;
    unsigned got[JOBS + 1];
    begin_job(1, 1);
    begin_job(2, 3);
    begin_job(3, 10);
    take_many(14000, 3, got);
    assert_in_range(got[1], 999, 1001);
    assert_in_range(got[2], 2999, 3001);
    assert_in_range(got[3], 9998, 10002);
}

/* Also in any short run: nobody waits while another has more than its part. */
static void they_take_turns_closely(void **state)
{
    (void)state;
    unsigned got[JOBS + 1];
    begin_job(1, 1);
    begin_job(2, 3);
    begin_job(3, 10);
    for (int i = 0; i < 100; i++) {
        take_many(14, 3, got);
        assert_in_range(got[1], 0, 2);
        assert_in_range(got[2], 2, 4);
        assert_in_range(got[3], 9, 11);
    }
}

static void how_much_is_loaded_is_no_weight(void **state)
{
    (void)state;
    begin_job(1, 1);
    begin_job(2, 1);
    load(1, 400);
    load(2, 20);
    unsigned got[JOBS + 1] = {0};
    for (int i = 0; i < 40; i++)
        got[take(0)]++;
    assert_int_equal(got[1], 20);
    assert_int_equal(got[2], 20);
}

static void who_comes_new_has_no_claim_on_what_went_before(void **state)
{
    (void)state;
    unsigned got[JOBS + 1];
    begin_job(1, 1);
    take_many(5000, 1, got);
    begin_job(2, 1);
    take_many(20, 2, got);
    assert_in_range(got[1], 9, 11);
    assert_in_range(got[2], 9, 11);
}

static void nor_who_had_nothing_for_a_time(void **state)
{
    (void)state;
    unsigned got[JOBS + 1];
    begin_job(1, 1);
    begin_job(2, 1);
    take_many(100, 2, got);
    while (t.shares[2]->loaded.count > 0)
        take(0);
    load(1, 5000);
    for (int i = 0; i < 4000; i++)
        assert_int_equal(take(0), 1);
    take_many(20, 2, got);
    assert_in_range(got[1], 9, 11);
}

static void what_came_back_goes_before_what_is_loaded(void **state)
{
    (void)state;
    begin_job(1, 1);
    load(1, 3);
    struct parcel *first = share_lane_take(t.lane, 0), *second = share_lane_take(t.lane, 0);
    share_return(t.shares[1], first);
    share_return(t.shares[1], second);
    assert_int_equal(t.lane->copies, 3);
    assert_ptr_equal(share_lane_take(t.lane, 0), first);
    assert_ptr_equal(share_lane_take(t.lane, 0), second);
    assert_int_equal(t.lane->copies, 1);
    share_return(t.shares[1], first);
    share_return(t.shares[1], second);
}

static void a_source_takes_only_what_it_may_send(void **state)
{
    (void)state;
    begin_job(1, 1)->sources = 1;
    begin_job(2, 1)->sources = 2;
    begin_job(3, 1)->sources = 3;
    load(1, 10), load(2, 10), load(3, 10);
    for (int i = 0; i < 15; i++)
        assert_int_not_equal(take(1), 1);
    assert_true(share_lane_has(t.lane, 0) && share_lane_has(t.lane, 1));
    for (int i = 0; i < 5; i++)
        assert_int_not_equal(take(1), 0);
    assert_false(share_lane_has(t.lane, 1));
    assert_int_equal(take(1), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(0), 1);
    assert_int_equal(take(0), 0);
}

/* A source takes of those that it may send the one that has had least. */
static void weights_hold_for_each_source(void **state)
{
    (void)state;
    unsigned got[JOBS + 1] = {0};
    begin_job(1, 1)->sources = 3;
    begin_job(2, 4)->sources = 3;
    begin_job(3, 1)->sources = 2;
    for (int i = 0; i < 1000; i++) {
        for (uint32_t job = 1; job <= 3; job++)
            if (t.shares[job]->loaded.count == 0)
                load(job, 10);
        got[take(0)]++;
    }
    assert_in_range(got[1], 199, 201);
    assert_int_equal(got[3], 0);
}

static void what_is_held_is_left_alone(void **state)
{
    (void)state;
    begin_job(1, 1);
    begin_job(2, 1);
    load(1, 5), load(2, 5);
    t.shares[1]->held_until = (uint32_t)clock_steady_s() + 60;
    share_turn(t.shares[1]);
    for (int i = 0; i < 5; i++)
        assert_int_equal(take(0), 2);
    assert_int_equal(take(0), 0);
    clock_hold(CREW_NOW_US + 61 * 1000000);
    share_turn(t.shares[1]);
    for (int i = 0; i < 5; i++)
        assert_int_equal(take(0), 1);
}

static bool is_even(void *ctx, const struct parcel *parcel)
{
    (void)ctx;
    return parcel->copy.contact % 2 == 0;
}

static void those_that_are_taken_out_are_counted(void **state)
{
    struct parcel_line out;
    (void)state;
    parcel_line_init(&out);
    begin_job(1, 1);
    load(1, 10);
    struct parcel *p = share_lane_take(t.lane, 0);
    share_return(t.shares[1], p);
    share_take_out(t.shares[1], is_even, NULL, &out);
    assert_int_equal(out.count, 5);
    assert_int_equal(t.lane->copies, 5);
    assert_ptr_equal(share_lane_take(t.lane, 0), p);
    share_return(t.shares[1], p);
    struct parcel_line back;
    parcel_line_init(&back);
    share_take_returned(t.shares[1], &back);
    assert_int_equal(back.count, 1);
    assert_int_equal(t.lane->copies, 4);
    for (; (p = parcel_line_take(&out)) || (p = parcel_line_take(&back));)
        share_add(t.shares[1], p);
    while (t.lane->copies > 0)
        assert_int_equal(take(0), 1);
    assert_null(heap_first(&t.lane->heap));
}

/* --- What holds whatever happens --- */

static void assert_lane_is_whole(uint32_t jobs)
{
    size_t copies = 0, has = 0;
    for (uint32_t job = 1; job <= jobs; job++) {
        const struct share *share = t.shares[job];
        size_t n = share->loaded.count + share->returned.count;
        bool held = share->held_until > (uint32_t)clock_steady_s();
        copies += n;
        has += n > 0 && !held;
        assert_int_equal(share->turn.place != 0, n > 0 && !held);
    }
    assert_int_equal(copies, t.lane->copies);
    assert_int_equal(has, t.lane->heap.count);
}

static void hold_or_release(struct dice *dice, uint32_t job)
{
    struct share *share = t.shares[job];
    share->held_until = share->held_until ? 0 : (uint32_t)clock_steady_s() + 1000;
    share_turn(share);
    if (dice_below(dice, 3) == 0) {
        struct parcel_line out;
        parcel_line_init(&out);
        share_take_out(share, is_even, NULL, &out);
        for (struct parcel *p; (p = parcel_line_take(&out));)
            share_return(share, p);
    }
}

static void a_million_steps_leave_a_lane_whole(void **state)
{
    enum { IN_HAND = 64 };
    struct parcel *in_hand[IN_HAND];
    size_t held = 0;
    struct dice dice = dice_of(11);
    (void)state;
    for (uint32_t job = 1; job <= JOBS; job++)
        begin_job(job, 1 + (unsigned)dice_below(&dice, 10))->sources = 1 + dice_below(&dice, 3);
    for (int step = 0; step < 1000000; step++) {
        uint32_t job = 1 + (uint32_t)dice_below(&dice, JOBS);
        uint64_t what = dice_below(&dice, 100);
        if (what < 40 && held < IN_HAND) {
            unsigned source = (unsigned)dice_below(&dice, 2);
            bool has = share_lane_has(t.lane, source);
            struct parcel *p = share_lane_take(t.lane, source);
            assert_int_equal(has, p != NULL);
            if (p)
                in_hand[held++] = p;
        } else if (what < 60 && held > 0) {
            struct parcel *p = in_hand[--held];
            share_return(p->feed->share, p);
        } else if (what < 75 && held > 0) {
            struct parcel *p = in_hand[--held];
            u64set_remove(&t.thread->taken, taken_key(p->copy.mailing->job, p->copy.contact));
            parcel_free(t.thread, p);
        } else if (what < 95 && t.shares[job]->loaded.count < HAND_FULL) {
            load(job, 1);
        } else if (what == 99) {
            hold_or_release(&dice, job);
        }
        if (step % 64 == 0)
            assert_lane_is_whole(JOBS);
    }
    while (held > 0)
        parcel_free(t.thread, in_hand[--held]);
}

/* --- Reading --- */

static void add_queue(uint32_t job, uint32_t count)
{
    struct queue_entry *all = alloc(count * sizeof(*all));
    for (uint32_t i = 0; i < count; i++)
        all[i] = (struct queue_entry){job, job, 0, i + 1};
    crew_queue(all, count);
    free(all);
}

static void give_lease(uint32_t domain)
{
    crew_offer(&crew.mailings[domain - 1], domain);
    for (int i = 0; i < 3; i++) {
        crew_turn_all(1);
        crew_answer_all();
    }
}

static size_t loaded_of(uint32_t job)
{
    struct share *share;
    HASH_FIND(hh, t.site->shares, &job, sizeof(job), share);
    return share ? share->loaded.count : 0;
}

/* So many copies are taken, as they come, and end. */
static void end_some(unsigned count)
{
    for (int i = 0; i < 100000 && count > 0; i++) {
        struct parcel *p = share_lane_take(t.lane, 0);
        crew_turn_all(1);
        if (!p || i % 16 == 0)
            crew_settle(t.thread);
        if (!p)
            continue;
        report_expired(t.thread, p, STR("It ended."));
        count--;
    }
    crew_settle(t.thread);
}

static void a_large_job_leaves_room_for_a_small_one(void **state)
{
    (void)state;
    crew_domains(2);
    add_queue(1, 5000);
    add_queue(2, 10);
    give_lease(1);
    crew_turn_all(3);
    assert_true(loaded_of(1) >= 16);
    give_lease(2);
    end_some(100);
    assert_int_equal(crew_queued(2, 2), 0);
    assert_int_equal(crew_queued(1, 1), 5000 - 90);
}

/* The site reads no more than it may have loaded, whatever the number of jobs. */
static void what_is_loaded_is_bounded(void **state)
{
    (void)state;
    crew_domains(JOBS);
    for (uint32_t job = 1; job <= JOBS; job++)
        add_queue(job, 600);
    for (uint32_t job = 1; job <= JOBS; job++)
        give_lease(job);
    for (int i = 0; i < 50; i++) {
        site_work(t.site);
        crew_turn_all(1);
        assert_in_range(t.lane->copies, 1, 512 + 64);
        for (uint32_t job = 1; job <= JOBS; job++)
            assert_in_range(loaded_of(job), 0, 64);
    }
    end_some(2000);
    for (uint32_t job = 1; job <= JOBS; job++)
        assert_in_range(crew_queued(job, job), 600 - 240, 600 - 160);
}

#define SHARE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* These have shares of their own, which go with the crew. */
static int tear_down_crew(void **state)
{
    (void)state;
    crew_tear_down();
    return 0;
}

#define READ_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down_crew)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARE_TEST(jobs_get_on_by_their_weights),
        SHARE_TEST(they_take_turns_closely),
        SHARE_TEST(how_much_is_loaded_is_no_weight),
        SHARE_TEST(who_comes_new_has_no_claim_on_what_went_before),
        SHARE_TEST(nor_who_had_nothing_for_a_time),
        SHARE_TEST(what_came_back_goes_before_what_is_loaded),
        SHARE_TEST(a_source_takes_only_what_it_may_send),
        SHARE_TEST(weights_hold_for_each_source),
        SHARE_TEST(what_is_held_is_left_alone),
        SHARE_TEST(those_that_are_taken_out_are_counted),
        SHARE_TEST(a_million_steps_leave_a_lane_whole),
        READ_TEST(a_large_job_leaves_room_for_a_small_one),
        READ_TEST(what_is_loaded_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
