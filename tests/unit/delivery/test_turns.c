/* Who waits is called in turn, on a real loop; no test counts on how fast that is. */
#include "delivery/turns.h"

#include "loop/loop.h"
#include "unit/delivery/dice.h"

enum { MANY = 4000, LOG_MAX = 20000 };

static struct loop loop;
static struct turns turns;

/* One that waits: `again` times it waits again for `ms` when it is called, after it took something,
 * if it `takes`. */
static struct waiter {
    struct turn turn;
    unsigned again;
    uint64_t ms;
    bool urgent, takes;
    unsigned called;
} waiters[MANY];

static struct {
    unsigned who[LOG_MAX];
    unsigned count;
} calls;

static void on_turn(void *ctx)
{
    struct waiter *w = ctx;
    w->called++;
    if (calls.count < LOG_MAX)
        calls.who[calls.count++] = (unsigned)(w - waiters);
    if (w->takes)
        turns_take(&turns);
    if (w->again && w->again--)
        turns_wait(&turns, &w->turn, w->ms, w->urgent);
}

static int set_up(void **state)
{
    struct err err;
    (void)state;
    calls.count = 0;
    turns_init(&turns, &loop);
    for (unsigned i = 0; i < MANY; i++) {
        waiters[i] = (struct waiter){.again = 0};
        turn_init(&waiters[i].turn, on_turn, &waiters[i]);
    }
    int rc = loop_init(&loop, "turns", &err);
    turns_init(&turns, &loop);
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        turn_leave(&waiters[i].turn);
    turns_release(&turns);
    loop_release(&loop);
    return 0;
}

/* Until so many calls were made. */
static void run_until(unsigned count)
{
    while (calls.count < count)
        uv_run(&loop.uv, UV_RUN_NOWAIT);
}

static void run_for(uint64_t ms)
{
    uint64_t begin = uv_hrtime();
    while (uv_hrtime() - begin < ms * 1000000) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
}

static void wait_in(unsigned who, uint64_t ms)
{
    turns_wait(&turns, &waiters[who].turn, ms, waiters[who].urgent);
}

static void those_that_wait_are_called_in_the_order_of_asking(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        wait_in(i, 1);
    run_until(20);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(calls.who[i], i);
    run_for(5);
    assert_int_equal(calls.count, 20);
}

static void asking_again_keeps_the_place(void **state)
{
    (void)state;
    wait_in(0, 5);
    wait_in(1, 5);
    wait_in(0, 5);
    run_until(2);
    assert_true(calls.who[0] == 0 && calls.who[1] == 1);
}

static void nobody_is_called_before_the_time(void **state)
{
    (void)state;
    uint64_t begin = uv_hrtime();
    wait_in(0, 40);
    run_until(1);
    assert_true(uv_hrtime() - begin >= 38 * 1000000);
}

static void an_earlier_time_holds_for_the_first(void **state)
{
    (void)state;
    wait_in(0, 3600 * 1000);
    wait_in(1, 5);
    run_until(1);
    assert_int_equal(calls.who[0], 0);
}

static void what_is_urgent_goes_first(void **state)
{
    (void)state;
    waiters[3].urgent = true;
    for (unsigned i = 0; i < 4; i++)
        wait_in(i, 5);
    run_until(4);
    const unsigned want[] = {3, 0, 1, 2};
    assert_memory_equal(calls.who, want, sizeof(want));
}

static void what_is_freed_calls_the_first_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        wait_in(i, 3600 * 1000);
    turns_call(&turns);
    run_until(1);
    assert_int_equal(calls.who[0], 0);
}

static void a_call_with_nobody_there_is_nothing(void **state)
{
    (void)state;
    turns_call(&turns);
    wait_in(0, 0);
    turn_leave(&waiters[0].turn);
    run_for(5);
    assert_int_equal(calls.count, 0);
    assert_true(turns_is_free(&turns, &waiters[0].turn));
}

static void who_leaves_is_not_called_and_the_others_are(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        wait_in(i, 3);
    turn_leave(&waiters[0].turn);
    turn_leave(&waiters[2].turn);
    turn_leave(&waiters[4].turn);
    turn_leave(&waiters[4].turn);
    run_until(2);
    run_for(5);
    assert_int_equal(calls.count, 2);
    assert_true(calls.who[0] == 1 && calls.who[1] == 3);
}

static void only_the_one_that_was_called_may_pass_those_that_wait(void **state)
{
    (void)state;
    assert_true(turns_is_free(&turns, &waiters[0].turn));
    wait_in(0, 0);
    wait_in(1, 3600 * 1000);
    assert_false(turns_is_free(&turns, &waiters[0].turn));
    assert_false(turns_is_free(&turns, &waiters[2].turn));
    while (!waiters[0].called)
        uv_run(&loop.uv, UV_RUN_ONCE);
    if (!waiters[1].called) {
        assert_true(turns_is_free(&turns, &waiters[0].turn));
        assert_false(turns_is_free(&turns, &waiters[2].turn));
    }
}

static void who_goes_to_another_line_leaves_the_first(void **state)
{
    struct turns other;
    (void)state;
    turns_init(&other, &loop);
    wait_in(0, 2);
    turns_wait(&other, &waiters[0].turn, 2, false);
    assert_true(turns_is_free(&turns, &waiters[1].turn));
    assert_false(turns_is_free(&other, &waiters[1].turn));
    run_until(1);
    run_for(5);
    assert_int_equal(calls.count, 1);
    turns_release(&other);
}

/* Whoever takes something and wants more stands behind the others. */
static void nobody_starves(void **state)
{
    (void)state;
    struct dice dice = dice_of(1);
    for (unsigned i = 0; i < 50; i++) {
        waiters[i].again = UINT32_MAX;
        waiters[i].ms = dice_below(&dice, 3);
        waiters[i].takes = true;
        wait_in(i, 0);
    }
    run_until(500);
    for (unsigned i = 0; i < 50; i++)
        assert_in_range(waiters[i].called, 9, 11);
}

static void nor_among_the_urgent_ones(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        waiters[i] = (struct waiter){
            .turn = waiters[i].turn, .again = UINT32_MAX, .urgent = i >= 8, .takes = true};
        wait_in(i, 0);
    }
    run_until(400);
    for (unsigned i = 8; i < 12; i++)
        assert_in_range(waiters[i].called, 99, 101);
    for (unsigned i = 8; i < 12; i++)
        turn_leave(&waiters[i].turn);
    run_until(480);
    for (unsigned i = 0; i < 8; i++)
        assert_in_range(waiters[i].called, 9, 11);
}

/* It is called again when its time has come; nobody is called for nothing meanwhile. */
static void who_found_nothing_keeps_its_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        waiters[i].again = UINT32_MAX;
        waiters[i].ms = 20;
        wait_in(i, 0);
    }
    run_for(300);
    assert_in_range(waiters[0].called, 2, 16);
    for (unsigned i = 1; i < 10; i++)
        assert_int_equal(waiters[i].called, 0);
}

static void what_is_urgent_passes_who_found_nothing(void **state)
{
    (void)state;
    waiters[0].again = UINT32_MAX;
    waiters[0].ms = 10;
    waiters[2].urgent = true;
    wait_in(0, 0);
    wait_in(1, 0);
    run_until(1);
    wait_in(2, 10);
    run_until(2);
    assert_int_equal(calls.who[1], 2);
    run_until(3);
    assert_int_equal(calls.who[2], 0);
}

/* Something else may come to lie where it was: that has no turn. */
static void who_goes_after_its_call_has_no_turn_any_more(void **state)
{
    (void)state;
    wait_in(0, 0);
    wait_in(1, 3600 * 1000);
    while (!waiters[0].called)
        uv_run(&loop.uv, UV_RUN_NOWAIT);
    turn_leave(&waiters[0].turn);
    assert_false(turns_is_free(&turns, &waiters[0].turn) && turns.first);
}

/* Some come, leave, and change places at random, and the line is what a list would be. */
static void the_line_is_kept_whatever_happens(void **state)
{
    (void)state;
    unsigned line[64], count = 0;
    struct dice dice = dice_of(2);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned who = (unsigned)dice_below(&dice, 64), at = 0;
        while (at < count && line[at] != who)
            at++;
        if (dice_below(&dice, 2)) {
            wait_in(who, 3600 * 1000);
            if (at == count)
                line[count++] = who;
        } else {
            turn_leave(&waiters[who].turn);
            for (; at + 1 < count; at++)
                line[at] = line[at + 1];
            count -= at < count;
        }
        const struct turn *turn = turns.first;
        for (unsigned i = 0; i < count; i++, turn = turn->next)
            assert_ptr_equal(turn, &waiters[line[i]].turn);
        assert_ptr_equal(turn, turns.first);
    }
}

static uint64_t nanoseconds_of_turns(unsigned waiting, unsigned how_many)
{
    for (unsigned i = 0; i < waiting; i++) {
        waiters[i].again = UINT32_MAX;
        waiters[i].takes = true;
        turns_wait(&turns, &waiters[i].turn, 0, false);
    }
    uint64_t least = UINT64_MAX;
    for (unsigned k = 0; k < how_many; k++) {
        unsigned before = calls.count;
        while (calls.count == before) {
            uint64_t begin = uv_hrtime();
            uv_run(&loop.uv, UV_RUN_NOWAIT);
            uint64_t spent = uv_hrtime() - begin;
            if (calls.count > before && spent < least)
                least = spent;
        }
        assert_int_equal(calls.count, before + 1);
    }
    for (unsigned i = 0; i < waiting; i++)
        turn_leave(&waiters[i].turn);
    return least;
}

/* One call each time, however many wait; the time that it takes is only looked at for its order. */
static void a_long_line_costs_no_more_than_a_short_one(void **state)
{
    (void)state;
    uint64_t few = nanoseconds_of_turns(4, 50), many = nanoseconds_of_turns(MANY, 50);
    assert_true(many < 50 * few + 100000);
}

#define TURNS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TURNS_TEST(those_that_wait_are_called_in_the_order_of_asking),
        TURNS_TEST(asking_again_keeps_the_place),
        TURNS_TEST(nobody_is_called_before_the_time),
        TURNS_TEST(an_earlier_time_holds_for_the_first),
        TURNS_TEST(what_is_urgent_goes_first),
        TURNS_TEST(what_is_freed_calls_the_first_at_once),
        TURNS_TEST(a_call_with_nobody_there_is_nothing),
        TURNS_TEST(who_leaves_is_not_called_and_the_others_are),
        TURNS_TEST(only_the_one_that_was_called_may_pass_those_that_wait),
        TURNS_TEST(who_goes_to_another_line_leaves_the_first),
        TURNS_TEST(nobody_starves),
        TURNS_TEST(nor_among_the_urgent_ones),
        TURNS_TEST(who_found_nothing_keeps_its_place),
        TURNS_TEST(what_is_urgent_passes_who_found_nothing),
        TURNS_TEST(who_goes_after_its_call_has_no_turn_any_more),
        TURNS_TEST(the_line_is_kept_whatever_happens),
        TURNS_TEST(a_long_line_costs_no_more_than_a_short_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
