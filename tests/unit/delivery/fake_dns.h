/*
 * The resolver as a test wants it, linked instead of dns/resolver.c: questions lie here until the
 * test answers them, or, with `fake_dns.by_itself`, until a millisecond or two have passed on the
 * asker's loop. What is answered, the test decides in `fake_dns_mx` and `fake_dns_hosts`.
 */
#ifndef TOCSIN_TESTS_DELIVERY_FAKE_DNS_H
#define TOCSIN_TESTS_DELIVERY_FAKE_DNS_H

#include <arpa/inet.h>

#include "base/alloc.h"
#include "dns/resolver.h"
#include "unit/delivery/dice.h"

struct resolver {
    struct loop *loop;
    struct dns_question *questions;
};

struct dns_question {
    struct dns_question *next, **link;
    struct resolver *resolver;
    char name[256];
    void (*on_mx)(void *ctx, struct dns_mx *mx);
    void (*on_addresses)(void *ctx, struct dns_addresses *addresses);
    void *ctx;
    struct timer timer;
};

static struct {
    bool by_itself;
    _Atomic unsigned asked;
} fake_dns;

/* The test's: what is known now. */
static struct dns_mx *fake_dns_mx(const char *domain);
static struct dns_addresses *fake_dns_hosts(const char *host);

static inline void fake_dns_forget(struct dns_question *q)
{
    *q->link = q->next;
    if (q->next)
        q->next->link = q->link;
    timer_stop(&q->timer);
    free(q);
}

/* Answers it; NULL from the test: not now. */
static inline void fake_dns_answer(struct dns_question *q)
{
    struct dns_question was = *q;
    if (q->on_mx) {
        struct dns_mx *mx = fake_dns_mx(q->name);
        if (!mx)
            return;
        fake_dns_forget(q);
        was.on_mx(was.ctx, mx);
        return;
    }
    struct dns_addresses *addresses = fake_dns_hosts(q->name);
    if (!addresses)
        return;
    fake_dns_forget(q);
    was.on_addresses(was.ctx, addresses);
}

static inline void fake_dns_on_timer(void *ctx)
{
    fake_dns_answer(ctx);
}

static inline struct dns_question *fake_dns_ask(struct resolver *r, struct str name, void *ctx)
{
    struct dns_question *q = NEW(struct dns_question);
    assert_non_null(r);
    snprintf(q->name, sizeof(q->name), "%.*s", STR_ARG(name));
    q->resolver = r;
    q->ctx = ctx;
    q->next = r->questions;
    q->link = &r->questions;
    if (q->next)
        q->next->link = &q->next;
    r->questions = q;
    timer_init(&q->timer, r->loop, fake_dns_on_timer, q);
    if (fake_dns.by_itself)
        timer_start(&q->timer, 1);
    atomic_fetch_add(&fake_dns.asked, 1);
    return q;
}

struct resolver *resolver_new(struct loop *loop, const struct dns_config *config, struct err *err)
{
    (void)config, (void)err;
    struct resolver *r = NEW(struct resolver);
    r->loop = loop;
    return r;
}

void resolver_free(struct resolver *resolver)
{
    while (resolver && resolver->questions)
        fake_dns_forget(resolver->questions);
    free(resolver);
}

int resolver_use(struct resolver *resolver, const struct dns_config *config, struct err *err)
{
    (void)resolver, (void)config, (void)err;
    return 0;
}

struct dns_question *dns_ask_mx(struct resolver *resolver, struct str domain,
                                void (*on_answer)(void *ctx, struct dns_mx *mx), void *ctx)
{
    struct dns_question *q = fake_dns_ask(resolver, domain, ctx);
    q->on_mx = on_answer;
    return q;
}

struct dns_question *
dns_ask_addresses(struct resolver *resolver, struct str host,
                  void (*on_answer)(void *ctx, struct dns_addresses *addresses), void *ctx)
{
    struct dns_question *q = fake_dns_ask(resolver, host, ctx);
    q->on_addresses = on_answer;
    return q;
}

void dns_cancel(struct dns_question *question)
{
    if (question)
        fake_dns_forget(question);
}

size_t resolver_open_questions(const struct resolver *resolver)
{
    size_t n = 0;
    for (const struct dns_question *q = resolver->questions; q; q = q->next)
        n++;
    return n;
}

/* An answer with the exchangers "10 a, 10 b, 20 c" as (preference, name) pairs; none: `verdict`. */
struct fake_exchanger {
    uint16_t preference;
    const char *name;
};

static inline struct dns_mx *fake_mx(enum dns_verdict verdict, const struct fake_exchanger *hosts,
                                     size_t count)
{
    struct dns_mx *mx = alloc_zero(1, sizeof(*mx) + DNS_MX_MAX * 64);
    atomic_init(&mx->refs, 1);
    mx->verdict = verdict;
    mx->ttl_s = 3600;
    mx->count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(mx->names + 64 * i, 64, "%s", hosts[i].name);
        mx->hosts[i] = (struct dns_exchanger){hosts[i].preference, mx->names + 64 * i};
    }
    if (verdict != DNS_FOUND)
        snprintf(mx->why, sizeof(mx->why), "The test says so.");
    return mx;
}

static inline struct dns_addresses *fake_addresses(enum dns_verdict verdict,
                                                   const char *const *texts, size_t count)
{
    struct dns_addresses *a = NEW(struct dns_addresses);
    atomic_init(&a->refs, 1);
    a->verdict = verdict;
    a->ttl_s = 3600;
    a->count = count;
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&a->at[i];
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&a->at[i];
        if (inet_pton(AF_INET, texts[i], &v4->sin_addr) == 1) {
            v4->sin_family = AF_INET;
        } else {
            assert_int_equal(inet_pton(AF_INET6, texts[i], &v6->sin6_addr), 1);
            v6->sin6_family = AF_INET6;
        }
    }
    if (verdict != DNS_FOUND)
        snprintf(a->why, sizeof(a->why), "The test says so.");
    return a;
}

#endif
