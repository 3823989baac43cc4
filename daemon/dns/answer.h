/*
 * What a question is answered with: the mail exchangers of a domain, or the addresses of a host.
 * Counted and never changed once made, so an answer may be kept and handed to other threads. Also
 * how answers are put together from records, which is pure but for the chance that turns equal
 * addresses.
 */
#ifndef TOCSIN_DNS_ANSWER_H
#define TOCSIN_DNS_ANSWER_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "dns/records.h"

enum dns_verdict {
    DNS_FOUND,
    DNS_NONE,    /* final: the name does not exist, or has nothing to connect to */
    DNS_NULL_MX, /* final: the domain says that it takes no mail (RFC 7505) */
    DNS_TROUBLE, /* temporary: no server answered, or with a refusal or nonsense */
};

enum { DNS_WHY_SIZE = 200 };

struct dns_exchanger {
    uint16_t preference;
    const char *name; /* lower case, no final dot */
};

/*
 * Exchangers of which none has a valid name are trouble: RFC 5321 §5.1 wants that reported as an
 * error, forbids falling back to the domain's address, and leaves open which kind of error. It is a
 * mistake that is going to be corrected, so the mail waits, for as long as the retries last.
 */
struct dns_mx {
    _Atomic unsigned refs; /* dns_mx_ref and dns_mx_unref only */
    enum dns_verdict verdict;
    bool implicit;  /* no MX, but an address: the domain is its own exchanger (RFC 5321 §5.1) */
    uint32_t ttl_s; /* seconds for which it may be kept from now on, at least 1 */
    size_t count;   /* the best, ordered by preference, then by name; each name once */
    struct dns_exchanger hosts[DNS_MX_MAX];
    char why[DNS_WHY_SIZE]; /* a sentence, unless DNS_FOUND */
    char names[];           /* what hosts point to */
};

struct dns_addresses {
    _Atomic unsigned refs;    /* dns_addresses_ref and dns_addresses_unref only */
    enum dns_verdict verdict; /* never DNS_NULL_MX */
    uint32_t ttl_s;           /* as above */
    size_t count;             /* in the order in which to try them */
    struct sockaddr_storage at[DNS_ADDRESSES_MAX]; /* port 0 */
    char why[DNS_WHY_SIZE];                        /* a sentence, unless DNS_FOUND */
};

struct dns_mx *dns_mx_ref(struct dns_mx *mx);
void dns_mx_unref(struct dns_mx *mx); /* NULL is fine */

struct dns_addresses *dns_addresses_ref(struct dns_addresses *addresses);
void dns_addresses_unref(struct dns_addresses *addresses); /* NULL is fine */

/* The answer for a domain, from its MX records, and from its A and AAAA records if there was no MX
 * (NULL otherwise), with one reference for the caller. */
struct dns_mx *dns_mx_new(const char *domain, const struct records *mx, const struct records *v4,
                          const struct records *v6, int64_t now_ms);

/*
 * The answer for a host, from its A and AAAA records, either of which may be NULL. Families take
 * turns, IPv6 first (RFC 8305 §4); each family begins at a place that chance chooses.
 */
struct dns_addresses *dns_addresses_new(const char *host, const struct records *v4,
                                        const struct records *v6, int64_t now_ms);

#endif
