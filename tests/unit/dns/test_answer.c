#include "dns/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <netinet/in.h>

static struct records *of_result(enum dns_result result, unsigned rcode, unsigned tries)
{
    struct dns_message message = {.result = result, .rcode = rcode, .tries = tries, .ttl_s = 60};
    return records_new(&message, DNS_TYPE_A, 0);
}

/* So many addresses, numbered in their last octet. */
static struct records *of_addresses(enum dns_type type, unsigned count, uint32_t ttl_s)
{
    struct dns_message message = {.result = DNS_RECORDS, .count = count, .ttl_s = ttl_s};
    for (unsigned i = 0; i < count; i++) {
        if (type == DNS_TYPE_A)
            message.v4[i][3] = (unsigned char)i;
        else
            message.v6[i][15] = (unsigned char)i;
    }
    return records_new(&message, type, 0);
}

static unsigned number_of(const struct sockaddr_storage *at)
{
    return at->ss_family == AF_INET ? ntohl(((const struct sockaddr_in *)at)->sin_addr.s_addr)
                                    : ((const struct sockaddr_in6 *)at)->sin6_addr.s6_addr[15];
}

static void families_take_turns(void **state)
{
    (void)state;
    struct records *v4 = of_addresses(DNS_TYPE_A, 4, 100), *v6 = of_addresses(DNS_TYPE_AAAA, 2, 50);
    struct dns_addresses *a = dns_addresses_new("mx.example", v4, v6, 0);
    static const int families[] = {AF_INET6, AF_INET, AF_INET6, AF_INET, AF_INET, AF_INET};
    assert_int_equal(a->verdict, DNS_FOUND);
    assert_int_equal(a->count, 6);
    assert_int_equal(a->ttl_s, 50);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(a->at[i].ss_family, families[i]);
    dns_addresses_unref(a);
    records_unref(v4);
    records_unref(v6);
}

static void both_families_have_room(void **state)
{
    (void)state;
    struct records *v4 = of_addresses(DNS_TYPE_A, 16, 100),
                   *v6 = of_addresses(DNS_TYPE_AAAA, 16, 9);
    struct dns_addresses *a = dns_addresses_new("mx.example", v4, v6, 0);
    assert_int_equal(a->count, DNS_ADDRESSES_MAX);
    assert_int_equal(a->at[14].ss_family, AF_INET6);
    assert_int_equal(a->at[15].ss_family, AF_INET);
    dns_addresses_unref(a);
    records_unref(v4);
    records_unref(v6);
}

/* Each begins the list at some time, and the circle is kept. */
static void every_address_comes_first_at_times(void **state)
{
    (void)state;
    struct records *v4 = of_addresses(DNS_TYPE_A, 4, 100);
    unsigned firsts[4] = {0};
    for (int i = 0; i < 400; i++) {
        struct dns_addresses *a = dns_addresses_new("mx.example", v4, NULL, 0);
        assert_int_equal(a->count, 4);
        firsts[number_of(&a->at[0])]++;
        assert_int_equal(number_of(&a->at[1]), (number_of(&a->at[0]) + 1) % 4);
        dns_addresses_unref(a);
    }
    for (int i = 0; i < 4; i++)
        assert_true(firsts[i] > 40);
    records_unref(v4);
}

static void assert_addresses(struct records *v4, struct records *v6, enum dns_verdict verdict,
                             const char *why)
{
    struct dns_addresses *a = dns_addresses_new("mx.example", v4, v6, 0);
    assert_int_equal(a->verdict, verdict);
    assert_string_equal(a->why, why);
    dns_addresses_unref(a);
    records_unref(v4);
    records_unref(v6);
}

static void one_family_is_enough_and_trouble_in_one_leaves_it_open(void **state)
{
    (void)state;
    assert_addresses(of_addresses(DNS_TYPE_A, 1, 60), of_result(DNS_REFUSAL, 2, 0), DNS_FOUND, "");
    assert_addresses(of_result(DNS_NO_RECORDS, 0, 0), of_result(DNS_NO_RECORDS, 0, 0), DNS_NONE,
                     "The name mx.example has no address.");
    assert_addresses(of_result(DNS_NO_RECORDS, 0, 0), of_result(DNS_REFUSAL, 2, 0), DNS_TROUBLE,
                     "The name servers answered SERVFAIL for mx.example.");
    assert_addresses(of_result(DNS_TIMEOUT, 0, 3), of_result(DNS_NO_RECORDS, 0, 0), DNS_TROUBLE,
                     "The name servers did not answer in time for mx.example (tried 3 times).");
    assert_addresses(of_result(DNS_NO_NAME, 3, 0), of_result(DNS_NO_NAME, 3, 0), DNS_NONE,
                     "The domain mx.example does not exist (NXDOMAIN).");
    assert_addresses(of_result(DNS_UNUSABLE, 0, 0), of_result(DNS_NO_RECORDS, 0, 0), DNS_TROUBLE,
                     "All records of mx.example are such that nobody can be reached by them.");
}

static void assert_mx(enum dns_result result, unsigned rcode, enum dns_verdict verdict,
                      const char *why)
{
    struct records *records = of_result(result, rcode, 1);
    struct dns_mx *mx = dns_mx_new("example.org", records, NULL, NULL, 0);
    assert_int_equal(mx->verdict, verdict);
    assert_int_equal(mx->count, 0);
    assert_string_equal(mx->why, why);
    dns_mx_unref(mx);
    records_unref(records);
}

static void every_failure_has_a_sentence(void **state)
{
    (void)state;
    assert_mx(DNS_NULL_RECORD, 0, DNS_NULL_MX, "The domain example.org takes no mail (null MX).");
    assert_mx(DNS_NO_NAME, 3, DNS_NONE, "The domain example.org does not exist (NXDOMAIN).");
    assert_mx(DNS_UNUSABLE, 0, DNS_TROUBLE,
              "All records of example.org are such that nobody can be reached by them.");
    assert_mx(DNS_ALIASES, 0, DNS_TROUBLE,
              "The aliases (CNAME) of example.org lead in a circle, or too far.");
    assert_mx(DNS_REFUSAL, 5, DNS_TROUBLE, "The name servers answered REFUSED for example.org.");
    assert_mx(DNS_REFUSAL, 9, DNS_TROUBLE, "The name servers answered RCODE 9 for example.org.");
    assert_mx(DNS_BROKEN, 0, DNS_TROUBLE,
              "The name servers' answer for example.org cannot be understood.");
    assert_mx(DNS_TIMEOUT, 0, DNS_TROUBLE,
              "The name servers did not answer in time for example.org (tried 1 time).");
    assert_mx(DNS_UNREACHABLE, 0, DNS_TROUBLE,
              "No name server can be reached to ask for example.org.");
    assert_mx(DNS_SHORTAGE, 0, DNS_TROUBLE,
              "This machine has no file descriptor or memory left to ask for example.org.");
    assert_mx(DNS_INVALID, 0, DNS_NONE, "\"example.org\" is not a valid domain name.");
}

static struct dns_mx *implicit(struct records *v4, struct records *v6, int64_t now_ms)
{
    struct records *mx = of_result(DNS_NO_RECORDS, 0, 0);
    struct dns_mx *out = dns_mx_new("example.org", mx, v4, v6, now_ms);
    records_unref(mx);
    records_unref(v4);
    records_unref(v6);
    return out;
}

static void a_domain_with_an_address_is_its_own_exchanger(void **state)
{
    (void)state;
    struct dns_mx *mx =
        implicit(of_result(DNS_REFUSAL, 2, 0), of_addresses(DNS_TYPE_AAAA, 1, 600), 0);
    assert_int_equal(mx->verdict, DNS_FOUND);
    assert_true(mx->implicit);
    assert_int_equal(mx->count, 1);
    assert_string_equal(mx->hosts[0].name, "example.org");
    assert_int_equal(mx->ttl_s, 10); /* the trouble's: then IPv4 is asked for again */
    dns_mx_unref(mx);
}

static void a_domain_without_anything_is_final_unless_there_was_trouble(void **state)
{
    (void)state;
    struct dns_mx *mx = implicit(of_result(DNS_NO_RECORDS, 0, 0), of_result(DNS_NO_NAME, 3, 0), 0);
    assert_int_equal(mx->verdict, DNS_NONE);
    assert_string_equal(mx->why,
                        "The domain example.org has neither a mail exchanger (MX) nor an address.");
    dns_mx_unref(mx);
    mx = implicit(of_result(DNS_NO_RECORDS, 0, 0), of_result(DNS_TIMEOUT, 0, 3), 0);
    assert_int_equal(mx->verdict, DNS_TROUBLE);
    dns_mx_unref(mx);
}

static void what_is_left_of_the_ttl_counts_from_now(void **state)
{
    (void)state;
    struct records *v4 = of_addresses(DNS_TYPE_A, 1, 60);
    static const struct {
        int64_t now_ms;
        uint32_t ttl_s;
    } rows[] = {{0, 60}, {1, 60}, {1000, 59}, {59500, 1}, {60000, 1}, {90000, 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dns_addresses *a = dns_addresses_new("mx.example", v4, NULL, rows[i].now_ms);
        assert_int_equal(a->ttl_s, rows[i].ttl_s);
        dns_addresses_unref(a);
    }
    records_unref(v4);
}

static void the_longest_name_fits_every_sentence(void **state)
{
    (void)state;
    char name[DNS_HOST_MAX + 1];
    memset(name, 'a', DNS_HOST_MAX);
    name[DNS_HOST_MAX] = '\0';
    for (enum dns_result result = DNS_NULL_RECORD; result <= DNS_INVALID; result++) {
        struct records *records = of_result(result, 2, 255);
        struct dns_mx *mx = dns_mx_new(name, records, NULL, NULL, 0);
        assert_int_equal(mx->why[strlen(mx->why) - 1], '.');
        dns_mx_unref(mx);
        records_unref(records);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(both_families_have_room),
        cmocka_unit_test(every_address_comes_first_at_times),
        cmocka_unit_test(one_family_is_enough_and_trouble_in_one_leaves_it_open),
        cmocka_unit_test(every_failure_has_a_sentence),
        cmocka_unit_test(a_domain_with_an_address_is_its_own_exchanger),
        cmocka_unit_test(a_domain_without_anything_is_final_unless_there_was_trouble),
        cmocka_unit_test(what_is_left_of_the_ttl_counts_from_now),
        cmocka_unit_test(the_longest_name_fits_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
