#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/units.h"

#define REFUSES(call, sentence)                    \
    do {                                           \
        struct err err = {""};                     \
        assert_int_equal((call), -1);              \
        assert_string_equal(err.text, (sentence)); \
    } while (0)

static void durations_have_five_units(void **state)
{
    (void)state;
    struct {
        const char *text;
        int64_t ms;
    } good[] = {{"250ms", 250},   {"20s", 20000},         {"5m", 300000},
                {"4h", 14400000}, {"3d", 3 * 86400000LL}, {"0s", 0}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t ms = -1;
        assert_int_equal(units_duration(str_of(good[i].text), &ms, NULL), 0);
        assert_int_equal(ms, good[i].ms);
    }
}

static void a_wrong_duration_says_how_to_write_it(void **state)
{
    (void)state;
    int64_t ms = 7;
    REFUSES(units_duration(STR("20 seconds"), &ms, &err), "is not a duration: write 20s");
    REFUSES(units_duration(STR("20"), &ms, &err), "is not a duration: write 20s");
    REFUSES(units_duration(STR("5min"), &ms, &err), "is not a duration: write 5m");
    REFUSES(units_duration(STR("4H"), &ms, &err), "is not a duration: write 4h");
    REFUSES(units_duration(STR("2 weeks"), &ms, &err),
            "is not a duration: write it as 250ms, 20s, 5m, 4h or 3d");
    REFUSES(units_duration(STR("-5s"), &ms, &err),
            "is not a duration: write it as 250ms, 20s, 5m, 4h or 3d");
    REFUSES(units_duration(STR(""), &ms, &err),
            "is not a duration: write it as 250ms, 20s, 5m, 4h or 3d");
    REFUSES(units_duration(STR("9223372036854775807d"), &ms, &err), "is too big");
    REFUSES(units_duration(STR("99999999999999999999s"), &ms, &err), "is too big");
    assert_int_equal(ms, 7);
}

static void sizes_are_powers_of_two(void **state)
{
    (void)state;
    uint64_t bytes = 0;
    assert_int_equal(units_size(STR("100B"), &bytes, NULL), 0);
    assert_int_equal(bytes, 100);
    assert_int_equal(units_size(STR("512KiB"), &bytes, NULL), 0);
    assert_int_equal(bytes, 524288);
    assert_int_equal(units_size(STR("4MiB"), &bytes, NULL), 0);
    assert_int_equal(bytes, 4194304);
    assert_int_equal(units_size(STR("2GiB"), &bytes, NULL), 0);
    assert_int_equal(bytes, 2147483648);
    assert_int_equal(units_size(STR("1TiB"), &bytes, NULL), 0);
    assert_int_equal(bytes, 1099511627776);
    REFUSES(units_size(STR("4MB"), &bytes, &err), "is not a size: write 4MiB");
    REFUSES(units_size(STR("4 mib"), &bytes, &err), "is not a size: write 4MiB");
    REFUSES(units_size(STR("4096"), &bytes, &err), "is not a size: write 4096B");
    REFUSES(units_size(STR("big"), &bytes, &err),
            "is not a size: write it as 512KiB, 4MiB or 2GiB");
    REFUSES(units_size(STR("8388608TiB"), &bytes, &err), "is too big");
    assert_int_equal(bytes, 1099511627776);
}

static void rates_count_in_a_period(void **state)
{
    (void)state;
    struct rate rate = {0, 0};
    assert_int_equal(units_rate(STR("100/s"), &rate, NULL), 0);
    assert_int_equal(rate.count, 100);
    assert_int_equal(rate.period_ms, 1000);
    assert_int_equal(units_rate(STR("200/min"), &rate, NULL), 0);
    assert_int_equal(rate.period_ms, 60000);
    assert_int_equal(units_rate(STR("1000/h"), &rate, NULL), 0);
    assert_int_equal(rate.period_ms, 3600000);
    assert_int_equal(units_rate(STR("5000/d"), &rate, NULL), 0);
    assert_int_equal(rate.period_ms, 86400000);
    assert_int_equal(units_rate(STR("1000/day"), &rate, NULL), 0);
    assert_int_equal(rate.period_ms, 86400000);
    REFUSES(units_rate(STR("5/days"), &rate, &err), "is not a rate: write 5/day");
    REFUSES(units_rate(STR("200/m"), &rate, &err), "is not a rate: write 200/min");
    REFUSES(units_rate(STR("200/second"), &rate, &err), "is not a rate: write 200/s");
    REFUSES(units_rate(STR("200"), &rate, &err),
            "is not a rate: write it as 100/s, 200/min, 1000/h or 5000/day");
    REFUSES(units_rate(STR("/s"), &rate, &err),
            "is not a rate: write it as 100/s, 200/min, 1000/h or 5000/day");
    REFUSES(units_rate(STR("0/s"), &rate, &err),
            "would send nothing: leave the rate out to have no limit");
    REFUSES(units_rate(STR("4294967296/s"), &rate, &err), "is too big");
    assert_int_equal(rate.count, 1000);
}

static void listen_addresses_are_literal(void **state)
{
    (void)state;
    struct listen_address at = {"", 0};
    assert_int_equal(units_listen(STR("127.0.0.1:9125"), &at, NULL), 0);
    assert_string_equal(at.host, "127.0.0.1");
    assert_int_equal(at.port, 9125);
    assert_int_equal(units_listen(STR("[::1]:65535"), &at, NULL), 0);
    assert_string_equal(at.host, "::1");
    assert_int_equal(at.port, 65535);
    const char *bad[] = {"localhost:9125", "9125",  ":9125", "::1:9125",       "[::1]",
                         "[127.0.0.1]:1",  "[]:80", "[:80",  "127.0.0.1.5:80", ""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        REFUSES(units_listen(str_of(bad[i]), &at, &err),
                "is not an address to listen on: write it as 127.0.0.1:9125 or [::1]:9125");
    const char *ports[] = {"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+80"};
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
        REFUSES(units_listen(str_of(ports[i]), &at, &err),
                "has no port between 1 and 65535 after its last colon");
    assert_int_equal(at.port, 65535);
}

static void servers_may_leave_the_port_out(void **state)
{
    (void)state;
    struct listen_address at = {"", 0};
    assert_int_equal(units_server(STR("127.0.0.1"), 53, &at, NULL), 0);
    assert_string_equal(at.host, "127.0.0.1");
    assert_int_equal(at.port, 53);
    assert_int_equal(units_server(STR("::1"), 53, &at, NULL), 0);
    assert_string_equal(at.host, "::1");
    assert_int_equal(at.port, 53);
    assert_int_equal(units_server(STR("[::1]:5353"), 53, &at, NULL), 0);
    assert_int_equal(at.port, 5353);
    const char *bad[] = {"localhost", "127.0.0.1:0", "127.0.0.1:", "[::1]", "dns.example:53", ""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        REFUSES(units_server(str_of(bad[i]), 53, &at, &err),
                "is not the address of a server: write it as 127.0.0.1, 127.0.0.1:5353 or "
                "[::1]:5353");
}

static int64_t midnight(const char *date)
{
    int64_t seconds = -1;
    assert_int_equal(units_date(str_of(date), &seconds, NULL), 0);
    return seconds;
}

static void dates_are_days_of_the_calendar(void **state)
{
    (void)state;
    assert_int_equal(midnight("1970-01-01"), 0);
    assert_int_equal(midnight("1970-03-01"), 59 * 86400);
    assert_int_equal(midnight("2000-02-29"), 951782400);
    assert_int_equal(midnight("2026-12-01"), 1796083200);
    assert_int_equal(midnight("2100-03-01") - midnight("2100-02-28"), 86400);
    assert_int_equal(midnight("9999-12-31"), 253402214400);
    const char *no_days[] = {"2026-02-29", "2100-02-29", "2026-13-01", "2026-00-01",
                             "2026-04-31", "2026-01-00", "1969-12-31"};
    const char *no_dates[] = {"2026-1-01", "26-12-01",    "2026-12-1",   "2026/12/01",
                              "tomorrow",  "2026-12-01-", "2026-12-01T", ""};
    int64_t unused;
    for (size_t i = 0; i < sizeof(no_days) / sizeof(no_days[0]); i++)
        REFUSES(units_date(str_of(no_days[i]), &unused, &err),
                "is no day of the calendar: write it as 2026-12-01");
    for (size_t i = 0; i < sizeof(no_dates) / sizeof(no_dates[0]); i++)
        REFUSES(units_date(str_of(no_dates[i]), &unused, &err),
                "is not a date: write it as 2026-12-01");
}

static void patterns_of_replies_can_match_one(void **state)
{
    (void)state;
    char longest[201];
    memset(longest, '*', sizeof(longest));
    const char *good[] = {"421 *[TSS04]*", "*", "4?? *", "??? x", "5*"};
    const char *nothing[] = {"too many", "250 *", "[TSS04]", " 421"};
    const char *spaces[] = {"421  x", "421 ", "4\t*", "421 *\n"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(units_reply(str_of(good[i]), NULL), 0);
    assert_int_equal(units_reply(str_from(longest, 200), NULL), 0);
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
        REFUSES(units_reply(str_of(nothing[i]), &err),
                "can never match, since a reply begins with its code, 4 or 5 and two digits: begin "
                "it so, or with *");
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
        REFUSES(units_reply(str_of(spaces[i]), &err),
                "can never match, since a reply is looked at with single spaces and none at its "
                "end");
    REFUSES(units_reply(STR(""), &err), "is not a pattern of replies: it may have 1 to 200 bytes");
    REFUSES(units_reply(str_from(longest, 201), &err),
            "is not a pattern of replies: it may have 1 to 200 bytes");
}

static void numbers_are_plain(void **state)
{
    (void)state;
    uint64_t whole = 5;
    double number = 5;
    assert_int_equal(units_integer(STR("9223372036854775807"), &whole, NULL), 0);
    assert_int_equal(whole, INT64_MAX);
    REFUSES(units_integer(STR("9223372036854775808"), &whole, &err), "is too big");
    REFUSES(units_integer(STR("0x10"), &whole, &err), "is not a whole number");
    REFUSES(units_integer(STR(" 1"), &whole, &err), "is not a whole number");
    assert_int_equal(units_number(STR("2"), &number, NULL), 0);
    assert_float_equal(number, 2, 0);
    assert_int_equal(units_number(STR("1.25"), &number, NULL), 0);
    assert_float_equal(number, 1.25, 1e-9);
    REFUSES(units_number(STR("1,5"), &number, &err), "is not a number: write it as 2 or 1.5");
    REFUSES(units_number(STR("1."), &number, &err), "is not a number: write it as 2 or 1.5");
    REFUSES(units_number(STR(".5"), &number, &err), "is not a number: write it as 2 or 1.5");
    REFUSES(units_number(STR("nan"), &number, &err), "is not a number: write it as 2 or 1.5");
}

static void truth_and_modes_have_one_spelling(void **state)
{
    (void)state;
    bool yes = false;
    unsigned mode = 0;
    assert_int_equal(units_bool(STR("true"), &yes, NULL), 0);
    assert_true(yes);
    assert_int_equal(units_bool(STR("false"), &yes, NULL), 0);
    assert_false(yes);
    REFUSES(units_bool(STR("yes"), &yes, &err), "is neither true nor false");
    assert_int_equal(units_mode(STR("0660"), &mode, NULL), 0);
    assert_int_equal(mode, 0660);
    assert_int_equal(units_mode(STR("777"), &mode, NULL), 0);
    assert_int_equal(mode, 0777);
    const char *bad[] = {"0680", "4755", "60", "rw-rw----", ""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        REFUSES(units_mode(str_of(bad[i]), &mode, &err),
                "is not a file mode: write it as \"0660\"");
}

static void host_names_follow_rfc_1123(void **state)
{
    (void)state;
    const char *good[] = {"localhost", "mail.send.example", "3com.example", "xn--caf-dma.example",
                          "a.b-c.D"};
    const char *bad[] = {"",           ".",     "a..b",    "-a.example",          "a-.example",
                         "a.example.", "a_b.c", "a b.org", "caf\xc3\xa9.example", "10.0.0.1",
                         "*.example"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(units_domain(str_of(good[i]), NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        REFUSES(units_domain(str_of(bad[i]), &err),
                "is not a host name: write it as mail.example.org, in ASCII");
}

static void long_labels_and_names_are_refused(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'a', sizeof(name));
    assert_int_equal(units_domain(str_from(name, 63), NULL), 0);
    assert_int_equal(units_domain(str_from(name, 64), NULL), -1);
    for (size_t i = 49; i < sizeof(name); i += 50)
        name[i] = '.';
    assert_int_equal(units_domain(str_from(name, 253), NULL), 0);
    assert_int_equal(units_domain(str_from(name, 254), NULL), -1);
}

static void addresses_and_patterns(void **state)
{
    (void)state;
    assert_int_equal(units_address(STR("192.0.2.10"), NULL), 0);
    assert_int_equal(units_address(STR("2001:db8::1"), NULL), 0);
    REFUSES(units_address(STR("192.0.2"), &err), "is not an IPv4 or IPv6 address");
    REFUSES(units_address(str_from("::1\0x", 5), &err), "is not an IPv4 or IPv6 address");
    const char *good[] = {"*", "*.example", "dest.example", "127.0.0.1", "::1"};
    const char *bad[] = {"", "**", "*example", "*.", "a.*.example", "*.*.example"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(units_pattern(str_of(good[i]), NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        REFUSES(units_pattern(str_of(bad[i]), &err),
                "is not a pattern: write a host name, \"*.example.org\" or \"*\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_five_units),
        cmocka_unit_test(a_wrong_duration_says_how_to_write_it),
        cmocka_unit_test(sizes_are_powers_of_two),
        cmocka_unit_test(rates_count_in_a_period),
        cmocka_unit_test(listen_addresses_are_literal),
        cmocka_unit_test(servers_may_leave_the_port_out),
        cmocka_unit_test(dates_are_days_of_the_calendar),
        cmocka_unit_test(patterns_of_replies_can_match_one),
        cmocka_unit_test(numbers_are_plain),
        cmocka_unit_test(truth_and_modes_have_one_spelling),
        cmocka_unit_test(host_names_follow_rfc_1123),
        cmocka_unit_test(long_labels_and_names_are_refused),
        cmocka_unit_test(addresses_and_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
