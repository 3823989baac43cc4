#include <math.h>

#include "delivery/forecast.h"
#include "unit/delivery/restraint_help.h"

static const struct str sources[] = {{"mail1", 5}, {"mail2", 5}};

static void assert_near(double got, double wanted, double within)
{
    if (!(fabs(got - wanted) <= within))
        fail_msg("%f is not %f", got, wanted);
}

static struct forecast_terms terms_of(size_t source_count, const struct restraint *restraints,
                                      size_t restraint_count)
{
    return (struct forecast_terms){.now_s = NOW,
                                   .sources = sources,
                                   .source_count = source_count,
                                   .restraints = restraints,
                                   .restraint_count = restraint_count};
}

static struct forecast_site site_of(struct throttle_limits throttle, uint64_t recipients)
{
    return (struct forecast_site){.key = SITE,
                                  .throttle = throttle,
                                  .connection = {.messages = 100, .in_flight = 1},
                                  .recipients = recipients,
                                  .work = (double)recipients};
}

static struct forecast forecast_of(const struct forecast_terms *terms, struct forecast_site site)
{
    struct forecast out;
    forecast_make(terms, NULL, &site, 1, &out);
    return out;
}

static struct forecast plain_forecast(struct throttle_limits throttle, uint64_t recipients)
{
    struct forecast_terms terms = terms_of(1, NULL, 0);
    return forecast_of(&terms, site_of(throttle, recipients));
}

/* --- One limit --- */

static void a_rate_serves_so_many_in_its_time(void **state)
{
    static const struct {
        uint64_t count;
        int64_t period_ms;
    } rates[] = {{1, 1000}, {100, 1000}, {30, MINUTE_MS}, {5000, 60 * MINUTE_MS}, {50000, DAY_MS}};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        double pace = (double)rates[i].count * 1000 / (double)rates[i].period_ms;
        struct forecast f = plain_forecast(limits(0, rates[i].count, rates[i].period_ms), 7000);
        assert_true(f.pace <= pace && f.pace >= 0.95 * pace);
        assert_true(f.seconds >= 7000 / pace && f.seconds <= 7000 / pace / 0.95);
        assert_int_equal(f.limit.cause, FORECAST_BY_RATE);
        assert_int_equal(f.limit.rate.count, rates[i].count);
    }
}

/* 12 % of 195,000 at Orange, on 2 connections: about an hour. */
static void two_connections_take_about_an_hour_for_23400(void **state)
{
    struct forecast f = plain_forecast(limits(2, 0, 0), 23400);
    (void)state;
    assert_true(f.seconds > 45 * MIN && f.seconds < 75 * MIN);
    assert_int_equal(f.limit.cause, FORECAST_BY_CONNECTIONS);
    assert_int_equal(f.limit.connections, 2);
}

static void few_messages_a_connection_cost_time(void **state)
{
    struct forecast_terms terms = terms_of(1, NULL, 0);
    struct forecast_site site = site_of(limits(10, 0, 0), 1000);
    double many = forecast_of(&terms, site).seconds;
    (void)state;
    site.connection.messages = 5;
    assert_true(forecast_of(&terms, site).seconds > 1.5 * many);
}

static void new_connections_are_a_limit(void **state)
{
    struct throttle_limits l = limits(10, 0, 0);
    (void)state;
    l.connection_rate = (struct rate){1, MINUTE_MS};
    struct forecast f = plain_forecast(l, 1000);
    assert_int_equal(f.limit.cause, FORECAST_BY_CONNECTION_RATE);
    assert_true(f.seconds > 10 * MIN && f.seconds < 11 * MIN);
}

static void what_was_seen_counts_instead_of_what_is_supposed(void **state)
{
    struct forecast_terms terms = terms_of(1, NULL, 0);
    struct forecast_site site = site_of(limits(2, 0, 0), 1000);
    (void)state;
    site.seconds = 0.02;
    assert_true(forecast_of(&terms, site).seconds < 20);
    site.observed = 5;
    struct forecast f = forecast_of(&terms, site);
    assert_near(f.seconds, 200, 0.1);
    assert_int_equal(f.limit.cause, FORECAST_BY_OBSERVED);
    site.observed = 500; /* it may not go on so */
    assert_int_equal(forecast_of(&terms, site).limit.cause, FORECAST_BY_CONNECTIONS);
}

static void without_any_limit_the_machine_is_one(void **state)
{
    struct forecast_terms terms = terms_of(1, NULL, 0);
    (void)state;
    assert_near(forecast_of(&terms, site_of(limits(0, 0, 0), 9)).seconds, 0, 0);
    terms.machine = 1000;
    struct forecast f = forecast_of(&terms, site_of(limits(0, 0, 0), 2000));
    assert_near(f.seconds, 2, 0.001);
    assert_int_equal(f.limit.cause, FORECAST_BY_MACHINE);
}

static void each_source_has_its_own(void **state)
{
    struct forecast_terms terms = terms_of(2, NULL, 0);
    struct forecast f = forecast_of(&terms, site_of(limits(2, 0, 0), 23400));
    (void)state;
    assert_near(f.seconds, plain_forecast(limits(4, 0, 0), 23400).seconds, 0.1);
    assert_int_equal(f.limit.sources, 2);
}

/* --- Several --- */

static void the_narrowest_counts(void **state)
{
    struct provider provider = {.name = PROVIDER, .together = limits(0, 10, 1000)};
    struct forecast_terms terms = terms_of(2, NULL, 0);
    struct forecast_site sites[] = {site_of(limits(0, 100, 1000), 500),
                                    site_of(limits(0, 100, 1000), 1500)};
    struct forecast f;
    (void)state;
    sites[1].key = STR("mx.other");
    forecast_make(&terms, &provider, sites, 2, &f);
    assert_true(f.seconds > 100 && f.seconds < 106); /* 2000 at twice 10 */
    assert_int_equal(f.limit.sources, 2);
    provider.total = limits(0, 5, 1000);
    forecast_make(&terms, &provider, sites, 2, &f);
    assert_true(f.seconds > 400 && f.seconds < 422);
    assert_int_equal(f.limit.sources, 0);
    assert_true(f.pace <= 5);
    sites[0].throttle = limits(0, 1, 1000);
    forecast_make(&terms, NULL, sites, 2, &f);
    assert_true(f.seconds > 250 && f.seconds < 264); /* the slow one alone */
    assert_int_equal(f.limit.rate.count, 1);
}

static void what_waits_there_too_is_work(void **state)
{
    struct forecast_terms terms = terms_of(1, NULL, 0);
    struct forecast_site site = site_of(limits(0, 10, 1000), 100);
    double alone = forecast_of(&terms, site).seconds;
    (void)state;
    site.work = 300;
    assert_near(forecast_of(&terms, site).seconds, 3 * alone, 0.1);
}

/* --- What restrains --- */

static void a_suspension_is_waited_for(void **state)
{
    struct rule rule = rule_of(RULE_SUSPEND);
    struct restraint r = begun(&rule, NOW - 5 * MIN);
    struct forecast_terms terms = terms_of(1, &r, 1);
    struct forecast f = forecast_of(&terms, site_of(limits(10, 100, 1000), 100));
    (void)state;
    assert_near(f.pace, 0, 0);
    assert_int_equal(f.limit.cause, FORECAST_BY_SUSPENSION);
    assert_int_equal(f.limit.until, NOW + 10 * MIN);
    /* It comes back with a tenth of the rate, on one connection. */
    assert_true(f.seconds > 10 * MIN + 10 && f.seconds < 11 * MIN);
    terms.source_count = 2; /* only the first is suspended */
    assert_true(forecast_of(&terms, site_of(limits(10, 100, 1000), 100)).seconds < MIN);
    restraint_release(&r);
}

static void a_suspension_without_an_end_never_ends(void **state)
{
    struct restraint_record record = {.scope = RESTRAINT_AT_SITE,
                                      .action = RESTRAINT_SUSPEND,
                                      .place = SITE,
                                      .began = NOW,
                                      .until = RESTRAINT_UNTIL_RESUMED};
    struct restraint r;
    (void)state;
    restraint_init(&r, &record, NOW);
    struct forecast_terms terms = terms_of(2, &r, 1);
    struct forecast_site site = site_of(limits(10, 100, 1000), 1);
    assert_true(isinf(forecast_of(&terms, site).seconds));
    site.key = STR("mx.elsewhere");
    assert_true(forecast_of(&terms, site).seconds < 1);
    restraint_release(&r);
}

static void what_slows_a_provider_is_shared_by_its_sites(void **state)
{
    struct provider provider = {.name = PROVIDER};
    struct rule rule = slow_rule(60, MINUTE_MS, 0);
    rule.scope = RULE_PROVIDER;
    rule.for_ms = 60 * MINUTE_MS;
    struct restraint r = begun(&rule, NOW);
    struct forecast_terms terms = terms_of(1, &r, 1);
    struct forecast_site sites[] = {site_of(limits(10, 100, 1000), 300),
                                    site_of(limits(10, 100, 1000), 300)};
    struct forecast f;
    (void)state;
    sites[1].key = STR("mx.other");
    forecast_make(&terms, &provider, sites, 2, &f);
    assert_true(f.seconds > 600 && f.seconds < 640);
    assert_true(f.limit.restrained);
    restraint_release(&r);
}

static void what_waits_for_a_try_begins_then(void **state)
{
    struct forecast_terms terms = terms_of(1, NULL, 0);
    struct forecast_site site = site_of(limits(0, 100, 1000), 100);
    double alone = forecast_of(&terms, site).seconds;
    (void)state;
    site.not_before = NOW + 300;
    struct forecast f = forecast_of(&terms, site);
    assert_near(f.seconds, 300 + alone, 0.01);
    assert_int_equal(f.limit.cause, FORECAST_BY_WAIT);
    site.not_before = UINT32_MAX;
    assert_true(isinf(forecast_of(&terms, site).seconds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_serves_so_many_in_its_time),
        cmocka_unit_test(two_connections_take_about_an_hour_for_23400),
        cmocka_unit_test(few_messages_a_connection_cost_time),
        cmocka_unit_test(new_connections_are_a_limit),
        cmocka_unit_test(what_was_seen_counts_instead_of_what_is_supposed),
        cmocka_unit_test(without_any_limit_the_machine_is_one),
        cmocka_unit_test(each_source_has_its_own),
        cmocka_unit_test(the_narrowest_counts),
        cmocka_unit_test(what_waits_there_too_is_work),
        cmocka_unit_test(a_suspension_is_waited_for),
        cmocka_unit_test(a_suspension_without_an_end_never_ends),
        cmocka_unit_test(what_slows_a_provider_is_shared_by_its_sites),
        cmocka_unit_test(what_waits_for_a_try_begins_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
