#include "dns/records.h"

#include "base/alloc.h"

enum { MX_HEAD = 3 }; /* preference and length */

static size_t packed_size(const struct dns_message *m, enum dns_type type)
{
    if (type != DNS_TYPE_MX)
        return m->count * (type == DNS_TYPE_A ? 4 : 16);
    size_t size = 0;
    for (size_t i = 0; i < m->count; i++)
        size += MX_HEAD + strlen(m->mx[i].host) + 1;
    return size;
}

static void pack_mx(const struct dns_message *m, unsigned char *at)
{
    for (size_t i = 0; i < m->count; i++) {
        size_t len = strlen(m->mx[i].host);
        memcpy(at, &m->mx[i].preference, 2);
        at[2] = (unsigned char)len;
        memcpy(at + MX_HEAD, m->mx[i].host, len + 1);
        at += MX_HEAD + len + 1;
    }
}

static int64_t kept_s(const struct dns_message *m)
{
    uint32_t least;
    switch (m->result) {
    case DNS_RECORDS:
        least = DNS_FOUND_TTL_MIN_S;
        break;
    case DNS_NULL_RECORD:
    case DNS_NO_RECORDS:
    case DNS_NO_NAME:
        least = DNS_NONE_TTL_MIN_S;
        break;
    default:
        return DNS_TROUBLE_TTL_S;
    }
    if (m->ttl_s < least)
        return least;
    return m->ttl_s < DNS_TTL_MAX_S ? m->ttl_s : DNS_TTL_MAX_S;
}

struct records *records_new(const struct dns_message *message, enum dns_type type, int64_t now_ms)
{
    size_t size = packed_size(message, type);
    struct records *records = alloc(sizeof(struct records) + size);
    *records = (struct records){
        .refs = 1,
        .result = (uint8_t)message->result,
        .rcode = (uint8_t)message->rcode,
        .tries = (uint8_t)message->tries,
        .count = (uint8_t)message->count,
        .until_ms = now_ms + kept_s(message) * 1000,
    };
    if (type == DNS_TYPE_MX)
        pack_mx(message, records->bytes);
    else
        memcpy(records->bytes, message->v4, size); /* v6 begins at the same place */
    return records;
}

struct records *records_ref(struct records *records)
{
    records->refs++;
    return records;
}

void records_unref(struct records *records)
{
    if (records && --records->refs == 0)
        free(records);
}

struct records_mx records_take_mx(const unsigned char **at)
{
    struct records_mx mx = {.host = str_from(*at + MX_HEAD, (*at)[2])};
    memcpy(&mx.preference, *at, 2);
    *at += MX_HEAD + mx.host.len + 1;
    return mx;
}
