#include "dns/resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/descriptors.h"
#include "unit/dns/town.h"

static void a_domain_has_exchangers(void **state)
{
    struct town *town = *state;
    struct dns_mx *mx = mx_of(town, "Example.ORG");
    assert_int_equal(mx->verdict, DNS_FOUND);
    assert_false(mx->implicit);
    assert_int_equal(mx->count, 1);
    assert_string_equal(mx->hosts[0].name, "mx.example");
    assert_int_equal(mx->hosts[0].preference, 10);
    assert_in_range(mx->ttl_s, 299, 300);
    assert_string_equal(mx->why, "");
    assert_int_equal(resolver_open_questions(town->resolver), 0);
}

static void a_host_has_addresses_of_both_families(void **state)
{
    struct town *town = *state;
    struct dns_addresses *a = addresses_of(town, "mx.example");
    assert_int_equal(a->verdict, DNS_FOUND);
    assert_int_equal(a->count, 2);
    assert_int_equal(a->at[0].ss_family, AF_INET6);
    assert_int_equal(a->at[1].ss_family, AF_INET);
    assert_int_equal(((struct sockaddr_in *)&a->at[1])->sin_addr.s_addr, htonl(0xC0000201));
}

static void an_address_is_its_own_answer(void **state)
{
    struct town *town = *state;
    struct dns_addresses *a = addresses_of(town, "127.0.0.9");
    assert_int_equal(a->count, 1);
    assert_int_equal(((struct sockaddr_in *)&a->at[0])->sin_addr.s_addr, htonl(0x7F000009));
    a = addresses_of(town, "2001:db8::9");
    assert_int_equal(a->at[0].ss_family, AF_INET6);
    assert_int_equal(town->server.asked, 0);
}

static void many_who_ask_are_one_question(void **state)
{
    struct town *town = *state;
    for (int i = 0; i < 500; i++)
        dns_ask_mx(town->resolver, STR("example.org"), on_mx, town);
    assert_int_equal(town->answers, 0); /* never from inside */
    assert_int_equal(resolver_open_questions(town->resolver), 500);
    wait_for(town, 500);
    assert_int_equal(town->server.asked, 1);
    dns_ask_mx(town->resolver, STR("example.org"), on_mx, town);
    assert_int_equal(town->answers, 500); /* not from inside either when it is known */
    wait_for(town, 1);
    assert_int_equal(town->server.asked, 1);
}

static void more_questions_than_the_wire_holds_all_get_answers(void **state)
{
    struct town *town = *state;
    enum { MANY = 3000 };
    for (int i = 0; i < MANY; i++) {
        char domain[32];
        snprintf(domain, sizeof(domain), "d%d.example", i);
        dns_ask_mx(town->resolver, str_of(domain), on_mx, town);
    }
    wait_for(town, MANY);
    assert_in_range(town->server.asked, MANY, MANY + MANY / 10); /* some may be asked twice */
    assert_int_equal(town->mx->verdict, DNS_FOUND);
}

static void a_domain_without_mx_is_its_own_exchanger(void **state)
{
    struct town *town = *state;
    struct dns_mx *mx = mx_of(town, "implicit.example");
    assert_int_equal(mx->verdict, DNS_FOUND);
    assert_true(mx->implicit);
    assert_string_equal(mx->hosts[0].name, "implicit.example");
    assert_in_range(mx->ttl_s, 119, 120);
    mx = mx_of(town, "half.example");
    assert_int_equal(mx->verdict, DNS_FOUND);
    assert_true(mx->implicit);
}

static void a_domain_with_nothing_is_final(void **state)
{
    struct town *town = *state;
    struct dns_mx *mx = mx_of(town, "bare.example");
    assert_int_equal(mx->verdict, DNS_NONE);
    assert_string_equal(
        mx->why, "The domain bare.example has neither a mail exchanger (MX) nor an address.");
    assert_in_range(mx->ttl_s, 199, 200);
}

static void a_domain_that_does_not_exist_is_remembered(void **state)
{
    struct town *town = *state;
    struct dns_mx *mx = mx_of(town, "gone.example");
    assert_int_equal(mx->verdict, DNS_NONE);
    assert_string_equal(mx->why, "The domain gone.example does not exist (NXDOMAIN).");
    mx_of(town, "gone.example");
    assert_int_equal(town->server.asked, 1);
    clock_hold(clock_mono_us() + (int64_t)201 * SECOND_US);
    mx_of(town, "gone.example");
    assert_int_equal(town->server.asked, 2);
}

static void a_null_mx_is_final(void **state)
{
    struct town *town = *state;
    assert_int_equal(mx_of(town, "null.example")->verdict, DNS_NULL_MX);
    assert_int_equal(town->server.asked, 1);
}

static void a_truncated_answer_is_asked_for_over_tcp(void **state)
{
    struct town *town = *state;
    struct dns_mx *mx = mx_of(town, "hundred.example");
    assert_int_equal(mx->verdict, DNS_FOUND);
    assert_int_equal(mx->count, DNS_MX_MAX);
    assert_string_equal(mx->hosts[0].name, "mx00.example");
    assert_string_equal(mx->hosts[15].name, "mx15.example");
    assert_int_equal(town->server.asked_over_tcp, 1);
}

/* Over TCP nothing comes at all. */
static void a_truncated_answer_alone_is_trouble(void **state)
{
    struct town *town = *state;
    assert_int_equal(mx_of(town, "stuck.example")->verdict, DNS_TROUBLE);
    assert_true(town->server.asked_over_tcp > 0);
    assert_int_equal(mx_of(town, "hundred.example")->verdict, DNS_FOUND);
}

static void respond_without_edns(struct name_server *server, const struct asked *asked,
                                 struct buf *out)
{
    (void)server;
    if (asked->edns)
        put_rcode(out, 1); /* FORMERR */
    else
        respond_plainly(asked, out, 300);
}

static void a_server_without_edns_is_asked_without(void **state)
{
    struct town *town = *state;
    town->server.respond = respond_without_edns;
    assert_int_equal(mx_of(town, "example.org")->verdict, DNS_FOUND);
    assert_int_equal(town->server.asked, 2);
    assert_int_equal(mx_of(town, "b.example")->verdict, DNS_FOUND);
    assert_int_equal(town->server.asked, 3);
}

static void a_zero_ttl_serves_its_askers_and_five_seconds(void **state)
{
    struct town *town = *state;
    clock_hold(clock_mono_us());
    struct dns_mx *mx = mx_of(town, "zero.example");
    assert_int_equal(mx->ttl_s, 5);
    mx_of(town, "zero.example");
    assert_int_equal(town->server.asked, 1);
    clock_hold(clock_mono_us() + 5 * SECOND_US);
    mx_of(town, "zero.example");
    assert_int_equal(town->server.asked, 2);
}

static void an_answer_may_be_late_twice(void **state)
{
    struct town *town = *state;
    assert_int_equal(mx_of(town, "late.example")->verdict, DNS_FOUND);
    assert_int_equal(town->server.asked, 3);
}

static void assert_trouble(struct town *town, const char *domain, const char *why)
{
    struct dns_mx *mx = mx_of(town, domain);
    assert_int_equal(mx->verdict, DNS_TROUBLE);
    assert_string_equal(mx->why, why);
    unsigned asked = town->server.asked;
    mx_of(town, domain);
    assert_int_equal(town->server.asked, asked); /* remembered for a moment */
}

static void trouble_is_told_and_passes(void **state)
{
    struct town *town = *state;
    assert_trouble(town, "servfail.example",
                   "The name servers answered SERVFAIL for servfail.example.");
    assert_trouble(town, "broken.example",
                   "The name servers' answer for broken.example cannot be understood.");
    assert_trouble(town, "circle.example",
                   "The aliases (CNAME) of circle.example lead in a circle, or too far.");
    assert_trouble(town, "silent.example",
                   "The name servers did not answer in time for silent.example (tried 3 times).");
    assert_int_equal(town->server.asked, 6);
    clock_hold(clock_mono_us() + 11 * SECOND_US);
    mx_of(town, "servfail.example");
    assert_int_equal(town->server.asked, 7);
}

/* What does not belong to the question is as good as no answer. */
static void lies_are_not_heard(void **state)
{
    struct town *town = *state;
    assert_trouble(town, "wrong-id.example",
                   "The name servers did not answer in time for wrong-id.example (tried 3 times).");
    assert_trouble(
        town, "wrong-question.example",
        "The name servers did not answer in time for wrong-question.example (tried 3 times).");
}

static void a_server_that_is_not_there_is_told(void **state)
{
    struct town *town = *state;
    struct dns_config config = town->config;
    config.server.port = 1;
    assert_int_equal(resolver_use(town->resolver, &config, NULL), 0);
    assert_trouble(town, "example.org", "No name server can be reached to ask for example.org.");
}

static void what_is_no_name_is_not_asked_for(void **state)
{
    struct town *town = *state;
    struct dns_mx *mx = mx_of(town, "exa\r\nmple..org");
    assert_int_equal(mx->verdict, DNS_NONE);
    assert_string_equal(mx->why, "\"exa??mple..org\" is not a valid domain name.");
    mx = mx_of(town, "");
    assert_int_equal(mx->verdict, DNS_NONE);
    mx = mx_of(town, "[192.0.2.1]");
    assert_int_equal(mx->verdict, DNS_NONE);
    assert_int_equal(addresses_of(town, "-.example")->verdict, DNS_NONE);
    assert_int_equal(town->server.asked, 0);
}

static void whoever_cancels_hears_nothing(void **state)
{
    struct town *town = *state;
    struct dns_question *gone = dns_ask_mx(town->resolver, STR("example.org"), on_mx, town);
    struct dns_question *both =
        dns_ask_addresses(town->resolver, STR("mx.example"), on_addresses, town);
    struct dns_question *made =
        dns_ask_addresses(town->resolver, STR("192.0.2.1"), on_addresses, town);
    dns_ask_mx(town->resolver, STR("example.org"), on_mx, town);
    dns_cancel(gone);
    dns_cancel(both);
    dns_cancel(made);
    dns_cancel(NULL);
    assert_int_equal(resolver_open_questions(town->resolver), 1);
    wait_for(town, 1);
    rest(town, 50);
    assert_int_equal(town->answers, 1);
    assert_int_equal(town->server.asked, 1);
}

/* In line, on the wire, answered and not heard. */
static void the_resolver_may_go_with_open_questions(void **state)
{
    struct town *town = *state;
    for (int i = 0; i < 600; i++) {
        char domain[32];
        snprintf(domain, sizeof(domain), "d%d.example", i);
        dns_ask_mx(town->resolver, str_of(domain), on_mx, town);
    }
    dns_ask_mx(town->resolver, STR("silent.example"), on_mx, town);
    dns_ask_mx(town->resolver, STR("hundred.example"), on_mx, town);
    wait_for(town, 100);
    dns_ask_addresses(town->resolver, STR("192.0.2.1"), on_addresses, town);
    assert_true(resolver_open_questions(town->resolver) > 0);
    resolver_free(town->resolver);
    town->resolver = NULL;
    rest(town, 20);
}

struct chain {
    struct town *town;
    struct dns_question *other;
};

/* Another question is cancelled and a known one asked from inside an answer. */
static void on_first(void *ctx, struct dns_mx *mx)
{
    struct chain *chain = ctx;
    dns_cancel(chain->other);
    dns_ask_mx(chain->town->resolver, STR("example.org"), on_mx, chain->town);
    on_mx(chain->town, mx);
}

static void answers_may_ask_and_cancel(void **state)
{
    struct town *town = *state;
    struct chain chain = {.town = town};
    dns_ask_mx(town->resolver, STR("example.org"), on_first, &chain);
    chain.other = dns_ask_mx(town->resolver, STR("example.org"), on_mx, town);
    wait_for(town, 2);
    assert_int_equal(resolver_open_questions(town->resolver), 0);
    assert_int_equal(town->server.asked, 1);
}

static void other_servers_are_asked_what_is_open(void **state)
{
    struct town *town = *state;
    struct name_server other = {.respond = respond};
    struct dns_config config = town->config;
    name_server_open(&other, &town->loop);
    config.server.port = (uint16_t)other.port;
    mx_of(town, "known.example");
    dns_ask_mx(town->resolver, STR("silent.example"), on_mx, town);
    rest(town, 20);
    dns_ask_mx(town->resolver, STR("example.org"), on_mx, town);
    assert_int_equal(town->server.asked, 2);
    assert_int_equal(resolver_use(town->resolver, &config, NULL), 0);
    wait_for(town, 2);
    mx_of(town, "known.example"); /* is asked again: it was the old server's word */
    assert_int_equal(town->server.asked, 2);
    assert_int_equal(other.asked, 5);
    resolver_free(town->resolver);
    town->resolver = NULL;
    name_server_close(&other);
}

static void the_same_servers_leave_what_is_known(void **state)
{
    struct town *town = *state;
    struct dns_config wrong = town->config;
    struct err err = {{0}};
    mx_of(town, "example.org");
    town->config.tries = 2;
    assert_int_equal(resolver_use(town->resolver, &town->config, NULL), 0);
    snprintf(wrong.server.host, sizeof(wrong.server.host), "nobody");
    assert_int_equal(resolver_use(town->resolver, &wrong, &err), -1);
    mx_of(town, "example.org");
    assert_int_equal(town->server.asked, 1);
    assert_int_equal(mx_of(town, "b.example")->verdict, DNS_FOUND);
}

static void descriptors_beyond_1024_do_no_harm(void **state)
{
    struct town *town = *state;
    enum { TAKEN = 1100 };
    static int taken[TAKEN];
    descriptors_raise();
    if (descriptors_limit() < TAKEN + 100)
        skip();
    for (int i = 0; i < TAKEN; i++)
        assert_true((taken[i] = dup(0)) >= 0);
    assert_true(taken[TAKEN - 1] > 1024);
    assert_int_equal(mx_of(town, "example.org")->verdict, DNS_FOUND);
    assert_int_equal(mx_of(town, "hundred.example")->count, DNS_MX_MAX); /* TCP too */
    assert_int_equal(mx_of(town, "silent.example")->verdict, DNS_TROUBLE);
    for (int i = 0; i < TAKEN; i++)
        close(taken[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_town, close_town)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_domain_has_exchangers),
        TEST(a_host_has_addresses_of_both_families),
        TEST(an_address_is_its_own_answer),
        TEST(many_who_ask_are_one_question),
        TEST(more_questions_than_the_wire_holds_all_get_answers),
        TEST(a_domain_without_mx_is_its_own_exchanger),
        TEST(a_domain_with_nothing_is_final),
        TEST(a_domain_that_does_not_exist_is_remembered),
        TEST(a_null_mx_is_final),
        TEST(a_truncated_answer_is_asked_for_over_tcp),
        TEST(a_truncated_answer_alone_is_trouble),
        TEST(a_server_without_edns_is_asked_without),
        TEST(a_zero_ttl_serves_its_askers_and_five_seconds),
        TEST(an_answer_may_be_late_twice),
        TEST(trouble_is_told_and_passes),
        TEST(lies_are_not_heard),
        TEST(a_server_that_is_not_there_is_told),
        TEST(what_is_no_name_is_not_asked_for),
        TEST(whoever_cancels_hears_nothing),
        TEST(the_resolver_may_go_with_open_questions),
        TEST(answers_may_ask_and_cancel),
        TEST(other_servers_are_asked_what_is_open),
        TEST(the_same_servers_leave_what_is_known),
        TEST(descriptors_beyond_1024_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
