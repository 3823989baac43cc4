/* Limits that several share, on a real loop with a clock that the test holds: who may go, who waits
 * and where. */
#include "delivery/throttle.h"

#include "loop/loop.h"
#include "unit/delivery/dice.h"

enum { MS = 1000, S = 1000 * MS, FAR = 1000 * S, OUTLETS = 12 };

/* An outlet as far as a throttle sees it: its own one, and the path. */
struct user {
    struct throttle own;
    struct throttle_path path;
    struct turn connect, send;
    unsigned called, open, sent;
};

static struct loop loop;
static struct throttle source, total;
static struct user users[OUTLETS];
static const struct throttle_limits none;

static void on_turn(void *ctx)
{
    ((struct user *)ctx)->called++;
}

static void begin_user(struct user *u, const struct throttle_limits *own)
{
    *u = (struct user){.called = 0};
    throttle_init(&u->own, &loop, own, 0);
    u->path = (struct throttle_path){{&u->own, &source, &total}, 3};
    turn_init(&u->connect, on_turn, u);
    turn_init(&u->send, on_turn, u);
}

static void begin(const struct throttle_limits *own, const struct throttle_limits *of_source,
                  const struct throttle_limits *of_all)
{
    throttle_init(&source, &loop, of_source, 0);
    throttle_init(&total, &loop, of_all, 0);
    for (size_t i = 0; i < OUTLETS; i++)
        begin_user(&users[i], own);
}

static int set_up(void **state)
{
    struct err err;
    (void)state;
    return loop_init(&loop, "throttle", &err);
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < OUTLETS; i++) {
        turn_leave(&users[i].connect);
        turn_leave(&users[i].send);
        throttle_release(&users[i].own);
    }
    throttle_release(&source);
    throttle_release(&total);
    loop_release(&loop);
    return 0;
}

static bool connects(struct user *u, bool urgent, int64_t now)
{
    if (throttle_ask_connection(&u->path, &u->connect, urgent, now) == THROTTLE_WAIT)
        return false;
    throttle_connected(&u->path, now);
    u->open++;
    return true;
}

static void disconnect(struct user *u)
{
    throttle_disconnected(&u->path);
    u->open--;
}

static bool asks(struct user *u, int64_t now)
{
    if (throttle_ask_message(&u->path, &u->send, false, now) == THROTTLE_WAIT)
        return false;
    throttle_sent(&u->path, now);
    u->sent++;
    return true;
}

/* As the timer of its turn would have called it by now. */
static bool sends(struct user *u, int64_t now)
{
    turn_leave(&u->send);
    return asks(u, now);
}

static void run_until_called(const struct user *u, unsigned times)
{
    while (u->called < times)
        uv_run(&loop.uv, UV_RUN_NOWAIT);
}

static struct throttle_limits at_most(unsigned connections)
{
    return (struct throttle_limits){.connections = connections};
}

static struct throttle_limits at_rate(uint64_t count, int64_t period_ms)
{
    return (struct throttle_limits){.rates = {.at = {{count, period_ms}}, .count = 1}};
}

static void the_narrowest_limit_of_connections_holds(void **state)
{
    (void)state;
    struct throttle_limits own = at_most(2), of_source = at_most(5), of_all = at_most(4);
    begin(&own, &of_source, &of_all);
    assert_true(connects(&users[0], false, FAR) && connects(&users[0], false, FAR));
    assert_false(connects(&users[0], false, FAR));
    assert_ptr_equal(users[0].connect.waits_in, &users[0].own.slots);
    assert_int_equal(throttle_room(&users[1].path), 2);
    assert_true(connects(&users[1], false, FAR) && connects(&users[1], false, FAR));
    assert_false(connects(&users[2], false, FAR));
    assert_ptr_equal(users[2].connect.waits_in, &total.slots);
    assert_int_equal(throttle_room(&users[2].path), 0);
    assert_int_equal(source.connections, 4);
}

static void without_limits_there_is_always_room(void **state)
{
    (void)state;
    begin(&none, &none, &none);
    for (int i = 0; i < 1000; i++)
        assert_true(connects(&users[0], false, FAR) && sends(&users[0], FAR));
    assert_int_equal(throttle_room(&users[0].path), UINT32_MAX);
    assert_true(throttle_allows(&users[0].path, S, FAR) == UINT64_MAX);
}

/* The clock that timers have is the loop's: what the test holds is only that of the paces. */
static void a_slot_that_is_freed_goes_to_the_first_that_waits(void **state)
{
    (void)state;
    struct throttle_limits of_all = at_most(1);
    begin(&none, &none, &of_all);
    assert_true(connects(&users[0], false, FAR));
    assert_false(connects(&users[1], false, FAR) || connects(&users[2], false, FAR));
    disconnect(&users[0]);
    assert_false(connects(&users[0], false, FAR)); /* it stands behind those that wait */
    run_until_called(&users[1], 1);
    assert_int_equal(users[2].called, 0);
    assert_true(connects(&users[1], false, FAR));
    assert_false(connects(&users[2], false, FAR));
}

static void a_new_connection_has_a_rate_of_its_own(void **state)
{
    (void)state;
    struct throttle_limits own = {.connection_rate = {1, 1000}};
    begin(&own, &none, &none);
    assert_false(connects(&users[0], false, 0)); /* as if one had just been opened */
    assert_true(connects(&users[1], false, 2 * S));
    assert_false(connects(&users[1], false, 2 * S + S / 2));
    disconnect(&users[1]);
    assert_false(connects(&users[1], false, 2 * S + S / 2));
}

static void every_rate_holds_together(void **state)
{
    (void)state;
    struct throttle_limits own = {.rates = {.at = {{10, 1000}, {15, 60000}}, .count = 2}};
    struct throttle_limits of_all = at_rate(12, 60000);
    unsigned sent = 0;
    begin(&own, &none, &of_all);
    for (int64_t now = FAR; now < FAR + 60 * S; now += 10 * MS)
        while (sends(&users[0], now))
            sent++;
    assert_in_range(sent, 11, 12);
}

static void what_is_foretold_is_the_least_of_all(void **state)
{
    (void)state;
    struct throttle_limits own = at_rate(100, 1000), of_all = at_rate(20, 1000);
    begin(&own, &none, &of_all);
    assert_in_range(throttle_allows(&users[0].path, S, FAR), 19, 21);
}

/* Twelve that always want more than there is, for so many seconds: nobody goes short. */
static void a_rate_that_all_share_is_shared(void **state)
{
    (void)state;
    struct throttle_limits of_all = at_rate(300, 1000);
    begin(&none, &none, &of_all);
    uint64_t begin_ns = uv_hrtime(), sent = 0;
    unsigned seen[OUTLETS] = {0};
    for (size_t i = 0; i < OUTLETS; i++)
        while (asks(&users[i], FAR))
            ;
    while (uv_hrtime() - begin_ns < 1500 * 1000000ULL) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        for (size_t i = 0; i < OUTLETS; i++)
            if (users[i].called != seen[i]) {
                seen[i] = users[i].called;
                while (asks(&users[i], FAR + (int64_t)(uv_hrtime() - begin_ns) / 1000))
                    ;
            }
    }
    for (size_t i = 0; i < OUTLETS; i++)
        sent += users[i].sent;
    for (size_t i = 0; i < OUTLETS; i++)
        assert_true(users[i].sent * OUTLETS > sent / 4);
}

static void other_limits_hold_at_once_and_give_nothing_twice(void **state)
{
    (void)state;
    struct throttle_limits more = at_rate(100, 1000), less = at_rate(10, 1000);
    unsigned sent = 0;
    begin(&more, &none, &none);
    while (sends(&users[0], FAR))
        ;
    throttle_change(&users[0].own, &less, FAR);
    for (int64_t now = FAR; now < FAR + S; now += MS)
        while (sends(&users[0], now))
            sent++;
    assert_in_range(sent, 8, 10);
    sent = 0;
    throttle_change(&users[0].own, &more, FAR + S);
    throttle_change(&users[0].own, &less, FAR + S);
    for (int64_t now = FAR + S; now < FAR + 2 * S; now += MS)
        while (sends(&users[0], now))
            sent++;
    assert_in_range(sent, 8, 10);
}

/* A restraint adds a rate and takes it away again: the one that stays is not given anew. */
static void a_rate_that_stays_remembers(void **state)
{
    (void)state;
    struct throttle_limits usual = at_rate(5, 60000), both = usual;
    both.rates.at[both.rates.count++] = (struct rate){3, 1000};
    begin(&usual, &none, &none);
    while (sends(&users[0], FAR))
        ;
    int64_t next = users[0].own.messages[0].next_ns;
    throttle_change(&users[0].own, &both, FAR);
    assert_int_equal(users[0].own.message_paces, 2);
    assert_int_equal(users[0].own.messages[0].next_ns, next);
    assert_true(users[0].own.messages[1].next_ns > FAR);
    throttle_change(&users[0].own, &usual, FAR);
    assert_int_equal(users[0].own.messages[0].next_ns, next);
    assert_false(sends(&users[0], FAR));
}

static void a_limit_of_connections_that_falls_lets_no_more_in(void **state)
{
    (void)state;
    struct throttle_limits five = at_most(5), two = at_most(2);
    begin(&five, &none, &none);
    for (int i = 0; i < 5; i++)
        assert_true(connects(&users[0], false, FAR));
    throttle_change(&users[0].own, &two, FAR);
    assert_int_equal(throttle_room(&users[0].path), 0);
    for (int i = 0; i < 3; i++)
        disconnect(&users[0]);
    assert_false(connects(&users[0], false, FAR));
    disconnect(&users[0]);
    run_until_called(&users[0], 1);
    assert_true(connects(&users[0], false, FAR));
}

static void it_is_idle_when_a_new_one_would_be_the_same(void **state)
{
    (void)state;
    struct throttle_limits own = at_rate(1, 60000);
    begin(&own, &none, &none);
    assert_true(throttle_is_idle(&users[0].own, FAR));
    assert_true(connects(&users[0], false, FAR));
    assert_false(throttle_is_idle(&users[0].own, FAR));
    disconnect(&users[0]);
    assert_true(sends(&users[0], FAR));
    assert_false(throttle_is_idle(&users[0].own, FAR + 60 * S));
    assert_true(throttle_is_idle(&users[0].own, FAR + 63 * S));
}

/* Connections come and go at random, and limits change: never one too many is let in, and nobody
 * waits in two lines. */
static void no_limit_is_ever_passed(void **state)
{
    (void)state;
    struct throttle_limits own = at_most(3), of_source = at_most(10), of_all = at_most(7);
    struct dice dice = dice_of(5);
    begin(&own, &of_source, &of_all);
    for (int step = 0; step < 50000; step++) {
        struct user *u = &users[dice_below(&dice, OUTLETS)];
        if (u->open && dice_below(&dice, 2)) {
            disconnect(u);
        } else if (connects(u, dice_below(&dice, 8) == 0, FAR)) {
            assert_true(u->own.connections <= u->own.connections_max);
            assert_true(source.connections <= source.connections_max);
            assert_true(total.connections <= total.connections_max);
        }
        if (dice_below(&dice, 200) == 0) {
            of_all = at_most(1 + (unsigned)dice_below(&dice, 12));
            throttle_change(&total, &of_all, FAR);
        }
        if (dice_below(&dice, 20) == 0)
            uv_run(&loop.uv, UV_RUN_NOWAIT);
    }
    unsigned open = 0;
    for (size_t i = 0; i < OUTLETS; i++)
        open += users[i].open;
    assert_true(open == total.connections && open == source.connections);
}

#define THROTTLE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        THROTTLE_TEST(the_narrowest_limit_of_connections_holds),
        THROTTLE_TEST(without_limits_there_is_always_room),
        THROTTLE_TEST(a_slot_that_is_freed_goes_to_the_first_that_waits),
        THROTTLE_TEST(a_new_connection_has_a_rate_of_its_own),
        THROTTLE_TEST(every_rate_holds_together),
        THROTTLE_TEST(what_is_foretold_is_the_least_of_all),
        THROTTLE_TEST(a_rate_that_all_share_is_shared),
        THROTTLE_TEST(other_limits_hold_at_once_and_give_nothing_twice),
        THROTTLE_TEST(a_rate_that_stays_remembers),
        THROTTLE_TEST(a_limit_of_connections_that_falls_lets_no_more_in),
        THROTTLE_TEST(it_is_idle_when_a_new_one_would_be_the_same),
        THROTTLE_TEST(no_limit_is_ever_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
