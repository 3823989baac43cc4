/* Room for others: which domains a site keeps when a thread has as many as it can look after, and
 * which of them leave. The resolver is silent about addresses, so that nothing is sent. */
#include "delivery/crowd.h"

#include "unit/delivery/crew.h"

enum { CROWD = DOMAINS_LIVE / 2, LATER_S = 4 * 3600, ANSWERED = 100, KEPT = 3 * ANSWERED };

static struct {
    bool scattered; /* each domain has exchangers of its own */
    uint64_t nearest_ms, farthest_ms;
} t;

static struct dns_mx *fake_dns_mx(const char *domain)
{
    char name[64];
    struct fake_exchanger host = {10, name};
    snprintf(name, sizeof(name), "mx.%s", t.scattered ? domain : "example");
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
    crew_set_up(1, CREW_SOURCE);
    memset(&t, 0, sizeof(t));
    crew.mailings[1].lane = LANE_TRANSACTIONAL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    crew_tear_down();
    return 0;
}

static struct domains *domains(void)
{
    return &crew.threads[0].domains;
}

/* One recipient of the job at each of these domains, due then, and the job is offered there. */
static void send_to(uint32_t job, uint32_t first, uint32_t count, uint32_t due)
{
    struct queue_entry *entries = alloc(count * sizeof(*entries));
    uint32_t *numbers = alloc(count * sizeof(*numbers));
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = first + i;
        entries[i] = (struct queue_entry){job, first + i, due, job * 100000 + first + i};
    }
    crew_queue(entries, count);
    domains_offer(domains(), &crew.mailings[job - 1], numbers, count);
    free(numbers);
    free(entries);
}

static void turns(unsigned count)
{
    while (count-- > 0) {
        crew_answer_all();
        crew_turn_all(1);
    }
}

/* TEMPO_TICK_MS have passed, in which the site was at work and answered so many messages. */
static void tick(struct site *site, unsigned answered)
{
    while (answered-- > 0)
        tempo_count(&site->tempo);
    crowd_thin(site, true);
    tempo_tick(&site->tempo, true);
    turns(8);
}

static void note_due(void *ctx, uint32_t number, const struct destination *to, uint64_t due_ms)
{
    (void)ctx, (void)number, (void)to;
    uint64_t ms = due_ms - loop_now_ms(&crew.threads[0].loop);
    t.nearest_ms = ms < t.nearest_ms ? ms : t.nearest_ms;
    t.farthest_ms = ms > t.farthest_ms ? ms : t.farthest_ms;
}

static uint32_t later(void)
{
    return (uint32_t)clock_steady_s() + LATER_S;
}

/* One site has them all. */
static void domains_that_only_wait_give_way(void **state)
{
    (void)state;
    crew_domains(DOMAINS_LIVE + 1);
    send_to(1, 1, DOMAINS_LIVE, later());
    send_to(1, DOMAINS_LIVE + 1, 1, 0);
    turns(400);
    assert_int_equal(domains_numbers(domains()).waiting, 1);
    assert_int_equal(crew_tenancy(1)->site->tenancy_count, DOMAINS_LIVE);
    tick(crew_tenancy(1)->site, 0);
    turns(8);
    assert_int_equal(domains_numbers(domains()).waiting, 0);
    assert_non_null(crew_tenancy(DOMAINS_LIVE + 1));
    assert_true(domains_numbers(domains()).live < CROWD + 1);
}

/* Each has a site of its own: no tick is needed. */
static void domains_of_small_sites_that_only_wait_give_way_at_once(void **state)
{
    (void)state;
    t.scattered = true;
    crew_domains(DOMAINS_LIVE + 1);
    send_to(1, 1, DOMAINS_LIVE, later());
    send_to(1, DOMAINS_LIVE + 1, 1, 0);
    turns(20);
    assert_int_equal(domains_numbers(domains()).waiting, 0);
    assert_non_null(crew_tenancy(DOMAINS_LIVE + 1));
}

static void few_domains_stay_while_they_wait(void **state)
{
    (void)state;
    crew_domains(CROWD - 1);
    send_to(1, 1, CROWD - 1, later());
    turns(200);
    tick(crew_tenancy(1)->site, 0);
    assert_int_equal(crew_tenancy(1)->site->tenancy_count, CROWD - 1);
    assert_int_equal(domains_numbers(domains()).away, 0);
}

static void a_site_keeps_what_it_serves_soon_and_transactional_mail(void **state)
{
    (void)state;
    crew_domains(3000);
    send_to(1, 1, 100, 0);
    turns(8);
    send_to(1, 101, 2890, 0);
    turns(8);
    send_to(2, 2991, 10, 0);
    turns(8);
    struct site *site = crew_tenancy(1)->site;
    tick(site, 0);
    tick(site, ANSWERED);
    assert_true(site->tenancy_count >= KEPT);
    assert_true(site->tenancy_count <= KEPT + 10);
    for (uint32_t domain = 1; domain <= 100; domain++)
        assert_non_null(crew_tenancy(domain)); /* they came first */
    for (uint32_t domain = 2991; domain <= 3000; domain++)
        assert_non_null(crew_tenancy(domain));
    assert_int_equal(domains_numbers(domains()).away, 3000 - site->tenancy_count);
}

/* Nothing of it is lost: all those that left are known, and back by and by. */
static void those_behind_are_away_for_as_long_as_others_are_before_them(void **state)
{
    (void)state;
    crew_domains(3000);
    send_to(1, 1, 3000, 0);
    turns(8);
    tick(crew_tenancy(1)->site, 0);
    tick(crew_tenancy(1)->site, ANSWERED);
    t.nearest_ms = UINT64_MAX;
    domains_each_away(domains(), 1, 3000, note_due, NULL);
    assert_in_range(t.nearest_ms, 9 * 1000, 30 * 1000);
    assert_in_range(t.farthest_ms, 150 * 1000, 300 * 1000); /* 3000 at 10 a second */
}

/* What was seen of a site that was not at work all the while says nothing. */
static void a_site_that_was_not_at_work_keeps_its_domains(void **state)
{
    (void)state;
    crew_domains(3000);
    send_to(1, 1, 3000, 0);
    turns(8);
    struct site *site = crew_tenancy(1)->site;
    tick(site, ANSWERED); /* the first tick: it was not, before */
    crowd_thin(site, false);
    turns(4);
    assert_int_equal(site->tenancy_count, 3000);
}

static void a_newcomer_leaves_with_the_others_unless_it_is_transactional(void **state)
{
    (void)state;
    crew_domains(3002);
    send_to(1, 1, 3000, 0);
    turns(8);
    struct site *site = crew_tenancy(1)->site;
    tick(site, 0);
    tick(site, ANSWERED);
    send_to(2, 3001, 1, 0);
    send_to(1, 3002, 1, 0);
    size_t away = domains_numbers(domains()).away;
    turns(8);
    assert_non_null(crew_tenancy(3001));
    assert_null(crew_tenancy(3002));
    assert_int_equal(domains_numbers(domains()).away, away + 1);
}

static void some_room_is_kept_for_transactional_mail(void **state)
{
    (void)state;
    crew_domains(DOMAINS_LIVE + 2);
    send_to(1, 1, DOMAINS_LIVE + 1, 0);
    assert_int_equal(domains_numbers(domains()).live, DOMAINS_LIVE);
    assert_int_equal(domains_numbers(domains()).waiting, 1);
    send_to(2, DOMAINS_LIVE + 2, 1, 0);
    assert_int_equal(domains_numbers(domains()).live, DOMAINS_LIVE + 1);
    assert_int_equal(domains_numbers(domains()).waiting, 1);
    turns(8);
    assert_non_null(crew_tenancy(DOMAINS_LIVE + 2));
    assert_null(crew_tenancy(DOMAINS_LIVE + 1));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(domains_that_only_wait_give_way),
        TEST(domains_of_small_sites_that_only_wait_give_way_at_once),
        TEST(few_domains_stay_while_they_wait),
        TEST(a_site_keeps_what_it_serves_soon_and_transactional_mail),
        TEST(those_behind_are_away_for_as_long_as_others_are_before_them),
        TEST(a_site_that_was_not_at_work_keeps_its_domains),
        TEST(a_newcomer_leaves_with_the_others_unless_it_is_transactional),
        TEST(some_room_is_kept_for_transactional_mail),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
