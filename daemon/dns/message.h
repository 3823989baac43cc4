/*
 * What a name server answered to one question for MX, A or AAAA records (RFC 1035 §4), read by our
 * own pure parser: c-ares 1.18 drops the TTL of MX records, and we want no answer to another
 * question. The message came from a stranger. Everything is bounded: the best DNS_MX_MAX
 * exchangers, the first DNS_ADDRESSES_MAX addresses, and eight aliases (CNAME) on the way to them.
 *
 * The additional section is not read at all: addresses that come along unasked are not believed.
 */
#ifndef TOCSIN_DNS_MESSAGE_H
#define TOCSIN_DNS_MESSAGE_H

#include <stdint.h>

#include "base/str.h"
#include "dns/name.h"

enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_MX = 15,
    DNS_TYPE_AAAA = 28,
};

enum { DNS_MX_MAX = 16, DNS_ADDRESSES_MAX = 16, DNS_ALIASES_MAX = 8 };

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5
};

/* What came of a question: of a message that came, of none that came, or of one never sent. */
enum dns_result {
    DNS_RECORDS,     /* there are some */
    DNS_NULL_RECORD, /* MX: one that says that there is no exchanger (RFC 7505) */
    DNS_NO_RECORDS,  /* the name exists and has none of this type */
    DNS_NO_NAME,     /* the name does not exist */
    DNS_UNUSABLE,    /* there are some, and all are nonsense */
    DNS_ALIASES,     /* aliases in a circle, or too many */
    DNS_REFUSAL,     /* the server said no: see `rcode` */
    DNS_BROKEN,      /* no answer to this question, or no well-formed message */
    DNS_TIMEOUT,     /* nobody answered in time, `tries` times */
    DNS_UNREACHABLE, /* no server could be reached */
    DNS_SHORTAGE,    /* this machine lacked what it takes to ask */
    DNS_INVALID,     /* no valid name, so nobody was asked */
};

struct dns_mx_record {
    uint16_t preference;
    char host[DNS_HOST_MAX + 1]; /* lower case, no final dot */
};

struct dns_message {
    enum dns_result result;
    unsigned rcode, tries;
    uint32_t ttl_s; /* as the server says, without bounds; for a negative answer RFC 2308 §5 */
    size_t count;   /* of the records below; the type that was asked for says which */
    union {
        struct dns_mx_record mx[DNS_MX_MAX]; /* by preference, then by name; each name once */
        unsigned char v4[DNS_ADDRESSES_MAX][4];
        unsigned char v6[DNS_ADDRESSES_MAX][16];
    };
};

/* Reads the answer to a question for `type` (A, AAAA or MX) at `name`. Never fails: what cannot be
 * understood is DNS_BROKEN. */
void dns_message_read(struct str bytes, const struct dns_name *name, enum dns_type type,
                      struct dns_message *out);

#endif
