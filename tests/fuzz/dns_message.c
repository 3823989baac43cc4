/*
 * Any bytes as the answer to each kind of question. What comes out must be within its bounds, in
 * order, made of valid names, and the same whatever lay in memory before; what is cut off at the
 * end must not be taken for an answer with more in it.
 */
#include <assert.h>

#include "dns/answer.h"
#include "dns/message.h"

static void check_host(const char *host)
{
    struct dns_name name;
    char again[DNS_HOST_MAX + 1];
    assert(dns_name_parse(str_of(host), &name) == 0);
    assert(dns_name_host(&name, again) > 0);
    assert(strcmp(host, again) == 0);
}

static void check_exchangers(const struct dns_message *m)
{
    for (size_t i = 0; i < m->count; i++) {
        check_host(m->mx[i].host);
        for (size_t j = 0; j < i; j++)
            assert(strcmp(m->mx[i].host, m->mx[j].host) != 0);
        if (i > 0)
            assert(m->mx[i - 1].preference < m->mx[i].preference ||
                   (m->mx[i - 1].preference == m->mx[i].preference &&
                    strcmp(m->mx[i - 1].host, m->mx[i].host) < 0));
    }
}

static void check_message(const struct dns_message *m, enum dns_type type)
{
    assert(m->result <= DNS_BROKEN);
    assert(m->count <= DNS_MX_MAX && m->count <= DNS_ADDRESSES_MAX);
    assert((m->count > 0) == (m->result == DNS_RECORDS));
    assert(m->result != DNS_NULL_RECORD || type == DNS_TYPE_MX);
    assert(m->result != DNS_RECORDS || m->ttl_s <= INT32_MAX);
    if (type == DNS_TYPE_MX)
        check_exchangers(m);
}

/* Packed and unpacked again, it is the same. */
static void check_packing(const struct dns_message *m)
{
    struct records *records = records_new(m, DNS_TYPE_MX, 0);
    struct dns_mx *mx = dns_mx_new("example.org", records, NULL, NULL, 0);
    assert(mx->count == m->count);
    assert((mx->verdict == DNS_FOUND) == (m->result == DNS_RECORDS));
    assert((mx->why[0] == '\0') == (mx->verdict == DNS_FOUND));
    for (size_t i = 0; i < m->count; i++) {
        assert(mx->hosts[i].preference == m->mx[i].preference);
        assert(strcmp(mx->hosts[i].name, m->mx[i].host) == 0);
    }
    dns_mx_unref(mx);
    records_unref(records);
}

static void check_type(struct str bytes, const struct dns_name *name, enum dns_type type)
{
    static struct dns_message first, second;
    memset(&first, 0x00, sizeof(first));
    memset(&second, 0xAA, sizeof(second));
    dns_message_read(bytes, name, type, &first);
    dns_message_read(bytes, name, type, &second);
    check_message(&first, type);
    assert(first.result == second.result && first.count == second.count);
    assert(first.ttl_s == second.ttl_s && first.rcode == second.rcode);
    if (type == DNS_TYPE_MX)
        check_packing(&first);
    if (bytes.len > 0 && first.result == DNS_BROKEN)
        return;
    bytes.len -= bytes.len > 0;
    dns_message_read(bytes, name, type, &second);
    assert(second.result == DNS_BROKEN || second.count <= first.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_from(data, size);
    struct dns_name name;
    size_t at = 12;
    if (dns_name_read(bytes, &at, &name))
        dns_name_parse(STR("example.org"), &name);
    else
        assert(at > 12 && at <= size && name.len >= 1 && name.at[name.len - 1] == 0);
    check_type(bytes, &name, DNS_TYPE_A);
    check_type(bytes, &name, DNS_TYPE_AAAA);
    check_type(bytes, &name, DNS_TYPE_MX);
    return 0;
}
