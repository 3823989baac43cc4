#include "dns/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "unit/dns/name_server.h"

struct fixture {
    struct buf wire;
    struct dns_message message;
};

static void begin(struct fixture *f, unsigned type)
{
    buf_reset(&f->wire);
    put_head(&f->wire, 7, "example.org", type);
}

static enum dns_result read_as(struct fixture *f, const char *host, enum dns_type type)
{
    struct dns_name name;
    assert_int_equal(dns_name_parse(str_of(host), &name), 0);
    dns_message_read(buf_str(&f->wire), &name, type, &f->message);
    return f->message.result;
}

static enum dns_result read_mx(struct fixture *f)
{
    return read_as(f, "example.org", DNS_TYPE_MX);
}

static int set_up(void **state)
{
    static struct fixture f;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    buf_release(&f->wire);
    return 0;
}

static void exchangers_come_in_order(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "example.org", 300, 20, "Backup.example.net");
    put_mx(&f->wire, "EXAMPLE.org", 200, 10, "b.example.net");
    put_mx(&f->wire, "example.org", 400, 10, "a.example.net");
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_int_equal(f->message.count, 3);
    assert_string_equal(f->message.mx[0].host, "a.example.net");
    assert_string_equal(f->message.mx[1].host, "b.example.net");
    assert_string_equal(f->message.mx[2].host, "backup.example.net");
    assert_int_equal(f->message.mx[2].preference, 20);
    assert_int_equal(f->message.ttl_s, 200);
}

static void of_a_hundred_exchangers_the_best_stay(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    for (unsigned i = 0; i < 100; i++) {
        char host[40];
        unsigned preference = i * 37 % 100;
        snprintf(host, sizeof(host), "mx%02u.example.net", preference);
        put_mx(&f->wire, "example.org", 300, preference, host);
    }
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_int_equal(f->message.count, DNS_MX_MAX);
    for (unsigned i = 0; i < DNS_MX_MAX; i++)
        assert_int_equal(f->message.mx[i].preference, i);
}

static void a_name_counts_once_with_its_best_preference(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "example.org", 300, 30, "a.example.net");
    put_mx(&f->wire, "example.org", 300, 20, "b.example.net");
    put_mx(&f->wire, "example.org", 300, 10, "A.example.net");
    put_mx(&f->wire, "example.org", 300, 40, "b.example.net");
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_int_equal(f->message.count, 2);
    assert_string_equal(f->message.mx[0].host, "a.example.net");
    assert_int_equal(f->message.mx[0].preference, 10);
    assert_int_equal(f->message.mx[1].preference, 20);
}

static void a_null_mx_is_one_only_when_it_stands_alone(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "example.org", 300, 0, "");
    assert_int_equal(read_mx(f), DNS_NULL_RECORD);
    assert_int_equal(f->message.ttl_s, 300);
    put_mx(&f->wire, "example.org", 300, 10, "mx.example.net");
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_int_equal(f->message.count, 1);
    assert_string_equal(f->message.mx[0].host, "mx.example.net");
}

static void exchangers_that_are_no_hosts_are_dropped(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "example.org", 300, 10, "192.0.2.1");
    put_mx(&f->wire, "example.org", 300, 10, "a b.example");
    assert_int_equal(read_mx(f), DNS_UNUSABLE);
    assert_int_equal(f->message.count, 0);
    put_mx(&f->wire, "example.org", 300, 10, "");
    assert_int_equal(read_mx(f), DNS_UNUSABLE);
    put_mx(&f->wire, "example.org", 300, 10, "mx.example.net");
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_int_equal(f->message.count, 1);
}

static void aliases_are_followed_in_any_order(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "c.example", 300, 10, "mx.example.net");
    put_cname(&f->wire, "b.example", 60, "c.example");
    put_mx(&f->wire, "stranger.example", 5, 10, "mx.stranger.example");
    put_cname(&f->wire, "example.org", 90, "B.example");
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_int_equal(f->message.count, 1);
    assert_string_equal(f->message.mx[0].host, "mx.example.net");
    assert_int_equal(f->message.ttl_s, 60);
}

static void put_chain(struct fixture *f, int aliases)
{
    begin(f, DNS_TYPE_MX);
    char from[40] = "example.org", to[40];
    for (int i = 0; i < aliases; i++) {
        snprintf(to, sizeof(to), "a%d.example", i);
        put_cname(&f->wire, from, 60, to);
        snprintf(from, sizeof(from), "%s", to);
    }
    put_mx(&f->wire, from, 300, 10, "mx.example.net");
}

static void eight_aliases_are_enough(void **state)
{
    struct fixture *f = *state;
    put_chain(f, 8);
    assert_int_equal(read_mx(f), DNS_RECORDS);
    put_chain(f, 9);
    assert_int_equal(read_mx(f), DNS_ALIASES);
}

static void aliases_in_a_circle_are_noticed(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_cname(&f->wire, "example.org", 60, "b.example");
    put_cname(&f->wire, "b.example", 60, "example.org");
    assert_int_equal(read_mx(f), DNS_ALIASES);
    begin(f, DNS_TYPE_MX);
    put_cname(&f->wire, "example.org", 60, "example.org");
    assert_int_equal(read_mx(f), DNS_ALIASES);
}

static void a_no_holds_as_long_as_the_soa_says(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_soa(&f->wire, "org", 900, 600);
    assert_int_equal(read_mx(f), DNS_NO_RECORDS);
    assert_int_equal(f->message.ttl_s, 600);
    begin(f, DNS_TYPE_MX);
    put_rcode(&f->wire, DNS_NXDOMAIN);
    put_soa(&f->wire, "org", 500, 600);
    assert_int_equal(read_mx(f), DNS_NO_NAME);
    assert_int_equal(f->message.ttl_s, 500);
    begin(f, DNS_TYPE_MX);
    assert_int_equal(read_mx(f), DNS_NO_RECORDS);
    assert_int_equal(f->message.ttl_s, 0);
}

/* The rcode is about the last name of the chain (RFC 6604 §3). */
static void an_alias_to_nothing_does_not_exist(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_cname(&f->wire, "example.org", 60, "gone.example");
    put_rcode(&f->wire, DNS_NXDOMAIN);
    put_soa(&f->wire, "example", 900, 600);
    assert_int_equal(read_mx(f), DNS_NO_NAME);
    assert_int_equal(f->message.ttl_s, 60);
}

static void a_ttl_with_its_high_bit_set_is_zero(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "example.org", 0x80000001, 10, "mx.example.net");
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_int_equal(f->message.ttl_s, 0);
}

static void addresses_are_read(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_A);
    put_address(&f->wire, "example.org", 300, "192.0.2.1");
    put_address(&f->wire, "example.org", 300, "192.0.2.2");
    put_address(&f->wire, "other.example", 300, "192.0.2.3");
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_A), DNS_RECORDS);
    assert_int_equal(f->message.count, 2);
    assert_memory_equal(f->message.v4[1], "\300\0\2\2", 4);
    begin(f, DNS_TYPE_AAAA);
    put_address(&f->wire, "example.org", 300, "2001:db8::7");
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_AAAA), DNS_RECORDS);
    assert_memory_equal(f->message.v6[0], "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", 16);
}

static void the_first_sixteen_addresses_stay(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_A);
    for (int i = 0; i < 40; i++) {
        char text[20];
        snprintf(text, sizeof(text), "192.0.2.%d", i);
        put_address(&f->wire, "example.org", 300, text);
    }
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_A), DNS_RECORDS);
    assert_int_equal(f->message.count, DNS_ADDRESSES_MAX);
    assert_int_equal(f->message.v4[15][3], 15);
}

static void addresses_that_are_nobodys_are_dropped(void **state)
{
    struct fixture *f = *state;
    static const char *const four[] = {"0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255"};
    static const char *const six[] = {"::", "ff02::1", "::ffff:127.0.0.1", "::192.0.2.1"};
    begin(f, DNS_TYPE_A);
    for (size_t i = 0; i < 4; i++)
        put_address(&f->wire, "example.org", 300, four[i]);
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_A), DNS_UNUSABLE);
    begin(f, DNS_TYPE_AAAA);
    for (size_t i = 0; i < 4; i++)
        put_address(&f->wire, "example.org", 300, six[i]);
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_AAAA), DNS_UNUSABLE);
    put_address(&f->wire, "example.org", 300, "::1");
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_AAAA), DNS_RECORDS);
    assert_int_equal(f->message.count, 1);
}

static void a_refusal_is_told_with_its_code(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_rcode(&f->wire, DNS_REFUSED);
    assert_int_equal(read_mx(f), DNS_REFUSAL);
    assert_int_equal(f->message.rcode, DNS_REFUSED);
}

static void the_answer_to_another_question_is_none(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "example.org", 300, 10, "mx.example.net");
    assert_int_equal(read_as(f, "EXAMPLE.org", DNS_TYPE_MX), DNS_RECORDS);
    assert_int_equal(read_as(f, "example.net", DNS_TYPE_MX), DNS_BROKEN);
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_A), DNS_BROKEN);
    f->wire.at[5] = 0; /* no question */
    assert_int_equal(read_mx(f), DNS_BROKEN);
    f->wire.at[5] = 2;
    assert_int_equal(read_mx(f), DNS_BROKEN);
}

static void what_is_no_whole_answer_is_broken(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "example.org", 300, 10, "mx.example.net");
    f->wire.at[FLAGS_AT] = 1; /* a query */
    assert_int_equal(read_mx(f), DNS_BROKEN);
    f->wire.at[FLAGS_AT] = (char)0x81;
    assert_int_equal(read_mx(f), DNS_RECORDS);
    put_truncated(&f->wire);
    assert_int_equal(read_mx(f), DNS_BROKEN);
    f->wire.at[FLAGS_AT] = (char)0x91; /* another opcode */
    assert_int_equal(read_mx(f), DNS_BROKEN);
}

/* Cut anywhere, it is broken: no byte is missing unnoticed. */
static void every_prefix_is_broken(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    put_cname(&f->wire, "example.org", 300, "b.example");
    put_mx(&f->wire, "b.example", 300, 10, "mx.example.net");
    size_t whole = f->wire.len;
    assert_int_equal(read_mx(f), DNS_RECORDS);
    for (size_t len = 0; len < whole; len++) {
        struct dns_name name;
        char *exact = malloc(len ? len : 1);
        memcpy(exact, f->wire.at, len);
        dns_name_parse(STR("example.org"), &name);
        dns_message_read(str_from(exact, len), &name, DNS_TYPE_MX, &f->message);
        assert_int_equal(f->message.result, DNS_BROKEN);
        assert_int_equal(f->message.count, 0);
        free(exact);
    }
}

static void lengths_that_lie_are_noticed(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_A);
    put_address(&f->wire, "example.org", 300, "192.0.2.1");
    size_t length_at = f->wire.len - 6;
    f->wire.at[length_at + 1] = 3; /* shorter than an address */
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_A), DNS_BROKEN);
    f->wire.at[length_at + 1] = 5; /* longer than the message */
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_A), DNS_BROKEN);
    buf_add_byte(&f->wire, 'x'); /* longer than an address */
    assert_int_equal(read_as(f, "example.org", DNS_TYPE_A), DNS_BROKEN);
    begin(f, DNS_TYPE_MX);
    put_mx(&f->wire, "example.org", 300, 10, "mx.example.net");
    f->wire.at[7] = 2; /* one answer more than there is */
    assert_int_equal(read_mx(f), DNS_BROKEN);
}

static void records_of_other_types_and_classes_are_passed_over(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    size_t start = put_record(&f->wire, SECTION_ANSWER, "example.org", 46, 1); /* RRSIG */
    buf_add_text(&f->wire, "\xC0\xC0 signature");
    end_data(&f->wire, start);
    size_t class_at = f->wire.len + 13 + 3;
    put_mx(&f->wire, "example.org", 300, 5, "chaos.example.net");
    f->wire.at[class_at] = 3;
    put_mx(&f->wire, "example.org", 300, 10, "mx.example.net");
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_int_equal(f->message.count, 1);
    assert_string_equal(f->message.mx[0].host, "mx.example.net");
    assert_int_equal(f->message.ttl_s, 300);
}

static void names_in_records_may_be_compressed(void **state)
{
    struct fixture *f = *state;
    begin(f, DNS_TYPE_MX);
    f->wire.at[7] = 1;
    buf_add(&f->wire, "\xC0\x0C\0\x0F\0\1\0\0\1\0\0\7\0\12\2mx\xC0\x0C", 19);
    assert_int_equal(read_mx(f), DNS_RECORDS);
    assert_string_equal(f->message.mx[0].host, "mx.example.org");
    assert_int_equal(f->message.ttl_s, 256);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exchangers_come_in_order),
        TEST(of_a_hundred_exchangers_the_best_stay),
        TEST(a_name_counts_once_with_its_best_preference),
        TEST(a_null_mx_is_one_only_when_it_stands_alone),
        TEST(exchangers_that_are_no_hosts_are_dropped),
        TEST(aliases_are_followed_in_any_order),
        TEST(eight_aliases_are_enough),
        TEST(aliases_in_a_circle_are_noticed),
        TEST(a_no_holds_as_long_as_the_soa_says),
        TEST(an_alias_to_nothing_does_not_exist),
        TEST(a_ttl_with_its_high_bit_set_is_zero),
        TEST(addresses_are_read),
        TEST(the_first_sixteen_addresses_stay),
        TEST(addresses_that_are_nobodys_are_dropped),
        TEST(a_refusal_is_told_with_its_code),
        TEST(the_answer_to_another_question_is_none),
        TEST(what_is_no_whole_answer_is_broken),
        TEST(every_prefix_is_broken),
        TEST(lengths_that_lie_are_noticed),
        TEST(records_of_other_types_and_classes_are_passed_over),
        TEST(names_in_records_may_be_compressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
