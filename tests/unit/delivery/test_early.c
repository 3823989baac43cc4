/* Who clicked last goes first to a new source, the others leave them alone as long as that makes
 * sense, and nobody is sent twice or forgotten. No session is opened: the test takes the copies. */
#include "delivery/early.h"

#include "delivery/share.h"
#include "unit/delivery/crew.h"

/* The crew's clock stands at 2023-11-14. */
#define BUDGET 20
#define SOURCES                                                               \
    CREW_SOURCE "source \"new\" { ehlo = \"new.send.example\"\n"              \
                "warm_up { start = \"2023-11-14\"\n days = { 20, 200 } } }\n" \
                "pool \"both\" { sources = { \"mail1\", \"new\" } }\n"        \
                "pool \"fresh\" { sources = { \"new\" } }\n"

enum { OLD, NEW_ONE, DOMAINS = 3, EACH = 100, PEOPLE = DOMAINS * EACH, LOADED = 32 };

static struct {
    struct delivery_thread *thread;
    struct site *site;
    struct share *share;
    struct mailing *mailing;
    unsigned ended[PEOPLE + 1];
} t;

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

/* Contacts 1 to PEOPLE, in turns at the domains; each has clicked at another time. */
static uint32_t domain_of(uint32_t contact)
{
    return contact % DOMAINS + 1;
}

static uint32_t click_of(uint32_t contact)
{
    return 1000 + contact * 7 % PEOPLE;
}

static void choose(void)
{
    struct favourites *f = favourites_new(40);
    for (uint32_t d = 1; d <= DOMAINS; d++)
        for (uint32_t contact = 1; contact <= PEOPLE; contact++)
            if (domain_of(contact) == d)
                favourites_add(f, &(struct favourite){d, contact, click_of(contact)});
    favourites_finish(f);
    t.mailing->favourites = f;
}

static void queue_all(void)
{
    static struct queue_entry all[PEOPLE];
    for (uint32_t contact = 1; contact <= PEOPLE; contact++)
        all[contact - 1] = (struct queue_entry){1, domain_of(contact), 0, contact};
    crew_queue(all, PEOPLE);
}

static void turn(void)
{
    crew_turn_all(2);
    crew_answer_all();
    crew_settle(t.thread);
    crew_turn_all(2);
}

static void begin(const char *pool)
{
    t.mailing->pool = str_of(pool);
    for (uint32_t d = 1; d <= DOMAINS; d++)
        crew_offer(t.mailing, d);
    for (int i = 0; i < 4; i++)
        turn();
    t.site = t.thread->sites;
    assert_non_null(t.site);
    t.share = t.site->shares;
    assert_non_null(t.share);
}

static int set_up(void **state)
{
    (void)state;
    crew_set_up(1, SOURCES);
    memset(&t, 0, sizeof(t));
    t.thread = &crew.threads[0];
    t.mailing = &crew.mailings[0];
    crew_domains(DOMAINS);
    queue_all();
    choose();
    return 0;
}

static void settle_budget(void)
{
    for (int i = 0; i < 20000 && t.thread->warmth.all && t.thread->warmth.all->asking; i++) {
        crew_turn_all(1);
        usleep(100);
    }
}

static int tear_down(void **state)
{
    (void)state;
    settle_budget();
    crew_tear_down();
    warmth_release(&crew.threads[0]);
    favourites_free(t.mailing->favourites);
    return 0;
}

/* A copy for a source, as its outlet would pick it; NULL: none now. */
static struct parcel *pick(unsigned source)
{
    struct share_lane *lane = &t.site->lanes[LANE_BULK];
    struct outlet *outlet = outlet_get(t.site, source);
    turn();
    if (!share_lane_has(lane, source) || !warmth_allows(t.site, source))
        return NULL;
    struct parcel *p = share_lane_take(lane, source);
    p->outlet = outlet;
    warmth_take(outlet, p);
    return p;
}

/* The same, after what is awaited has come. */
static struct parcel *pick_patiently(unsigned source)
{
    struct parcel *p = pick(source);
    for (int i = 0; i < 3 && !p; i++) {
        settle_budget();
        p = pick(source);
    }
    return p;
}

static uint32_t finish(struct parcel *p)
{
    uint32_t contact = p->copy.contact;
    t.ended[contact]++;
    warmth_use(p);
    report_expired(t.thread, p, STR("It ended."));
    site_work(t.site);
    return contact;
}

static uint32_t send_one(unsigned source)
{
    struct parcel *p = pick_patiently(source);
    return p ? finish(p) : 0;
}

/* How many have clicked later. */
static unsigned rank_of(uint32_t contact)
{
    unsigned rank = 0;
    for (uint32_t c = 1; c <= PEOPLE; c++)
        rank += click_of(c) > click_of(contact);
    return rank;
}

static void assert_all_ended(void)
{
    for (uint32_t contact = 1; contact <= PEOPLE; contact++)
        assert_int_equal(t.ended[contact], 1);
    for (uint32_t d = 1; d <= DOMAINS; d++)
        assert_int_equal(crew_queued(1, d), 0);
}

/* The feeds that left some alone read again in a second, on the steady clock and the loop's. */
static void a_second_passes(void)
{
    static int64_t seconds;
    clock_hold(CREW_NOW_US + ++seconds * 1000000);
    feeds_wake(t.site, (uint32_t)clock_steady_s());
    site_work(t.site);
    turn();
}

static void finish_the_rest(unsigned source)
{
    for (int idle = 0; idle < 3;) {
        if (send_one(source)) {
            idle = 0;
        } else {
            idle++;
            a_second_passes();
        }
    }
}

static void the_latest_click_goes_first_whatever_the_domain(void **state)
{
    (void)state;
    begin("both");
    for (unsigned i = 0; i < BUDGET; i++)
        assert_int_equal(rank_of(send_one(NEW_ONE)), i);
    assert_int_equal(send_one(NEW_ONE), 0);
    finish_the_rest(OLD);
    assert_all_ended();
}

static void others_leave_them_alone(void **state)
{
    (void)state;
    begin("both");
    unsigned count = 0;
    for (uint32_t contact; (contact = send_one(OLD)); count++)
        assert_true(rank_of(contact) >= BUDGET);
    /* Of each domain as many as the budget; and some are loaded already. */
    assert_in_range(count, PEOPLE - DOMAINS * BUDGET - LOADED, PEOPLE - DOMAINS * BUDGET);
    /* Nor later: the new one has just not begun. */
    a_second_passes();
    assert_int_equal(send_one(OLD), 0);
    for (unsigned i = 0; i < BUDGET; i++)
        assert_int_equal(rank_of(send_one(NEW_ONE)), i);
    finish_the_rest(OLD);
    assert_all_ended();
}

static void who_has_nothing_else_helps_after_a_while(void **state)
{
    (void)state;
    begin("both");
    while (send_one(OLD))
        ;
    assert_true(t.share->early.since_ms > 0);
    t.share->early.since_ms = 1; /* long ago */
    a_second_passes();
    finish_the_rest(OLD);
    assert_all_ended();
}

static void a_source_that_cannot_send_keeps_nobody_waiting(void **state)
{
    (void)state;
    begin("both");
    struct outlet *outlet = outlet_get(t.site, NEW_ONE);
    outlet->lessons.failures = 1;
    finish_the_rest(OLD);
    assert_all_ended();
    outlet->lessons.failures = 0;
}

static void one_that_comes_back_keeps_its_place(void **state)
{
    (void)state;
    begin("both");
    struct parcel *p = pick_patiently(NEW_ONE);
    site_return(t.site, p);
    assert_int_equal(rank_of(send_one(NEW_ONE)), 0);
    p = pick_patiently(NEW_ONE);
    parcel_put_back(t.thread, p);
    site_put_back(t.site, NULL);
    site_work(t.site);
    for (unsigned i = 1; i < BUDGET; i++)
        assert_int_equal(rank_of(send_one(NEW_ONE)), i);
    finish_the_rest(OLD);
    assert_all_ended();
}

static void alone_it_goes_on_in_order_the_next_day(void **state)
{
    (void)state;
    begin("fresh");
    for (unsigned i = 0; i < BUDGET; i++)
        assert_int_equal(rank_of(send_one(NEW_ONE)), i);
    a_second_passes();
    assert_int_equal(send_one(NEW_ONE), 0);
    assert_true(warmth_is_spent(t.site, NEW_ONE));
    clock_hold(CREW_NOW_US + 3 * 3600 * INT64_C(1000000));
    site_work(t.site);
    for (unsigned i = BUDGET; i < 3 * BUDGET; i++)
        assert_int_equal(rank_of(send_one(NEW_ONE)), i);
}

/* Chance decides who takes, and what comes of it. */
static void nobody_is_forgotten_and_nobody_has_it_twice(void **state)
{
    struct dice dice = dice_of(5);
    (void)state;
    begin("both");
    unsigned by_new = 0;
    for (int step = 0; step < 1500; step++) {
        unsigned source = dice_below(&dice, 4) == 0 ? NEW_ONE : OLD;
        uint64_t what = dice_below(&dice, 20);
        struct parcel *p = pick(source);
        if (!p)
            continue;
        if (what < 3) {
            site_return(t.site, p);
        } else if (what < 6) {
            warmth_give_back(p);
            parcel_put_back(t.thread, p);
        } else {
            by_new += source == NEW_ONE;
            finish(p);
        }
        if (what == 19)
            site_put_back(t.site, NULL);
        if (what == 18)
            a_second_passes();
    }
    assert_in_range(by_new, BUDGET / 2, BUDGET);
    if (t.site->shares)
        t.share->early.since_ms = 1;
    finish_the_rest(OLD);
    assert_all_ended();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_latest_click_goes_first_whatever_the_domain, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(others_leave_them_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_nothing_else_helps_after_a_while, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_source_that_cannot_send_keeps_nobody_waiting, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_comes_back_keeps_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alone_it_goes_on_in_order_the_next_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_is_forgotten_and_nobody_has_it_twice, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
