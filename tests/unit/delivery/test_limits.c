#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/limits.h"

enum { SECOND = 1000, MINUTE = 60000, HOUR = 3600000, DAY = 86400000 };

static struct throttle_limits limits(unsigned connections, struct rates rates)
{
    return (struct throttle_limits){.connections = connections, .rates = rates};
}

static void the_fewer_connections_hold(void **state)
{
    (void)state;
    struct throttle_limits l = limits(5, (struct rates){.count = 0});
    limits_lessen(&l, &(struct effect){.connections = 2});
    assert_int_equal(l.connections, 2);
    limits_lessen(&l, &(struct effect){.connections = 4});
    assert_int_equal(l.connections, 2);
    limits_lessen(&l, &(struct effect){.connections = 0});
    assert_int_equal(l.connections, 2);
    l.connections = 0;
    limits_lessen(&l, &(struct effect){.connections = 7});
    assert_int_equal(l.connections, 7);
}

static void the_lower_rate_of_a_period_holds(void **state)
{
    (void)state;
    struct throttle_limits l = limits(0, (struct rates){.at = {{100, SECOND}}, .count = 1});
    limits_lessen(&l, &(struct effect){.rate = {200, SECOND}});
    assert_int_equal(l.rates.at[0].count, 100);
    limits_lessen(&l, &(struct effect){.rate = {20, SECOND}});
    assert_int_equal(l.rates.at[0].count, 20);
    assert_int_equal(l.rates.count, 1);
}

static void a_rate_of_another_period_holds_beside_the_others(void **state)
{
    (void)state;
    struct throttle_limits l =
        limits(0, (struct rates){.at = {{100, SECOND}, {5000, DAY}}, .count = 2});
    limits_lessen(&l, &(struct effect){.rate = {30, MINUTE}});
    assert_int_equal(l.rates.count, 3);
    assert_int_equal(l.rates.at[0].count, 100);
    assert_int_equal(l.rates.at[1].count, 5000);
    assert_true(l.rates.at[2].count == 30 && l.rates.at[2].period_ms == MINUTE);
}

static void where_there_was_none_it_is_the_only_one(void **state)
{
    (void)state;
    struct throttle_limits l = limits(0, (struct rates){.count = 0});
    limits_lessen(&l, &(struct effect){.rate = {30, MINUTE}});
    assert_true(l.rates.count == 1 && l.rates.at[0].count == 30);
}

static void what_does_nothing_lessens_nothing(void **state)
{
    (void)state;
    struct throttle_limits l =
        limits(3, (struct rates){.at = {{100, SECOND}, {5000, DAY}}, .count = 2});
    struct throttle_limits before = l;
    limits_lessen(&l, &(struct effect){.suspended = true});
    assert_memory_equal(&l, &before, sizeof(l));
}

/* New connections have a rate of their own, which no restraint is about. */
static void the_rate_of_connecting_stays(void **state)
{
    (void)state;
    struct throttle_limits l = {.connection_rate = {5, MINUTE}};
    limits_lessen(&l, &(struct effect){.rate = {1, HOUR}, .connections = 1});
    assert_int_equal(l.connection_rate.count, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fewer_connections_hold),
        cmocka_unit_test(the_lower_rate_of_a_period_holds),
        cmocka_unit_test(a_rate_of_another_period_holds_beside_the_others),
        cmocka_unit_test(where_there_was_none_it_is_the_only_one),
        cmocka_unit_test(what_does_nothing_lessens_nothing),
        cmocka_unit_test(the_rate_of_connecting_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
