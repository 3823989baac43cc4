#include "delivery/hosts.h"

#include <netinet/in.h>

#include "base/alloc.h"
#include "base/random.h"
#include "delivery/site.h"

enum {
    DEAD_FOR_MS = 5 * 60 * 1000,
    ADDRESS_DEAD_FOR_MS = 60 * 1000,
};

static uint64_t now_ms(const struct site_host *host)
{
    return loop_now_ms(&host->site->thread->loop);
}

void hosts_init(struct hosts *hosts, struct site *site)
{
    const struct destination *to = site->to;
    hosts->count = to->host_count;
    hosts->at = alloc_zero(hosts->count ? hosts->count : 1, sizeof(*hosts->at));
    hosts->trouble[0] = '\0';
    for (size_t i = 0; i < hosts->count; i++) {
        hosts->at[i].site = site;
        hosts->at[i].name = to->hosts[i].name;
        hosts->at[i].preference = to->hosts[i].preference;
        hosts->at[i].next = (unsigned)random_below(DNS_ADDRESSES_MAX);
    }
}

void hosts_release(struct hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++) {
        dns_cancel(hosts->at[i].asking);
        dns_addresses_unref(hosts->at[i].addresses);
        SSL_SESSION_free(hosts->at[i].session);
    }
    free(hosts->at);
}

static bool is_dead(const struct site_host *host)
{
    return now_ms(host) < host->dead_until_ms;
}

static void on_addresses(void *ctx, struct dns_addresses *addresses)
{
    struct site_host *host = ctx;
    struct site *site = host->site;
    host->asking = NULL;
    host->known_until_ms = now_ms(host) + (uint64_t)addresses->ttl_s * 1000;
    if (addresses->verdict == DNS_FOUND) {
        dns_addresses_unref(host->addresses);
        host->addresses = addresses;
        host->dead = 0;
    } else {
        if (!host->addresses) {
            snprintf(site->hosts.trouble, sizeof(site->hosts.trouble), "%s", addresses->why);
            host_failed(host);
        }
        dns_addresses_unref(addresses);
    }
    site_work(site);
    thread_end_if_done(site->thread);
}

/* What was known goes on to be used until there is an answer. */
static bool addresses_known(struct site_host *host)
{
    bool fresh = host->addresses && now_ms(host) < host->known_until_ms;
    struct resolver *resolver = host->site->thread->domains.resolver;
    if (!fresh && !host->asking && resolver)
        host->asking = dns_ask_addresses(resolver, str_of(host->name), on_addresses, host);
    return host->addresses != NULL;
}

/* The living ones of the best preference that has any; returns how many. */
static size_t best_of(struct hosts *hosts, struct site_host **best)
{
    size_t n = 0;
    for (size_t i = 0; i < hosts->count; i++) {
        struct site_host *host = &hosts->at[i];
        if (n > 0 && host->preference != best[0]->preference)
            break;
        if (!is_dead(host))
            best[n++] = host;
    }
    return n;
}

enum hosts_answer hosts_choose(struct hosts *hosts, struct site_host **out)
{
    struct site_host *best[DNS_MX_MAX];
    size_t n = best_of(hosts, best);
    if (n == 0)
        return HOSTS_DEAD;
    *out = best[random_below(n)];
    return addresses_known(*out) ? HOSTS_FOUND : HOSTS_ASKED;
}

/* The addresses of a family, beginning with another one each time. */
static size_t of_family(const struct site_host *host, int family,
                        const struct sockaddr_storage *out[DNS_ADDRESSES_MAX])
{
    size_t n = 0;
    const struct sockaddr_storage *all[DNS_ADDRESSES_MAX];
    for (size_t i = 0; i < host->addresses->count; i++)
        if (host->addresses->at[i].ss_family == family)
            all[n++] = &host->addresses->at[i];
    for (size_t i = 0; i < n; i++)
        out[i] = all[(i + host->next) % n];
    return n;
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
}

static bool address_is_dead(const struct site_host *host, const struct sockaddr_storage *address)
{
    size_t i = (size_t)(address - host->addresses->at);
    return (host->dead >> i & 1) && now_ms(host) < host->dead_addresses_until_ms;
}

static void add(const struct site_host *host, const struct sockaddr_storage *address, bool dead,
                struct smtp_params *params)
{
    if (address_is_dead(host, address) != dead || params->address_count == SMTP_ADDRESSES_MAX)
        return;
    struct sockaddr_storage *to = &params->addresses[params->address_count++];
    *to = *address;
    set_port(to, host->site->to->port);
}

void host_addresses(struct site_host *host, int family, struct smtp_params *params)
{
    const struct sockaddr_storage *v6[DNS_ADDRESSES_MAX], *v4[DNS_ADDRESSES_MAX];
    size_t n6 = of_family(host, AF_INET6, v6), n4 = of_family(host, AF_INET, v4);
    host->next++;
    if (family == AF_INET && n4 > 0)
        n6 = 0;
    if (family == AF_INET6 && n6 > 0)
        n4 = 0;
    params->address_count = 0;
    for (int dead = 0; dead <= 1; dead++)
        for (size_t i = 0; i < n6 || i < n4; i++) {
            if (i < n6)
                add(host, v6[i], dead, params);
            if (i < n4)
                add(host, v4[i], dead, params);
        }
}

void host_failed(struct site_host *host)
{
    host->dead_until_ms = now_ms(host) + DEAD_FOR_MS;
}

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)(const void *)b)->sin_addr.s_addr;
    return memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
                  &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr,
                  sizeof(struct in6_addr)) == 0;
}

void host_learn(struct site_host *host, const struct smtp_params *params, unsigned failed)
{
    if (!failed || !host->addresses)
        return;
    host->dead_addresses_until_ms = now_ms(host) + ADDRESS_DEAD_FOR_MS;
    for (size_t i = 0; i < params->address_count; i++)
        for (size_t k = 0; k < host->addresses->count; k++)
            if ((failed >> i & 1) && same_address(&params->addresses[i], &host->addresses->at[k]))
                host->dead |= UINT32_C(1) << k;
}

void hosts_forgive(struct hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++)
        hosts->at[i].dead_until_ms = 0;
}

void hosts_reload(struct hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++) {
        SSL_SESSION_free(hosts->at[i].session);
        hosts->at[i].session = NULL;
        hosts->at[i].known_until_ms = 0;
    }
}

void hosts_stop(struct hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++) {
        dns_cancel(hosts->at[i].asking);
        hosts->at[i].asking = NULL;
    }
}

bool hosts_asking(const struct hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++)
        if (hosts->at[i].asking)
            return true;
    return false;
}
