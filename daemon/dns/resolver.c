#include "dns/resolver.h"

#include <assert.h>
#include <netinet/in.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "dns/channel.h"
#include "dns/lookups.h"
#include "loop/address.h"

enum part { PART_MX, PART_V4, PART_V6, PARTS };

enum { SHOWN_MAX = 60 }; /* of what is no name, in the sentence that says so */

struct dns_question {
    struct dns_question *next, **link; /* among the open ones */
    struct resolver *resolver;
    struct wait waits[PARTS];
    unsigned missing; /* parts that were asked for and have not come */
    bool for_mx;
    union {
        void (*on_mx)(void *ctx, struct dns_mx *mx);
        void (*on_addresses)(void *ctx, struct dns_addresses *addresses);
    };
    void *ctx;
    char name[];
};

struct resolver {
    struct loop *loop;
    struct channel *channel;
    struct lookups lookups;
    struct dns_question *open;
    size_t open_count;
    bool answering;
};

static struct metric sent = {
    .name = "tocsin_dns_queries_total",
    .help = "Questions sent to name servers, each counted once however often it was tried.",
    .kind = METRIC_COUNTER,
};
static struct metric known = {
    .name = "tocsin_dns_cached_total",
    .help = "Questions that were answered from what was known.",
    .kind = METRIC_COUNTER,
};
static struct metric failed = {
    .name = "tocsin_dns_failures_total",
    .help = "Questions to which no name server had a useful answer.",
    .kind = METRIC_COUNTER,
};

static bool is_answer(enum dns_result result)
{
    return result <= DNS_NO_NAME;
}

static void on_reply(void *ctx, const struct channel_reply *reply)
{
    struct lookup *lookup = ctx;
    struct dns_message message;
    message.result = reply->result;
    message.rcode = reply->rcode;
    message.ttl_s = 0;
    message.count = 0;
    if (reply->bytes.at) {
        struct dns_name name;
        dns_name_parse(str_of(lookup_host(lookup)), &name); /* it was valid when it was asked for */
        dns_message_read(reply->bytes, &name, lookup->type, &message);
    }
    message.tries = reply->tries;
    metric_add(&failed, !is_answer(message.result));
    lookups_answered(lookup->owner, lookup, &message);
}

static void send_lookup(void *ctx, struct lookup *lookup)
{
    struct resolver *resolver = ctx;
    metric_add(&sent, 1);
    channel_ask(resolver->channel, lookup_host(lookup), lookup->type, on_reply, lookup);
}

static void question_unlink(struct dns_question *question)
{
    *question->link = question->next;
    if (question->next)
        question->next->link = question->link;
    question->resolver->open_count--;
}

static void question_free(struct dns_question *question)
{
    for (int part = 0; part < PARTS; part++)
        lookups_cancel(&question->resolver->lookups, &question->waits[part]);
    free(question);
}

/* Everything has come: the question is gone before its answer is heard. */
static void answer(struct dns_question *question)
{
    struct resolver *resolver = question->resolver;
    const struct dns_question q = *question;
    const struct records *mx = q.waits[PART_MX].records, *v4 = q.waits[PART_V4].records,
                         *v6 = q.waits[PART_V6].records;
    struct dns_mx *exchangers = NULL;
    struct dns_addresses *addresses = NULL;
    if (q.for_mx)
        exchangers = dns_mx_new(question->name, mx, v4, v6, clock_mono_ms());
    else
        addresses = dns_addresses_new(question->name, v4, v6, clock_mono_ms());
    question_unlink(question);
    question_free(question);
    resolver->answering = true;
    if (q.for_mx)
        q.on_mx(q.ctx, exchangers);
    else
        q.on_addresses(q.ctx, addresses);
    resolver->answering = false;
}

static void ask(struct dns_question *question, enum part part)
{
    static const enum dns_type types[] = {
        [PART_MX] = DNS_TYPE_MX, [PART_V4] = DNS_TYPE_A, [PART_V6] = DNS_TYPE_AAAA};
    question->missing++;
    metric_add(&known, lookups_ask(&question->resolver->lookups, str_of(question->name),
                                   types[part], &question->waits[part]));
}

/* A domain without MX is its own exchanger if it has an address (RFC 5321 §5.1). */
static void on_part(struct dns_question *question)
{
    const struct records *mx = question->waits[PART_MX].records;
    if (--question->missing > 0)
        return;
    if (mx && mx->result == DNS_NO_RECORDS && !question->waits[PART_V4].records) {
        ask(question, PART_V4);
        ask(question, PART_V6);
        return;
    }
    answer(question);
}

static struct dns_question *question_of(struct wait *wait, enum part part)
{
    return (struct dns_question *)(void *)((char *)(wait - part) -
                                           offsetof(struct dns_question, waits));
}

static void on_mx_part(struct wait *wait)
{
    on_part(question_of(wait, PART_MX));
}

static void on_v4_part(struct wait *wait)
{
    on_part(question_of(wait, PART_V4));
}

static void on_v6_part(struct wait *wait)
{
    on_part(question_of(wait, PART_V6));
}

static struct dns_question *question_new(struct resolver *resolver, struct str name, void *ctx)
{
    struct dns_question *question = alloc_zero(1, sizeof(struct dns_question) + name.len + 1);
    question->resolver = resolver;
    question->ctx = ctx;
    question->waits[PART_MX].on_ready = on_mx_part;
    question->waits[PART_V4].on_ready = on_v4_part;
    question->waits[PART_V6].on_ready = on_v6_part;
    if (name.len)
        memcpy(question->name, name.at, name.len);
    question->next = resolver->open;
    question->link = &resolver->open;
    if (question->next)
        question->next->link = &question->next;
    resolver->open = question;
    resolver->open_count++;
    return question;
}

/* What needs no server gets a made answer, which comes the same way as all others. */
static void give(struct dns_question *question, enum part part, const struct dns_message *message)
{
    enum dns_type type = part == PART_V6 ? DNS_TYPE_AAAA : DNS_TYPE_A;
    question->missing++;
    lookups_give(&question->resolver->lookups, &question->waits[part],
                 records_new(message, type, clock_mono_ms()));
}

/* A question for what is no name, which is quoted without what could break a line. */
static struct dns_question *question_refuse(struct resolver *resolver, struct str text,
                                            enum part part, void *ctx)
{
    struct dns_message message = {.result = DNS_INVALID};
    char shown[SHOWN_MAX];
    size_t len = text.len < SHOWN_MAX ? text.len : SHOWN_MAX;
    for (size_t i = 0; i < len; i++)
        shown[i] = text.at[i] > ' ' && text.at[i] < 0x7F && text.at[i] != '"' ? text.at[i] : '?';
    struct dns_question *question = question_new(resolver, str_from(shown, len), ctx);
    give(question, part, &message);
    return question;
}

static bool host_of(struct str text, char out[static DNS_HOST_MAX + 1])
{
    struct dns_name name;
    return dns_name_parse(text, &name) == 0 && dns_name_host(&name, out) > 0;
}

struct dns_question *dns_ask_mx(struct resolver *resolver, struct str domain,
                                void (*on_answer)(void *ctx, struct dns_mx *mx), void *ctx)
{
    char host[DNS_HOST_MAX + 1];
    struct dns_question *question;
    if (host_of(domain, host)) {
        question = question_new(resolver, str_of(host), ctx);
        ask(question, PART_MX);
    } else {
        question = question_refuse(resolver, domain, PART_MX, ctx);
    }
    question->for_mx = true;
    question->on_mx = on_answer;
    return question;
}

static void give_literal(struct dns_question *question, const struct sockaddr_storage *address)
{
    struct dns_message message = {.result = DNS_RECORDS, .ttl_s = DNS_TTL_MAX_S, .count = 1};
    if (address->ss_family == AF_INET) {
        memcpy(message.v4[0], &((const struct sockaddr_in *)address)->sin_addr, 4);
        give(question, PART_V4, &message);
    } else {
        memcpy(message.v6[0], &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        give(question, PART_V6, &message);
    }
}

static bool give_from_file(struct dns_question *question)
{
    struct channel *channel = question->resolver->channel;
    struct dns_message v4, v6;
    bool has_v4 = channel_hosts_file(channel, question->name, DNS_TYPE_A, &v4);
    bool has_v6 = channel_hosts_file(channel, question->name, DNS_TYPE_AAAA, &v6);
    if (has_v4)
        give(question, PART_V4, &v4);
    if (has_v6)
        give(question, PART_V6, &v6);
    return has_v4 || has_v6;
}

struct dns_question *
dns_ask_addresses(struct resolver *resolver, struct str host,
                  void (*on_answer)(void *ctx, struct dns_addresses *addresses), void *ctx)
{
    char name[DNS_HOST_MAX + 1];
    struct sockaddr_storage literal;
    struct dns_question *question;
    if (address_parse_host(host, 0, &literal, NULL) == 0) {
        question = question_new(resolver, host, ctx);
        give_literal(question, &literal);
    } else if (host_of(host, name)) {
        question = question_new(resolver, str_of(name), ctx);
        if (!give_from_file(question)) {
            ask(question, PART_V4);
            ask(question, PART_V6);
        }
    } else {
        question = question_refuse(resolver, host, PART_V4, ctx);
    }
    question->on_addresses = on_answer;
    return question;
}

void dns_cancel(struct dns_question *question)
{
    if (!question)
        return;
    question_unlink(question);
    question_free(question);
}

size_t resolver_open_questions(const struct resolver *resolver)
{
    return resolver->open_count;
}

static bool same_servers(const struct channel *a, const struct channel *b)
{
    struct buf first = BUF_INIT, second = BUF_INIT;
    channel_servers(a, &first);
    channel_servers(b, &second);
    bool same = str_eq(buf_str(&first), buf_str(&second));
    buf_release(&first);
    buf_release(&second);
    return same;
}

int resolver_use(struct resolver *resolver, const struct dns_config *config, struct err *err)
{
    struct channel *fresh = channel_new(resolver->loop, config, NULL, err);
    if (!fresh)
        return -1;
    if (!same_servers(resolver->channel, fresh))
        lookups_forget(&resolver->lookups);
    channel_free(resolver->channel);
    resolver->channel = fresh;
    lookups_ask_again(&resolver->lookups);
    return 0;
}

struct resolver *resolver_new(struct loop *loop, const struct dns_config *config, struct err *err)
{
    struct channel *channel = channel_new(loop, config, NULL, err);
    if (!channel)
        return NULL;
    struct resolver *resolver = NEW(struct resolver);
    resolver->loop = loop;
    resolver->channel = channel;
    lookups_init(&resolver->lookups, loop, send_lookup, resolver);
    metric_register(&sent);
    metric_register(&known);
    metric_register(&failed);
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    assert(!resolver->answering);
    while (resolver->open)
        dns_cancel(resolver->open);
    channel_free(resolver->channel);
    lookups_release(&resolver->lookups);
    free(resolver);
}
