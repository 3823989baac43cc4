#include "dns/choose.h"

void dns_choice_init(struct dns_choice *choice, enum dns_type type, struct dns_message *out)
{
    *choice = (struct dns_choice){.out = out, .type = type};
    out->count = 0;
}

static bool goes_before(const struct dns_mx_record *a, const struct dns_mx_record *b)
{
    if (a->preference != b->preference)
        return a->preference < b->preference;
    return strcmp(a->host, b->host) < 0;
}

static size_t place_of(const struct dns_message *m, const char *host)
{
    size_t i = 0;
    while (i < m->count && strcmp(m->mx[i].host, host) != 0)
        i++;
    return i;
}

static void remove_at(struct dns_message *m, size_t place)
{
    m->count--;
    memmove(&m->mx[place], &m->mx[place + 1], (m->count - place) * sizeof(m->mx[0]));
}

/* Into its place; the last one goes when there are too many. */
static void insert(struct dns_message *m, const struct dns_mx_record *fresh)
{
    size_t place = 0;
    while (place < m->count && goes_before(&m->mx[place], fresh))
        place++;
    if (place == DNS_MX_MAX)
        return;
    if (m->count < DNS_MX_MAX)
        m->count++;
    memmove(&m->mx[place + 1], &m->mx[place], (m->count - 1 - place) * sizeof(m->mx[0]));
    m->mx[place] = *fresh;
}

void dns_choice_mx(struct dns_choice *choice, unsigned preference, const struct dns_name *exchanger)
{
    struct dns_message *m = choice->out;
    struct dns_mx_record fresh = {.preference = (uint16_t)preference};
    choice->seen++;
    choice->roots += dns_name_is_root(exchanger);
    if (dns_name_host(exchanger, fresh.host) < 0)
        return;
    size_t known = place_of(m, fresh.host);
    if (known < m->count) {
        if (m->mx[known].preference <= fresh.preference)
            return;
        remove_at(m, known);
    }
    insert(m, &fresh);
}

static bool v4_is_somebody(const unsigned char *at)
{
    return at[0] != 0 && at[0] < 224;
}

/* ::/96 holds "::" and "::1" beside the IPv4-compatible addresses of old; only ::1 is somebody. */
static bool v6_is_somebody(const unsigned char *at)
{
    static const unsigned char zero[12], mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    static const unsigned char loopback[4] = {0, 0, 0, 1};
    if (at[0] == 0xFF || memcmp(at, mapped, sizeof(mapped)) == 0)
        return false;
    return memcmp(at, zero, sizeof(zero)) != 0 || memcmp(at + 12, loopback, 4) == 0;
}

void dns_choice_address(struct dns_choice *choice, const unsigned char *at, size_t len)
{
    struct dns_message *m = choice->out;
    bool four = len == 4;
    choice->seen++;
    if (m->count == DNS_ADDRESSES_MAX || !(four ? v4_is_somebody(at) : v6_is_somebody(at)))
        return;
    memcpy(four ? m->v4[m->count] : m->v6[m->count], at, len);
    m->count++;
}

enum dns_result dns_choice_result(const struct dns_choice *choice)
{
    if (choice->out->count > 0)
        return DNS_RECORDS;
    if (choice->seen == 0)
        return DNS_NO_RECORDS;
    return choice->roots == choice->seen ? DNS_NULL_RECORD : DNS_UNUSABLE;
}
