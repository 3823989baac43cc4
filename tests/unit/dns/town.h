/*
 * A resolver and the one name server it asks, on one loop, with names that answer in their own
 * ways: silent.example never does, gone.example does not exist. All other names have what is asked
 * for.
 */
#ifndef TOCSIN_TEST_DNS_TOWN_H
#define TOCSIN_TEST_DNS_TOWN_H

#include "base/clock.h"
#include "dns/resolver.h"
#include "unit/dns/name_server.h"

enum { SECOND_US = 1000000, TIMEOUT_MS = 50 };

struct town {
    struct loop loop;
    struct name_server server;
    struct resolver *resolver;
    struct dns_config config;
    unsigned wanted; /* answers until the loop stops */
    unsigned answers;
    struct dns_mx *mx; /* the last ones */
    struct dns_addresses *addresses;
    struct timer patience;
};

static inline void on_answered(struct town *town)
{
    if (++town->answers >= town->wanted)
        uv_stop(&town->loop.uv);
}

static inline void on_mx(void *ctx, struct dns_mx *mx)
{
    struct town *town = ctx;
    dns_mx_unref(town->mx);
    town->mx = mx;
    on_answered(town);
}

static inline void on_addresses(void *ctx, struct dns_addresses *addresses)
{
    struct town *town = ctx;
    dns_addresses_unref(town->addresses);
    town->addresses = addresses;
    on_answered(town);
}

static inline void on_patience_gone(void *ctx)
{
    struct town *town = ctx;
    uv_stop(&town->loop.uv);
}

/* Runs until so many more answers have come, or 10 s have gone. */
static inline void wait_for(struct town *town, unsigned answers)
{
    town->wanted = answers;
    town->answers = 0;
    timer_start(&town->patience, 10000);
    loop_run(&town->loop);
    timer_stop(&town->patience);
    assert_int_equal(town->answers, answers);
}

static inline void rest(struct town *town, uint64_t ms)
{
    town->wanted = UINT32_MAX;
    timer_start(&town->patience, ms);
    loop_run(&town->loop);
}

static inline struct dns_mx *mx_of(struct town *town, const char *domain)
{
    dns_ask_mx(town->resolver, str_of(domain), on_mx, town);
    wait_for(town, 1);
    return town->mx;
}

static inline struct dns_addresses *addresses_of(struct town *town, const char *host)
{
    dns_ask_addresses(town->resolver, str_of(host), on_addresses, town);
    wait_for(town, 1);
    return town->addresses;
}

static inline bool is(const struct asked *asked, const char *host)
{
    return strcmp(asked->host, host) == 0;
}

/* What hosts have whose names do not matter. */
static inline void respond_plainly(const struct asked *asked, struct buf *out, uint32_t ttl_s)
{
    if (asked->type == DNS_TYPE_MX)
        put_mx(out, asked->host, ttl_s, 10, "mx.example");
    else
        put_address(out, asked->host, ttl_s,
                    asked->type == DNS_TYPE_A ? "192.0.2.1" : "2001:db8::1");
}

/* Domains that have no MX. */
static inline bool respond_bare(const struct asked *asked, struct buf *out)
{
    if (is(asked, "implicit.example") && asked->type == DNS_TYPE_A)
        put_address(out, asked->host, 120, "192.0.2.7");
    else if (is(asked, "half.example") && asked->type == DNS_TYPE_A)
        put_rcode(out, DNS_SERVFAIL);
    else if (is(asked, "half.example") && asked->type == DNS_TYPE_AAAA)
        put_address(out, asked->host, 120, "2001:db8::7");
    else if (!is(asked, "implicit.example") && !is(asked, "bare.example") &&
             !is(asked, "half.example"))
        return false;
    if (out->at[SECTION_ANSWER + 1] == 0)
        put_soa(out, "example", 300, 200);
    return true;
}

static inline bool respond_badly(const struct asked *asked, struct buf *out)
{
    if (is(asked, "silent.example"))
        out->len = 0;
    else if (is(asked, "wrong-id.example"))
        out->at[0] ^= 1;
    else if (is(asked, "wrong-question.example"))
        out->at[13] = 'W' ^ 1;
    else if (is(asked, "servfail.example"))
        put_rcode(out, DNS_SERVFAIL);
    else if (is(asked, "broken.example"))
        out->at[SECTION_ANSWER + 1] = 9;
    else if (is(asked, "circle.example")) {
        put_cname(out, asked->host, 60, "back.example");
        put_cname(out, "back.example", 60, asked->host);
    } else
        return false;
    return true;
}

static inline bool respond_specially(const struct asked *asked, struct buf *out)
{
    if (is(asked, "gone.example")) {
        put_rcode(out, DNS_NXDOMAIN);
        put_soa(out, "example", 300, 200);
    } else if (is(asked, "null.example")) {
        put_mx(out, asked->host, 300, 0, "");
    } else if (is(asked, "hundred.example")) {
        for (unsigned i = 0; i < 100; i++) {
            char host[32];
            snprintf(host, sizeof(host), "mx%02u.example", 99 - i);
            put_mx(out, asked->host, 300, 99 - i, host);
        }
        if (!asked->tcp) {
            put_truncated(out);
            out->len = 512;
        }
    } else if (is(asked, "stuck.example")) {
        put_truncated(out);
        out->len = asked->tcp ? 0 : out->len;
    } else if (is(asked, "zero.example")) {
        respond_plainly(asked, out, 0);
    } else if (is(asked, "late.example")) {
        if (asked->before < 2)
            out->len = 0;
        else
            respond_plainly(asked, out, 300);
    } else {
        return false;
    }
    return true;
}

static inline void respond(struct name_server *server, const struct asked *asked, struct buf *out)
{
    (void)server;
    assert_true(asked->edns);
    if (!respond_bare(asked, out) && !respond_badly(asked, out) && !respond_specially(asked, out))
        respond_plainly(asked, out, 300);
}

static inline int open_town(void **state)
{
    static struct town town;
    town = (struct town){.server.respond = respond};
    assert_int_equal(loop_init(&town.loop, "town", NULL), 0);
    name_server_open(&town.server, &town.loop);
    timer_init(&town.patience, &town.loop, on_patience_gone, &town);
    town.config = (struct dns_config){.timeout_ms = TIMEOUT_MS, .tries = 3};
    snprintf(town.config.server.host, sizeof(town.config.server.host), "127.0.0.1");
    town.config.server.port = (uint16_t)town.server.port;
    town.resolver = resolver_new(&town.loop, &town.config, NULL);
    assert_non_null(town.resolver);
    *state = &town;
    return 0;
}

static inline int close_town(void **state)
{
    struct town *town = *state;
    clock_hold(-1);
    resolver_free(town->resolver);
    name_server_close(&town->server);
    dns_mx_unref(town->mx);
    dns_addresses_unref(town->addresses);
    loop_release(&town->loop);
    return 0;
}

#endif
