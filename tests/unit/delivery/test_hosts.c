/* Which host a connection goes to, and at which of its addresses it begins. */
#include "delivery/hosts.h"

#include "unit/delivery/crew.h"

enum { TRIES = 400 };

/* What DNS says of hosts: by default one address each; the test may change it. */
static struct {
    const char *addresses[DNS_ADDRESSES_MAX];
    size_t count;
    enum dns_verdict verdict;
    bool silent;
} world;

static struct dns_mx *fake_dns_mx(const char *domain)
{
    (void)domain;
    return NULL;
}

static struct dns_addresses *fake_dns_hosts(const char *host)
{
    (void)host;
    return world.silent ? NULL : fake_addresses(world.verdict, world.addresses, world.count);
}

static struct site *site;
static struct hosts *hosts;

static void set_addresses(size_t count, const char *const *texts)
{
    memcpy(world.addresses, texts, count * sizeof(*texts));
    world.count = count;
    world.verdict = count ? DNS_FOUND : DNS_TROUBLE;
}

#define ADDRESSES(...)                                                               \
    set_addresses(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), \
                  (const char *const[]){__VA_ARGS__})

static void begin_site(const struct fake_exchanger *exchangers, size_t count)
{
    struct dns_mx *mx = fake_mx(DNS_FOUND, exchangers, count);
    struct destination *to = destination_by_mx(crew.config, STR("d1.example"), mx);
    dns_mx_unref(mx);
    site = site_get(&crew.threads[0], to);
    hosts = &site->hosts;
    destination_unref(to);
}

static int set_up(void **state)
{
    static const struct fake_exchanger three[] = {
        {10, "a.example"}, {10, "b.example"}, {20, "c.example"}};
    (void)state;
    crew_set_up(1, CREW_SOURCE "dns { mx_port = 2525 }\n");
    world.silent = false;
    ADDRESSES("192.0.2.1");
    begin_site(three, 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    crew_tear_down();
    return 0;
}

/* The host that is chosen, with its addresses known. */
static struct site_host *choose(void)
{
    struct site_host *host;
    enum hosts_answer answer = hosts_choose(hosts, &host);
    for (int i = 0; i < 10 && answer == HOSTS_ASKED; i++) {
        crew_answer_all();
        answer = hosts_choose(hosts, &host);
    }
    return answer == HOSTS_FOUND ? host : NULL;
}

/* How often each of the three is chosen. */
static void count_choices(unsigned chosen[3])
{
    memset(chosen, 0, 3 * sizeof(*chosen));
    for (int i = 0; i < TRIES; i++) {
        struct site_host *host = choose();
        if (host)
            chosen[host - hosts->at]++;
    }
}

static void equal_ones_take_turns_and_the_others_wait(void **state)
{
    unsigned chosen[3];
    (void)state;
    count_choices(chosen);
    assert_in_range(chosen[0], TRIES / 4, 3 * TRIES / 4);
    assert_int_equal(chosen[0] + chosen[1], TRIES);
}

static void a_dead_one_is_skipped(void **state)
{
    unsigned chosen[3];
    (void)state;
    host_failed(&hosts->at[0]);
    count_choices(chosen);
    assert_int_equal(chosen[1], TRIES);
    host_failed(&hosts->at[1]);
    count_choices(chosen);
    assert_int_equal(chosen[2], TRIES);
}

static void when_all_are_dead_there_is_none_until_they_are_forgiven(void **state)
{
    struct site_host *host;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        host_failed(&hosts->at[i]);
    assert_int_equal(hosts_choose(hosts, &host), HOSTS_DEAD);
    hosts_forgive(hosts);
    assert_true(choose() < &hosts->at[2]);
}

static void a_host_without_addresses_is_as_dead(void **state)
{
    struct site_host *host;
    (void)state;
    set_addresses(0, world.addresses);
    assert_null(choose());
    assert_int_equal(hosts_choose(hosts, &host), HOSTS_DEAD);
    assert_string_equal(hosts->trouble, "The test says so.");
}

static void a_question_is_asked_once(void **state)
{
    struct site_host *host;
    (void)state;
    world.silent = true;
    unsigned before = fake_dns.asked;
    for (int i = 0; i < 100; i++)
        assert_int_equal(hosts_choose(hosts, &host), HOSTS_ASKED);
    assert_in_range(fake_dns.asked - before, 1, 2);
    assert_true(hosts_asking(hosts));
    hosts_stop(hosts);
    assert_false(hosts_asking(hosts));
}

/* What was known goes on to be used: trouble with DNS stops no mail. */
static void old_addresses_serve_until_there_are_new_ones(void **state)
{
    (void)state;
    struct site_host *host = choose();
    ADDRESSES("192.0.2.9");
    hosts_reload(hosts);
    host->known_until_ms = 0;
    struct site_host *chosen;
    world.silent = true;
    for (int i = 0; i < 50; i++)
        if (hosts_choose(hosts, &chosen) == HOSTS_FOUND)
            assert_non_null(chosen->addresses);
    world.silent = false;
    world.verdict = DNS_TROUBLE;
    world.count = 0;
    crew_answer_all();
    assert_non_null(host->addresses);
}

/* The addresses in the order in which they are tried, as text: "1 6:1 2 …". */
static const char *order_of(struct site_host *host, int family, struct smtp_params *params)
{
    static char text[256];
    size_t len = 0;
    memset(params, 0, sizeof(*params));
    host_addresses(host, family, params);
    for (unsigned i = 0; i < params->address_count; i++) {
        const struct sockaddr_storage *a = &params->addresses[i];
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;
        bool is4 = a->ss_family == AF_INET;
        unsigned last = is4 ? ntohl(v4->sin_addr.s_addr) & 255 : v6->sin6_addr.s6_addr[15];
        assert_int_equal(ntohs(is4 ? v4->sin_port : v6->sin6_port), 2525);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%u", i ? " " : "",
                                is4 ? "" : "6:", last);
    }
    return text;
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* RFC 8305 §4. */
static void families_take_turns_and_ipv6_is_first(void **state)
{
    struct smtp_params p;
    (void)state;
    ADDRESSES("192.0.2.1", "192.0.2.2", "2001:db8::1");
    struct site_host *host = choose();
    unsigned first = 0;
    for (int i = 0; i < 10; i++) {
        const char *order = order_of(host, AF_UNSPEC, &p);
        assert_true(is_one_of(order, "6:1 1 2", "6:1 2 1"));
        first += order[4] == '1';
    }
    assert_int_equal(first, 5);
}

static void a_source_of_one_family_uses_only_that(void **state)
{
    struct smtp_params p;
    (void)state;
    ADDRESSES("192.0.2.1", "192.0.2.2", "2001:db8::1");
    struct site_host *host = choose();
    assert_true(is_one_of(order_of(host, AF_INET, &p), "1 2", "2 1"));
    assert_string_equal(order_of(host, AF_INET6, &p), "6:1");
}

static void unless_there_is_no_other(void **state)
{
    struct smtp_params p;
    (void)state;
    ADDRESSES("2001:db8::1");
    assert_string_equal(order_of(choose(), AF_INET, &p), "6:1");
}

static void what_did_not_answer_or_was_overtaken_is_last(void **state)
{
    struct smtp_params p;
    (void)state;
    ADDRESSES("192.0.2.1", "2001:db8::1", "2001:db8::2");
    struct site_host *host = choose();
    order_of(host, AF_UNSPEC, &p);
    host_learn(host, &p, 1);
    bool first_was_1 = ((struct sockaddr_in6 *)(void *)&p.addresses[0])->sin6_addr.s6_addr[15] == 1;
    for (int i = 0; i < 4; i++) {
        const char *order = order_of(host, AF_UNSPEC, &p);
        assert_true(first_was_1 ? is_one_of(order, "6:2 1 6:1", "1 6:2 6:1")
                                : is_one_of(order, "6:1 1 6:2", "1 6:1 6:2"));
    }
}

static void all_are_tried_when_all_were_dead(void **state)
{
    struct smtp_params p;
    (void)state;
    ADDRESSES("192.0.2.1", "2001:db8::1");
    struct site_host *host = choose();
    order_of(host, AF_UNSPEC, &p);
    host_learn(host, &p, 3);
    assert_string_equal(order_of(host, AF_UNSPEC, &p), "6:1 1");
}

static void no_more_than_fit_are_tried(void **state)
{
    static char texts[DNS_ADDRESSES_MAX][16];
    const char *all[DNS_ADDRESSES_MAX];
    struct smtp_params p;
    (void)state;
    for (size_t i = 0; i < DNS_ADDRESSES_MAX; i++) {
        snprintf(texts[i], sizeof(texts[i]), "192.0.2.%zu", i + 1);
        all[i] = texts[i];
    }
    set_addresses(DNS_ADDRESSES_MAX, all);
    struct site_host *host = choose();
    for (int i = 0; i < 40; i++) {
        order_of(host, AF_UNSPEC, &p);
        assert_int_equal(p.address_count, SMTP_ADDRESSES_MAX);
        host_learn(host, &p, 0x55);
    }
}

#define HOSTS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(equal_ones_take_turns_and_the_others_wait),
        HOSTS_TEST(a_dead_one_is_skipped),
        HOSTS_TEST(when_all_are_dead_there_is_none_until_they_are_forgiven),
        HOSTS_TEST(a_host_without_addresses_is_as_dead),
        HOSTS_TEST(a_question_is_asked_once),
        HOSTS_TEST(old_addresses_serve_until_there_are_new_ones),
        HOSTS_TEST(families_take_turns_and_ipv6_is_first),
        HOSTS_TEST(a_source_of_one_family_uses_only_that),
        HOSTS_TEST(unless_there_is_no_other),
        HOSTS_TEST(what_did_not_answer_or_was_overtaken_is_last),
        HOSTS_TEST(all_are_tried_when_all_were_dead),
        HOSTS_TEST(no_more_than_fit_are_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
