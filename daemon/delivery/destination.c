#include "delivery/destination.h"

#include "base/alloc.h"
#include "base/hash.h"

static struct destination *destination_new(enum destination_kind kind, size_t hosts)
{
    struct destination *to = alloc_zero(1, sizeof(*to) + hosts * sizeof(struct destination_host));
    atomic_init(&to->refs, 1);
    to->kind = kind;
    to->host_count = hosts;
    return to;
}

struct destination *destination_ref(struct destination *to)
{
    atomic_fetch_add_explicit(&to->refs, 1, memory_order_relaxed);
    return to;
}

void destination_unref(struct destination *to)
{
    if (!to || atomic_fetch_sub_explicit(&to->refs, 1, memory_order_acq_rel) != 1)
        return;
    free(to->key);
    free((char *)to->provider.at);
    free(to);
}

static void set_host(struct destination *to, size_t i, struct str name, uint16_t preference)
{
    to->hosts[i].preference = preference;
    snprintf(to->hosts[i].name, sizeof(to->hosts[i].name), "%.*s", STR_ARG(name));
}

static void set_key(struct destination *to, const char *text)
{
    to->key = str_dup(str_of(text));
}

/* A copy: the configuration may be gone before the destination is. */
static void set_provider(struct destination *to, const struct config *config)
{
    const struct provider *provider = config_provider(config, str_of(to->hosts[0].name));
    if (provider)
        to->provider = str_of(str_dup(provider->name));
}

struct destination *destination_by_route(const struct config *config, struct str domain)
{
    const struct route *route = config_route(config, domain);
    char key[DESTINATION_KEY_SIZE];
    if (!route)
        return NULL;
    struct destination *to = destination_new(DESTINATION_HOSTS, 1);
    set_host(to, 0, route->host, 0);
    to->port = route->port;
    to->by_route = true;
    snprintf(key, sizeof(key), "%.*s:%u", STR_ARG(route->host), (unsigned)route->port);
    set_key(to, key);
    set_provider(to, config);
    return to;
}

/* The same numbers whatever the preferences are called: only their order matters. */
static uint64_t hash_of_hosts(const struct dns_mx *mx)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < mx->count; i++) {
        bool lower = i > 0 && mx->hosts[i].preference != mx->hosts[i - 1].preference;
        buf_addf(&text, "%s%s", lower ? ";" : ",", mx->hosts[i].name);
    }
    uint64_t hash = hash_stable(text.at, text.len);
    buf_release(&text);
    return hash;
}

static struct destination *to_hosts(const struct config *config, const struct dns_mx *mx)
{
    char key[DESTINATION_KEY_SIZE];
    struct destination *to = destination_new(DESTINATION_HOSTS, mx->count);
    for (size_t i = 0; i < mx->count; i++)
        set_host(to, i, str_of(mx->hosts[i].name), mx->hosts[i].preference);
    to->port = config->dns.mx_port;
    if (mx->count == 1)
        snprintf(key, sizeof(key), "%s", mx->hosts[0].name);
    else
        snprintf(key, sizeof(key), "%s+%zu#%08x", mx->hosts[0].name, mx->count - 1,
                 (unsigned)hash_of_hosts(mx));
    set_key(to, key);
    set_provider(to, config);
    return to;
}

static struct destination *to_nobody(enum destination_kind kind, struct str domain, const char *why)
{
    char key[DESTINATION_KEY_SIZE];
    struct destination *to = destination_new(kind, 0);
    snprintf(to->why, sizeof(to->why), "%s", why);
    to->refusal = (struct refusal){550, {5, 1, 2}}; /* RFC 3463: bad destination system */
    snprintf(key, sizeof(key), "%s: %.*s", kind == DESTINATION_NOWHERE ? "no mail" : "no DNS",
             STR_ARG(domain));
    set_key(to, key);
    return to;
}

struct destination *destination_by_mx(const struct config *config, struct str domain,
                                      const struct dns_mx *mx)
{
    if (mx->verdict == DNS_FOUND)
        return to_hosts(config, mx);
    struct destination *to = to_nobody(
        mx->verdict == DNS_TROUBLE ? DESTINATION_UNKNOWN : DESTINATION_NOWHERE, domain, mx->why);
    if (mx->verdict == DNS_NULL_MX)
        to->refusal = (struct refusal){556, {5, 1, 10}}; /* RFC 7505 §5.1 */
    return to;
}

struct destination *destination_again(const struct config *config, const struct destination *to)
{
    struct destination *again = destination_new(to->kind, to->host_count);
    memcpy(again->hosts, to->hosts, to->host_count * sizeof(to->hosts[0]));
    memcpy(again->why, to->why, sizeof(to->why));
    again->refusal = to->refusal;
    again->by_route = to->by_route;
    again->port = to->by_route || !to->host_count ? to->port : config->dns.mx_port;
    set_key(again, to->key);
    if (to->host_count)
        set_provider(again, config);
    return again;
}

bool destination_same(const struct destination *a, const struct destination *b)
{
    return a->kind == b->kind && strcmp(a->key, b->key) == 0 && str_eq(a->provider, b->provider) &&
           a->by_route == b->by_route && a->port == b->port;
}

unsigned destination_thread(const struct destination *to, unsigned threads)
{
    struct str by = to->provider.len ? to->provider : str_of(to->key);
    return (unsigned)(hash_bytes(by.at, by.len) % threads);
}
