/* Budgets of new sources, on a false clock and with several threads: never more than a day's budget
 * goes, whoever asks in whatever order, and whatever is forgotten on the way. */
#include "delivery/warmth.h"

#include "delivery/parcel.h"
#include "store/warm_up.h"
#include "unit/delivery/crew.h"

/* The crew's clock stands at 2023-11-14, 22:13:20 UTC. */
enum { THREADS = 3, OLD = 0, NEW_ONE = 1, LATER = 2, DAY_S = 86400, HELD_MAX = 12 };

#define SOURCES(days)                                                      \
    CREW_SOURCE "source \"new\" { ehlo = \"new.send.example\"\n"           \
                "warm_up { start = \"2023-11-14\"\n days = " days " } }\n" \
                "source \"later\" { ehlo = \"later.send.example\"\n"       \
                "warm_up { start = \"2023-11-20\"\n days = { 5 } } }\n"    \
                "provider \"big\" { mx = { \"*.big.example\" } }\n"

static struct {
    struct site *sites[THREADS]; /* without a provider, one in each thread */
    struct site *big;            /* the provider's, in the first thread */
    struct config *other;        /* for a reload */
} t;

static struct dns_mx *fake_dns_mx(const char *domain)
{
    (void)domain;
    return NULL;
}

static struct dns_addresses *fake_dns_hosts(const char *host)
{
    (void)host;
    return NULL;
}

static struct site *make_site(struct delivery_thread *thread, const char *name)
{
    struct fake_exchanger host = {10, name};
    struct dns_mx *mx = fake_mx(DNS_FOUND, &host, 1);
    struct destination *to = destination_by_mx(crew.config, STR("d1.example"), mx);
    struct site *site = site_get(thread, to);
    dns_mx_unref(mx);
    destination_unref(to);
    return site;
}

static bool is_asking(void)
{
    for (unsigned i = 0; i < THREADS; i++)
        for (const struct allotment *a = crew.threads[i].warmth.all; a; a = a->next)
            if (a->asking)
                return true;
    return false;
}

/* All that was asked of the writer is answered. */
static void settle(void)
{
    for (int i = 0; i < 20000 && is_asking(); i++) {
        crew_turn_all(1);
        usleep(100);
    }
    assert_false(is_asking());
}

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    crew_set_up(THREADS, SOURCES("{ 20, 60, 400 }"));
    for (unsigned i = 0; i < THREADS; i++)
        t.sites[i] =
            make_site(&crew.threads[i], i ? i == 1 ? "b.example" : "c.example" : "a.example");
    t.big = make_site(&crew.threads[0], "mx.big.example");
    assert_non_null(t.big->provider);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    settle();
    crew_tear_down();
    for (unsigned i = 0; i < THREADS; i++)
        warmth_release(&crew.threads[i]);
    config_unref(t.other);
    return 0;
}

static bool pick(struct site *site, unsigned source, struct parcel *parcel)
{
    struct outlet *outlet = outlet_get(site, source);
    *parcel = (struct parcel){.outlet = outlet};
    if (!warmth_allows(site, source))
        return false;
    warmth_take(outlet, parcel);
    return true;
}

/* How many copies can go one after the other, at most `want`. */
static unsigned send_up_to(struct site *site, unsigned source, unsigned want)
{
    struct parcel parcel;
    unsigned sent = 0;
    for (int idle = 0; sent < want && idle < 2;) {
        if (pick(site, source, &parcel)) {
            assert_true(warmth_may_go(parcel.outlet, &parcel));
            warmth_use(&parcel);
            sent++;
            idle = 0;
        } else {
            idle++;
            settle();
        }
    }
    return sent;
}

static void set_time(int64_t seconds)
{
    clock_hold(CREW_NOW_US + seconds * 1000000);
}

/* As after kill -9: what the threads knew is gone. */
static void crash(void)
{
    settle();
    for (unsigned i = 0; i < THREADS; i++) {
        warmth_release(&crew.threads[i]);
        crew.threads[i].warmth.day = 0;
    }
}

static void reload(struct config *config)
{
    for (unsigned i = 0; i < THREADS; i++) {
        crew.settings[i].config = config;
        warmth_reload(&crew.threads[i]);
    }
}

static uint32_t taken(struct str provider)
{
    struct warm_up_place place = {STR("new"), provider};
    struct warm_up_record record;
    struct txn txn;
    txn_begin(crew.place->store, &txn);
    bool found = warm_up_read(&txn, &place, &record);
    read_end(&txn);
    return found ? record.taken : 0;
}

static void a_warm_source_has_no_budget(void **state)
{
    struct parcel parcel;
    (void)state;
    assert_true(pick(t.big, OLD, &parcel));
    assert_null(parcel.unit);
    assert_true(warmth_may_go(parcel.outlet, &parcel));
    assert_int_equal(warmth_left(t.big, OLD), UINT32_MAX);
    assert_false(warmth_is_new(t.big, OLD) || warmth_is_spent(t.big, OLD));
    warmth_give_back(&parcel);
    assert_int_equal(warmth_sources(&crew.threads[0]), 1 << NEW_ONE | 1 << LATER);
}

static void nothing_goes_before_it_is_durable(void **state)
{
    struct parcel parcel;
    (void)state;
    assert_false(pick(t.big, NEW_ONE, &parcel));
    assert_false(warmth_is_spent(t.big, NEW_ONE));
    settle();
    assert_int_equal(taken(STR("big")), 1);
    assert_true(pick(t.big, NEW_ONE, &parcel));
    warmth_give_back(&parcel);
}

static void the_budget_is_used_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(send_up_to(t.big, NEW_ONE, 1000), 20);
    assert_true(warmth_is_spent(t.big, NEW_ONE));
    assert_int_equal(warmth_budget(t.big, NEW_ONE), 20);
}

static void each_place_has_its_own_and_threads_share(void **state)
{
    unsigned sent = 0;
    (void)state;
    assert_int_equal(send_up_to(t.big, NEW_ONE, 1000), 20);
    for (unsigned i = 0; i < THREADS; i++)
        sent += send_up_to(t.sites[i], NEW_ONE, i < 2 ? 7 : 1000);
    assert_in_range(sent, 18, 20); /* a part of one may stay with each of the others */
}

static void before_its_first_day_nothing_goes(void **state)
{
    (void)state;
    assert_int_equal(send_up_to(t.big, LATER, 5), 0);
    assert_true(warmth_is_spent(t.big, LATER));
    set_time(6 * DAY_S);
    assert_int_equal(send_up_to(t.big, LATER, 50), 5);
    set_time(7 * DAY_S);
    assert_int_equal(send_up_to(t.big, LATER, 50), 50);
}

static void each_day_begins_anew_until_it_is_warm(void **state)
{
    (void)state;
    assert_int_equal(send_up_to(t.big, NEW_ONE, 1000), 20);
    set_time(3 * 3600); /* after midnight */
    assert_false(warmth_is_spent(t.big, NEW_ONE));
    assert_int_equal(send_up_to(t.big, NEW_ONE, 1000), 60);
    set_time(DAY_S + 3 * 3600);
    assert_int_equal(send_up_to(t.big, NEW_ONE, 1000), 400);
    set_time(2 * DAY_S + 3 * 3600);
    assert_int_equal(send_up_to(t.big, NEW_ONE, 1000), 1000);
    assert_false(warmth_is_new(t.big, NEW_ONE));
}

static void a_copy_of_yesterday_needs_another_unit(void **state)
{
    struct parcel parcel;
    (void)state;
    send_up_to(t.big, NEW_ONE, 5);
    while (!pick(t.big, NEW_ONE, &parcel))
        settle();
    set_time(3 * 3600);
    assert_false(warmth_may_go(parcel.outlet, &parcel));
    warmth_give_back(&parcel);
    assert_int_equal(send_up_to(t.big, NEW_ONE, 1000), 60);
}

static void what_is_not_sent_goes_to_the_next(void **state)
{
    struct parcel parcel;
    (void)state;
    assert_int_equal(send_up_to(t.big, NEW_ONE, 19), 19);
    while (!pick(t.big, NEW_ONE, &parcel))
        settle();
    assert_int_equal(send_up_to(t.big, NEW_ONE, 1), 0);
    warmth_give_back(&parcel);
    assert_int_equal(send_up_to(t.big, NEW_ONE, 10), 1);
}

static void a_crash_loses_a_part_at_most(void **state)
{
    (void)state;
    set_time(DAY_S + 3 * 3600); /* a budget of 400, in parts of 20 */
    unsigned sent = send_up_to(t.big, NEW_ONE, 105);
    crash();
    sent += send_up_to(t.big, NEW_ONE, 1000);
    assert_in_range(sent, 380, 400);
}

static void a_stop_in_order_loses_nothing(void **state)
{
    (void)state;
    set_time(DAY_S + 3 * 3600);
    unsigned sent = send_up_to(t.big, NEW_ONE, 105);
    settle();
    warmth_stop(&crew.threads[0]);
    settle();
    assert_int_equal(taken(STR("big")), sent);
    crash();
    assert_int_equal(sent + send_up_to(t.big, NEW_ONE, 1000), 400);
}

static void other_budgets_hold_at_once(void **state)
{
    struct parcel parcel;
    (void)state;
    t.other = crew_read(SOURCES("{ 6, 60, 400 }"));
    send_up_to(t.big, NEW_ONE, 5);
    while (!pick(t.big, NEW_ONE, &parcel))
        settle();
    reload(t.other);
    assert_false(warmth_may_go(parcel.outlet, &parcel));
    warmth_give_back(&parcel);
    assert_in_range(send_up_to(t.big, NEW_ONE, 100), 0, 1);
    reload(crew.config);
    assert_in_range(send_up_to(t.big, NEW_ONE, 100), 13, 14);
}

/* --- What holds whatever happens --- */

struct chaos {
    struct dice dice;
    struct parcel held[HELD_MAX];
    size_t held_count;
    int64_t now;         /* seconds after the crew's */
    unsigned sent[8][2]; /* by day, and by place: with a provider or not */
};

static struct site *any_site(struct chaos *c)
{
    uint64_t i = dice_below(&c->dice, THREADS + 2);
    return i < THREADS ? t.sites[i] : t.big;
}

static unsigned day_index(void)
{
    return warm_up_day(clock_wall_s()) - warm_up_day(CREW_NOW_US / 1000000);
}

static void use_one(struct chaos *c)
{
    struct parcel *p = &c->held[--c->held_count];
    if (warmth_may_go(p->outlet, p)) {
        c->sent[day_index()][p->outlet->site == t.big]++;
        warmth_use(p);
    } else {
        warmth_give_back(p);
    }
}

static void step(struct chaos *c)
{
    uint64_t what = dice_below(&c->dice, 1000);
    if (what < 450 && c->held_count < HELD_MAX) {
        if (pick(any_site(c), NEW_ONE, &c->held[c->held_count]))
            c->held_count++;
        else
            crew_turn((unsigned)dice_below(&c->dice, THREADS));
    } else if (what < 800 && c->held_count > 0) {
        use_one(c);
    } else if (what < 880 && c->held_count > 0) {
        warmth_give_back(&c->held[--c->held_count]);
    } else if (what < 895) {
        settle();
    } else if (what < 990) {
        crew_turn((unsigned)dice_below(&c->dice, THREADS));
    } else if (what < 996) {
        c->now += (int64_t)dice_below(&c->dice, 3600);
        set_time(c->now);
    } else if (what == 996) {
        crash();
        c->held_count = 0;
    } else {
        reload(what == 997 ? t.other : crew.config);
    }
}

static void forget_all(struct txn *txn, void *ctx)
{
    (void)ctx;
    warm_up_forget(txn, UINT32_MAX);
}

static void no_day_has_more_than_its_budget(void **state)
{
    static const unsigned budgets[] = {20, 60, 400};
    (void)state;
    t.other = crew_read(SOURCES("{ 20, 30, 400 }"));
    for (unsigned round = 1; round <= 6; round++) {
        struct chaos c = {.dice = dice_of(round)};
        set_time(0);
        for (int i = 0; i < 20000 && day_index() < 3; i++)
            step(&c);
        for (unsigned day = 0; day < 3; day++)
            for (unsigned place = 0; place < 2; place++)
                assert_in_range(c.sent[day][place], 0, budgets[day]);
        assert_true(c.sent[0][0] + c.sent[0][1] > 0);
        crash();
        write_now(crew.place->store, forget_all, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_warm_source_has_no_budget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_goes_before_it_is_durable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_budget_is_used_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_place_has_its_own_and_threads_share, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(before_its_first_day_nothing_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_day_begins_anew_until_it_is_warm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_of_yesterday_needs_another_unit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_sent_goes_to_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_loses_a_part_at_most, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_in_order_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_budgets_hold_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_day_has_more_than_its_budget, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
