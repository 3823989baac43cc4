#include "dns/answer.h"

#include <netinet/in.h>

#include "base/alloc.h"
#include "base/random.h"

enum { NAME_SHOWN_MAX = 100 }; /* so that every sentence fits */

static bool is_final(const struct records *r)
{
    return r->result == DNS_NO_RECORDS || r->result == DNS_NO_NAME || r->result == DNS_INVALID;
}

static enum dns_verdict verdict_of(const struct records *r)
{
    if (r->result == DNS_RECORDS)
        return DNS_FOUND;
    if (r->result == DNS_NULL_RECORD)
        return DNS_NULL_MX;
    return is_final(r) ? DNS_NONE : DNS_TROUBLE;
}

static uint32_t left_s(const struct records *r, int64_t now_ms)
{
    int64_t left_ms = r->until_ms - now_ms;
    return left_ms > 1000 ? (uint32_t)((left_ms + 999) / 1000) : 1;
}

static uint32_t least_left_s(const struct records *a, const struct records *b, int64_t now_ms)
{
    uint32_t first = a ? left_s(a, now_ms) : UINT32_MAX;
    uint32_t second = b ? left_s(b, now_ms) : UINT32_MAX;
    return first < second ? first : second;
}

static void explain_refusal(char why[static DNS_WHY_SIZE], unsigned rcode, const char *name)
{
    static const char *const names[] = {[1] = "FORMERR",
                                        [DNS_SERVFAIL] = "SERVFAIL",
                                        [DNS_NOTIMP] = "NOTIMP",
                                        [DNS_REFUSED] = "REFUSED"};
    const char *known = rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : NULL;
    char number[16];
    snprintf(number, sizeof(number), "RCODE %u", rcode);
    snprintf(why, DNS_WHY_SIZE, "The name servers answered %s for %.*s.", known ? known : number,
             NAME_SHOWN_MAX, name);
}

/* A sentence with the name in it; which one is of results that are not DNS_RECORDS. */
static void explain(char why[static DNS_WHY_SIZE], const struct records *r, const char *name)
{
    static const char *const sentences[] = {
        [DNS_NULL_RECORD] = "The domain %.*s takes no mail (null MX).",
        [DNS_NO_RECORDS] = "The name %.*s has no address.",
        [DNS_NO_NAME] = "The domain %.*s does not exist (NXDOMAIN).",
        [DNS_UNUSABLE] = "All records of %.*s are such that nobody can be reached by them.",
        [DNS_ALIASES] = "The aliases (CNAME) of %.*s lead in a circle, or too far.",
        [DNS_BROKEN] = "The name servers' answer for %.*s cannot be understood.",
        [DNS_UNREACHABLE] = "No name server can be reached to ask for %.*s.",
        [DNS_SHORTAGE] = "This machine has no file descriptor or memory left to ask for %.*s.",
        [DNS_INVALID] = "\"%.*s\" is not a valid domain name.",
    };
    if (r->result == DNS_REFUSAL)
        explain_refusal(why, r->rcode, name);
    else if (r->result == DNS_TIMEOUT)
        snprintf(why, DNS_WHY_SIZE,
                 "The name servers did not answer in time for %.*s (tried %u %s).", NAME_SHOWN_MAX,
                 name, (unsigned)r->tries, r->tries == 1 ? "time" : "times");
    else
        snprintf(why, DNS_WHY_SIZE, sentences[r->result], NAME_SHOWN_MAX, name);
}

static struct dns_mx *mx_alloc(enum dns_verdict verdict, uint32_t ttl_s, size_t names_size)
{
    struct dns_mx *mx = alloc_zero(1, sizeof(struct dns_mx) + names_size);
    mx->refs = 1;
    mx->verdict = verdict;
    mx->ttl_s = ttl_s;
    return mx;
}

static struct dns_mx *mx_explained(const char *domain, const struct records *cause, uint32_t ttl_s)
{
    struct dns_mx *mx = mx_alloc(verdict_of(cause), ttl_s, 0);
    explain(mx->why, cause, domain);
    return mx;
}

/* What decides where a host has no address: trouble in one family leaves the question open. */
static const struct records *cause_of(const struct records *v4, const struct records *v6)
{
    if (!v4 || !v6)
        return v4 ? v4 : v6;
    return is_final(v4) ? v6 : v4;
}

static bool has_records(const struct records *r)
{
    return r && r->result == DNS_RECORDS;
}

static struct dns_mx *mx_implicit(const char *domain, const struct records *mx,
                                  const struct records *v4, const struct records *v6,
                                  int64_t now_ms)
{
    const struct records *cause = cause_of(v4, v6);
    uint32_t ttl_s = least_left_s(v4, v6, now_ms), mx_ttl_s = left_s(mx, now_ms);
    ttl_s = ttl_s < mx_ttl_s ? ttl_s : mx_ttl_s;
    if (has_records(v4) || has_records(v6)) {
        struct dns_mx *out = mx_alloc(DNS_FOUND, ttl_s, strlen(domain) + 1);
        out->implicit = true;
        out->count = 1;
        memcpy(out->names, domain, strlen(domain) + 1);
        out->hosts[0].name = out->names;
        return out;
    }
    if (!is_final(cause))
        return mx_explained(domain, cause, ttl_s);
    struct dns_mx *out = mx_alloc(DNS_NONE, ttl_s, 0);
    snprintf(out->why, sizeof(out->why),
             "The domain %.*s has neither a mail exchanger (MX) nor an address.", NAME_SHOWN_MAX,
             domain);
    return out;
}

static size_t names_size(const struct records *r)
{
    const unsigned char *at = r->bytes;
    size_t size = 0;
    for (unsigned i = 0; i < r->count; i++)
        size += records_take_mx(&at).host.len + 1;
    return size;
}

struct dns_mx *dns_mx_new(const char *domain, const struct records *mx, const struct records *v4,
                          const struct records *v6, int64_t now_ms)
{
    if (v4 && v6)
        return mx_implicit(domain, mx, v4, v6, now_ms);
    if (!has_records(mx))
        return mx_explained(domain, mx, left_s(mx, now_ms));
    struct dns_mx *out = mx_alloc(DNS_FOUND, left_s(mx, now_ms), names_size(mx));
    const unsigned char *at = mx->bytes;
    char *name = out->names;
    for (; out->count < mx->count; out->count++) {
        struct records_mx one = records_take_mx(&at);
        memcpy(name, one.host.at, one.host.len); /* alloc_zero wrote the NUL */
        out->hosts[out->count] = (struct dns_exchanger){one.preference, name};
        name += one.host.len + 1;
    }
    return out;
}

static void add_v4(struct dns_addresses *out, const struct records *r, size_t i)
{
    struct sockaddr_in *to = (struct sockaddr_in *)&out->at[out->count++];
    to->sin_family = AF_INET;
    memcpy(&to->sin_addr, r->bytes + i * 4, 4);
}

static void add_v6(struct dns_addresses *out, const struct records *r, size_t i)
{
    struct sockaddr_in6 *to = (struct sockaddr_in6 *)&out->at[out->count++];
    to->sin6_family = AF_INET6;
    memcpy(&to->sin6_addr, r->bytes + i * 16, 16);
}

static void interleave(struct dns_addresses *out, const struct records *v4,
                       const struct records *v6)
{
    size_t fours = has_records(v4) ? v4->count : 0, sixes = has_records(v6) ? v6->count : 0;
    size_t four = fours ? random_below(fours) : 0, six = sixes ? random_below(sixes) : 0;
    for (size_t i = 0; i < fours || i < sixes; i++) {
        if (i < sixes && out->count < DNS_ADDRESSES_MAX)
            add_v6(out, v6, (six + i) % sixes);
        if (i < fours && out->count < DNS_ADDRESSES_MAX)
            add_v4(out, v4, (four + i) % fours);
    }
}

struct dns_addresses *dns_addresses_new(const char *host, const struct records *v4,
                                        const struct records *v6, int64_t now_ms)
{
    struct dns_addresses *out = NEW(struct dns_addresses);
    out->refs = 1;
    out->ttl_s = least_left_s(v4, v6, now_ms);
    interleave(out, v4, v6);
    if (out->count > 0)
        return out;
    const struct records *cause = cause_of(v4, v6);
    out->verdict = verdict_of(cause);
    explain(out->why, cause, host);
    return out;
}

struct dns_mx *dns_mx_ref(struct dns_mx *mx)
{
    atomic_fetch_add_explicit(&mx->refs, 1, memory_order_relaxed);
    return mx;
}

void dns_mx_unref(struct dns_mx *mx)
{
    if (mx && atomic_fetch_sub_explicit(&mx->refs, 1, memory_order_acq_rel) == 1)
        free(mx);
}

struct dns_addresses *dns_addresses_ref(struct dns_addresses *addresses)
{
    atomic_fetch_add_explicit(&addresses->refs, 1, memory_order_relaxed);
    return addresses;
}

void dns_addresses_unref(struct dns_addresses *addresses)
{
    if (addresses && atomic_fetch_sub_explicit(&addresses->refs, 1, memory_order_acq_rel) == 1)
        free(addresses);
}
