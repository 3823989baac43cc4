#include "unit/config/fixture.h"

static struct site_terms terms_of(const struct config *c, const char *host)
{
    struct site_terms terms;
    config_site_terms(c, str_of(host), &terms);
    return terms;
}

static void everybody_has_the_defaults(void **state)
{
    (void)state;
    struct config *c = load(MINIMAL);
    struct site_terms terms = terms_of(c, "mx.example.org");
    assert_null(terms.provider);
    assert_int_equal(terms.throttle.connections, 10);
    assert_int_equal(terms.throttle.connection_rate.count, 0);
    assert_int_equal(terms.throttle.rates.count, 0);
    assert_int_equal(terms.connection.messages, 100);
    assert_int_equal(terms.connection.in_flight, 1);
    assert_int_equal(terms.connection.idle_ms, 60000);
    assert_int_equal(terms.tls, TLS_POLICY_OPPORTUNISTIC);
    config_unref(c);
}

static unsigned connections_of(const struct config *c, const char *host)
{
    return terms_of(c, host).throttle.connections;
}

static void the_closest_site_counts(void **state)
{
    (void)state;
    struct config *c = load_with("site \"*\" { connections = 1 }\n"
                                 "site \"mx.dest.example\" { connections = 2 }\n"
                                 "site \"*.dest.example\" { connections = 3 }\n"
                                 "site \"127.0.0.1\" { connections = 4 }\n");
    assert_int_equal(connections_of(c, "mx.dest.example"), 2);
    assert_int_equal(connections_of(c, "MX.Dest.Example"), 2);
    assert_int_equal(connections_of(c, "mx2.dest.example"), 3);
    assert_int_equal(connections_of(c, "dest.example"), 1);
    assert_int_equal(connections_of(c, "127.0.0.1"), 4);
    config_unref(c);
}

/* The file's order does not matter, and the last is "*". */
static void the_site_for_everybody_comes_last(void **state)
{
    (void)state;
    struct config *c =
        load_with("site \"*\" { idle = 7s }\nsite \"a.example\" { connections = 2 }\n");
    assert_int_equal(c->site_count, 2);
    assert_string_equal(c->sites[1].pattern.at, "*");
    assert_int_equal(c->sites[1].throttle.connections, 10);
    assert_int_equal(c->sites[1].connection.idle_ms, 7000);
    assert_int_equal(c->sites[0].throttle.connections, 2);
    assert_int_equal(c->sites[0].connection.messages, 0);
    config_unref(c);
}

#define LAYERS                                                                                    \
    "site \"*\" { rate = \"9/s\"  connection_rate = \"90/min\"  messages_per_connection = 900\n"  \
    "    in_flight = 2  idle = 9s }\n"                                                            \
    "provider \"p\" { mx = \"*.p.example\"  tls = required  connections = 5  rate = \"50/s\"\n"   \
    "    messages_per_connection = 500  idle = 5s\n"                                              \
    "    each { connections = 3  rate = { \"30/s\", \"300/h\" } }  total { connections = 8 } }\n" \
    "site \"mx.p.example\" { connections = 1  messages_per_connection = 100 }\n"

static void a_provider_fills_what_a_site_leaves_out(void **state)
{
    (void)state;
    struct config *c = load_with(LAYERS);
    struct site_terms terms = terms_of(c, "mx.p.example");
    assert_int_equal(terms.throttle.connections, 1);
    assert_int_equal(terms.connection.messages, 100);
    assert_int_equal(terms.throttle.rates.count, 2);
    assert_int_equal(terms.throttle.rates.at[0].count, 30);
    assert_int_equal(terms.throttle.rates.at[1].period_ms, 3600000);
    assert_int_equal(terms.connection.idle_ms, 5000);
    assert_int_equal(terms.throttle.connection_rate.count, 90);
    assert_int_equal(terms.connection.in_flight, 2);
    assert_int_equal(terms.tls, TLS_POLICY_REQUIRED);
    config_unref(c);
}

static void what_is_for_all_sites_together_stays_with_the_provider(void **state)
{
    (void)state;
    struct config *c = load_with(LAYERS);
    struct site_terms terms = terms_of(c, "other.p.example");
    assert_string_equal(terms.provider->name.at, "p");
    assert_int_equal(terms.throttle.connections, 3);
    assert_int_equal(terms.connection.messages, 500);
    assert_int_equal(terms.provider->together.connections, 5);
    assert_int_equal(terms.provider->together.rates.at[0].count, 50);
    assert_int_equal(terms.provider->total.connections, 8);
    assert_int_equal(terms.provider->total.rates.count, 0);
    config_unref(c);
}

static void a_site_without_a_provider_has_none_of_it(void **state)
{
    (void)state;
    struct config *c = load_with(LAYERS);
    struct site_terms terms = terms_of(c, "p.example");
    assert_null(terms.provider);
    assert_int_equal(terms.throttle.connections, 10);
    assert_int_equal(terms.throttle.rates.at[0].count, 9);
    assert_int_equal(terms.connection.messages, 900);
    assert_int_equal(terms.tls, TLS_POLICY_OPPORTUNISTIC);
    config_unref(c);
}

/* Only the closest block is looked at: a less close one does not fill its gaps. */
static void gaps_of_a_site_are_not_filled_by_another_block(void **state)
{
    (void)state;
    struct config *c = load_with("site \"*.example\" { connections = 2  idle = 2s }\n"
                                 "site \"mx.example\" { idle = 1s }\n");
    assert_int_equal(terms_of(c, "mx.example").connection.idle_ms, 1000);
    assert_int_equal(terms_of(c, "mx.example").throttle.connections, 10);
    config_unref(c);
}

static void the_closest_provider_counts(void **state)
{
    (void)state;
    struct config *c = load_with("provider wide { mx = \"*.example\" }\n"
                                 "provider near { mx = { \"*.x.example\", \"mx.y.example\" } }\n");
    assert_string_equal(config_provider(c, STR("a.x.example"))->name.at, "near");
    assert_string_equal(config_provider(c, STR("MX.Y.example"))->name.at, "near");
    assert_string_equal(config_provider(c, STR("b.y.example"))->name.at, "wide");
    assert_null(config_provider(c, STR("example")));
    assert_null(config_provider(c, STR("")));
    assert_ptr_equal(config_provider_named(c, STR("NEAR")), config_provider(c, STR("a.x.example")));
    assert_null(config_provider_named(c, STR("far")));
    config_unref(c);
}

static void one_rate_needs_no_braces(void **state)
{
    (void)state;
    struct config *c = load_with("site \"a.example\" { rate = 5000/day }\n"
                                 "site \"b.example\" { rate = { 5000/day, } }\n");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c->sites[i].throttle.rates.count, 1);
        assert_int_equal(c->sites[i].throttle.rates.at[0].count, 5000);
        assert_int_equal(c->sites[i].throttle.rates.at[0].period_ms, 86400000);
    }
    config_unref(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_has_the_defaults),
        cmocka_unit_test(the_closest_site_counts),
        cmocka_unit_test(the_site_for_everybody_comes_last),
        cmocka_unit_test(a_provider_fills_what_a_site_leaves_out),
        cmocka_unit_test(what_is_for_all_sites_together_stays_with_the_provider),
        cmocka_unit_test(a_site_without_a_provider_has_none_of_it),
        cmocka_unit_test(gaps_of_a_site_are_not_filled_by_another_block),
        cmocka_unit_test(the_closest_provider_counts),
        cmocka_unit_test(one_rate_needs_no_braces),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
