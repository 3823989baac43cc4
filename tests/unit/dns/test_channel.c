#include "dns/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/err.h"
#include "unit/dns/name_server.h"

/* Two servers in a resolv.conf of the test's own. */
struct pair {
    struct loop loop;
    struct name_server first, second;
    struct channel *channel;
    char path[64];
    int replies;
    struct channel_reply last;
    size_t last_len;
};

static void says_servfail(struct name_server *server, const struct asked *asked, struct buf *out)
{
    (void)server;
    (void)asked;
    put_rcode(out, DNS_SERVFAIL);
}

static void says_refused(struct name_server *server, const struct asked *asked, struct buf *out)
{
    (void)server;
    (void)asked;
    put_rcode(out, DNS_REFUSED);
}

static void says_nothing(struct name_server *server, const struct asked *asked, struct buf *out)
{
    (void)server;
    (void)asked;
    out->len = 0;
}

static void knows(struct name_server *server, const struct asked *asked, struct buf *out)
{
    (void)server;
    put_mx(out, asked->host, 60, 10, "mx.example");
}

static int open_pair(void **state)
{
    static struct pair pair;
    struct dns_config config = {.timeout_ms = 40, .tries = 2};
    pair = (struct pair){.path = "/tmp/tocsin-test-XXXXXX"};
    assert_int_equal(loop_init(&pair.loop, "pair", NULL), 0);
    name_server_open(&pair.first, &pair.loop);
    pair.second.last_octet = 2;
    pair.second.port = pair.first.port;
    name_server_open(&pair.second, &pair.loop);
    int fd = mkstemp(pair.path);
    dprintf(fd, "nameserver 127.0.0.1\nnameserver 127.0.0.2\nsearch wrong.example\n");
    close(fd);
    const struct resolv_conf file = {pair.path, (uint16_t)pair.first.port};
    pair.channel = channel_new(&pair.loop, &config, &file, NULL);
    assert_non_null(pair.channel);
    *state = &pair;
    return 0;
}

static int close_pair(void **state)
{
    struct pair *pair = *state;
    channel_free(pair->channel);
    name_server_close(&pair->first);
    name_server_close(&pair->second);
    loop_release(&pair->loop);
    return unlink(pair->path);
}

static void on_reply(void *ctx, const struct channel_reply *reply)
{
    struct pair *pair = ctx;
    pair->replies++;
    pair->last = *reply;
    pair->last_len = reply->bytes.len;
    loop_stop(&pair->loop);
}

static void ask(struct pair *pair, const char *host)
{
    channel_ask(pair->channel, host, DNS_TYPE_MX, on_reply, pair);
    loop_run(&pair->loop);
    assert_int_equal(pair->replies, 1);
}

static void the_servers_are_those_of_the_file(void **state)
{
    struct pair *pair = *state;
    struct buf text = BUF_INIT;
    channel_servers(pair->channel, &text);
    assert_string_equal(text.at, "127.0.0.1,0,0 127.0.0.2,0,0 ");
    buf_release(&text);
}

static void the_second_server_is_asked_when_the_first_refuses(void **state)
{
    struct pair *pair = *state;
    pair->first.respond = says_servfail;
    pair->second.respond = knows;
    ask(pair, "example.org");
    assert_true(pair->last_len > 12);
    assert_int_equal(pair->second.asked, 1);
}

static void a_refusal_by_all_is_the_first_ones(void **state)
{
    struct pair *pair = *state;
    pair->first.respond = says_servfail;
    pair->second.respond = says_refused;
    ask(pair, "example.org");
    assert_int_equal(pair->last_len, 0);
    assert_int_equal(pair->last.result, DNS_REFUSAL);
    assert_int_equal(pair->last.rcode, DNS_SERVFAIL);
    assert_true(pair->second.asked >= 1);
}

static void the_second_server_is_asked_when_the_first_is_silent(void **state)
{
    struct pair *pair = *state;
    pair->first.respond = says_nothing;
    pair->second.respond = knows;
    ask(pair, "example.org");
    assert_true(pair->last_len > 12);
    assert_int_equal(pair->last.tries, 1);
    assert_int_equal(pair->first.asked, 1);
}

static void silence_of_both_is_a_timeout(void **state)
{
    struct pair *pair = *state;
    pair->first.respond = pair->second.respond = says_nothing;
    ask(pair, "example.org");
    assert_int_equal(pair->last.result, DNS_TIMEOUT);
    assert_int_equal(pair->last.tries, 4);
}

/* RFC 7686: nobody is told of such a name. */
static void an_onion_is_not_asked_for(void **state)
{
    struct pair *pair = *state;
    ask(pair, "example.onion");
    assert_int_equal(pair->last.result, DNS_NO_NAME);
    assert_int_equal(pair->first.asked + pair->second.asked, 0);
}

static void a_server_that_is_no_address_is_refused(void **state)
{
    struct pair *pair = *state;
    struct err err = {{0}};
    struct dns_config config = {.server = {"ns.example", 53}, .timeout_ms = 40, .tries = 2};
    assert_null(channel_new(&pair->loop, &config, NULL, &err));
    assert_non_null(strstr(err.text, "ns.example"));
}

static void an_ipv6_server_will_do(void **state)
{
    struct pair *pair = *state;
    struct buf text = BUF_INIT;
    struct dns_config config = {.server = {"2001:db8::53", 5353}, .timeout_ms = 40, .tries = 2};
    struct channel *channel = channel_new(&pair->loop, &config, NULL, NULL);
    channel_servers(channel, &text);
    assert_string_equal(text.at, "2001:db8::53,5353,5353 ");
    buf_release(&text);
    channel_free(channel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_servers_are_those_of_the_file),
        TEST(the_second_server_is_asked_when_the_first_refuses),
        TEST(a_refusal_by_all_is_the_first_ones),
        TEST(the_second_server_is_asked_when_the_first_is_silent),
        TEST(silence_of_both_is_a_timeout),
        TEST(an_onion_is_not_asked_for),
        TEST(a_server_that_is_no_address_is_refused),
        TEST(an_ipv6_server_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
