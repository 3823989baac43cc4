/* Which domains share a site, what it is called, and in which thread it lives. */
#include "delivery/destination.h"

#include "unit/delivery/crew.h"

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

static struct config *config;

static int set_up(void **state)
{
    (void)state;
    config = crew_read(CREW_SOURCE
                       "provider \"big\" { mx = { \"*.big.example\" } }\n"
                       "route \"routed.example\" { host = \"relay.example\"  port = 2525 }\n"
                       "route \"*.routed.example\" { host = \"mx.big.example\"  port = 587 }\n"
                       "dns { mx_port = 2526 }\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_unref(config);
    return 0;
}

static struct destination *by(enum dns_verdict verdict, const struct fake_exchanger *hosts,
                              size_t count)
{
    struct dns_mx *mx = fake_mx(verdict, hosts, count);
    struct destination *to = destination_by_mx(config, STR("d.example"), mx);
    dns_mx_unref(mx);
    return to;
}

#define BY(...)                                                 \
    by(DNS_FOUND, (const struct fake_exchanger[]){__VA_ARGS__}, \
       sizeof((const struct fake_exchanger[]){__VA_ARGS__}) / sizeof(struct fake_exchanger))

static void assert_same(struct destination *a, struct destination *b, bool same)
{
    assert_int_equal(strcmp(a->key, b->key) == 0, same);
    assert_int_equal(destination_same(a, b), same);
    destination_unref(a);
    destination_unref(b);
}

static void one_exchanger_is_called_by_its_name(void **state)
{
    (void)state;
    struct destination *to = BY({10, "mx.example"});
    assert_string_equal(to->key, "mx.example");
    assert_true(to->kind == DESTINATION_HOSTS && to->host_count == 1 && to->port == 2526);
    assert_int_equal(to->provider.len, 0);
    destination_unref(to);
}

static void more_of_them_say_how_many_they_are(void **state)
{
    (void)state;
    struct destination *to = BY({10, "a.example"}, {10, "b.example"}, {20, "c.example"});
    assert_int_equal(strncmp(to->key, "a.example+2#", 12), 0);
    assert_int_equal(strlen(to->key), 12 + 8);
    destination_unref(to);
}

static void what_preferences_are_called_does_not_matter(void **state)
{
    (void)state;
    assert_same(BY({10, "a.example"}, {20, "b.example"}),
                BY({0, "a.example"}, {65535, "b.example"}), true);
    assert_same(BY({1, "a.example"}, {1, "b.example"}), BY({7, "a.example"}, {7, "b.example"}),
                true);
}

static void their_order_does(void **state)
{
    (void)state;
    assert_same(BY({10, "a.example"}, {20, "b.example"}), BY({10, "a.example"}, {10, "b.example"}),
                false);
    assert_same(BY({10, "a.example"}, {20, "b.example"}), BY({10, "b.example"}, {20, "a.example"}),
                false);
}

static void another_set_is_another_site(void **state)
{
    (void)state;
    assert_same(BY({10, "a.example"}), BY({10, "a.example"}, {20, "b.example"}), false);
    assert_same(BY({10, "a.example"}, {20, "b.example"}), BY({10, "a.example"}, {20, "c.example"}),
                false);
    /* The borders between names count too. */
    assert_same(BY({10, "a.example"}, {20, "bc.example"}, {20, "d.example"}),
                BY({10, "a.example"}, {20, "b.example"}, {20, "cd.example"}), false);
}

static void a_provider_is_known_by_its_exchangers(void **state)
{
    (void)state;
    struct destination *to = BY({10, "mx1.big.example"}, {20, "mx.other.example"});
    assert_true(str_eq(to->provider, STR("big")));
    config_unref(config);
    config = crew_read(CREW_SOURCE);
    assert_true(str_eq(to->provider, STR("big"))); /* it outlives the configuration */
    struct destination *now = BY({10, "mx1.big.example"}, {20, "mx.other.example"});
    assert_string_equal(now->key, to->key);
    assert_false(destination_same(now, to));
    destination_unref(now);
    destination_unref(to);
}

static void all_sites_of_a_provider_live_in_one_thread(void **state)
{
    (void)state;
    struct destination *a = BY({10, "mx1.big.example"}), *b = BY({10, "mx2.big.example"});
    unsigned used = 0;
    for (unsigned threads = 1; threads < 20; threads++) {
        assert_int_equal(destination_thread(a, threads), destination_thread(b, threads));
        assert_true(destination_thread(a, threads) < threads);
    }
    destination_unref(a);
    destination_unref(b);
    for (unsigned i = 0; i < 100; i++) {
        char name[32];
        struct fake_exchanger host = {10, name};
        snprintf(name, sizeof(name), "mx%u.example", i);
        struct destination *to = by(DNS_FOUND, &host, 1);
        used |= 1U << destination_thread(to, 4);
        destination_unref(to);
    }
    assert_int_equal(used, 15);
}

static void a_route_comes_before_dns(void **state)
{
    (void)state;
    struct destination *to = destination_by_route(config, STR("routed.example"));
    assert_string_equal(to->key, "relay.example:2525");
    assert_true(to->by_route && to->port == 2525 && to->host_count == 1);
    destination_unref(to);
    to = destination_by_route(config, STR("sub.routed.example"));
    assert_string_equal(to->key, "mx.big.example:587");
    assert_true(str_eq(to->provider, STR("big")));
    destination_unref(to);
    assert_null(destination_by_route(config, STR("else.example")));
}

static void a_route_to_an_exchanger_is_another_site(void **state)
{
    (void)state;
    assert_same(destination_by_route(config, STR("sub.routed.example")), BY({10, "mx.big.example"}),
                false);
}

static void a_domain_that_takes_no_mail_is_final(void **state)
{
    (void)state;
    struct destination *to = by(DNS_NONE, NULL, 0);
    assert_string_equal(to->key, "no mail: d.example");
    assert_int_equal(to->kind, DESTINATION_NOWHERE);
    assert_true(to->refusal.code == 550 && to->refusal.enhanced[1] == 1);
    assert_string_equal(to->why, "The test says so.");
    destination_unref(to);
    to = by(DNS_NULL_MX, NULL, 0); /* RFC 7505 §5.1 */
    assert_int_equal(to->kind, DESTINATION_NOWHERE);
    assert_true(to->refusal.code == 556 && to->refusal.enhanced[2] == 10);
    destination_unref(to);
}

static void a_domain_of_which_nothing_is_known_is_not(void **state)
{
    (void)state;
    struct destination *to = by(DNS_TROUBLE, NULL, 0);
    assert_string_equal(to->key, "no DNS: d.example");
    assert_int_equal(to->kind, DESTINATION_UNKNOWN);
    assert_same(to, by(DNS_NONE, NULL, 0), false);
}

static void the_longest_names_have_keys_of_their_own(void **state)
{
    char a[64], b[64];
    (void)state;
    memset(a, 'a', 63), memset(b, 'a', 63);
    a[63] = b[63] = '\0';
    b[62] = 'b';
    struct destination *to = BY({10, a}, {20, b});
    assert_true(strlen(to->key) < DESTINATION_KEY_SIZE);
    assert_same(to, BY({10, a}, {20, "c.example"}), false);
}

static void it_lasts_as_long_as_somebody_has_it(void **state)
{
    (void)state;
    struct destination *to = BY({10, "mx.example"});
    assert_ptr_equal(destination_ref(to), to);
    destination_unref(to);
    assert_string_equal(to->key, "mx.example");
    destination_unref(to);
    destination_unref(NULL);
}

#define DESTINATION_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESTINATION_TEST(one_exchanger_is_called_by_its_name),
        DESTINATION_TEST(more_of_them_say_how_many_they_are),
        DESTINATION_TEST(what_preferences_are_called_does_not_matter),
        DESTINATION_TEST(their_order_does),
        DESTINATION_TEST(another_set_is_another_site),
        DESTINATION_TEST(a_provider_is_known_by_its_exchangers),
        DESTINATION_TEST(all_sites_of_a_provider_live_in_one_thread),
        DESTINATION_TEST(a_route_comes_before_dns),
        DESTINATION_TEST(a_route_to_an_exchanger_is_another_site),
        DESTINATION_TEST(a_domain_that_takes_no_mail_is_final),
        DESTINATION_TEST(a_domain_of_which_nothing_is_known_is_not),
        DESTINATION_TEST(the_longest_names_have_keys_of_their_own),
        DESTINATION_TEST(it_lasts_as_long_as_somebody_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
