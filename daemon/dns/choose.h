/*
 * Which of the records in an answer are worth keeping, while they are read one after the other: the
 * best DNS_MX_MAX exchangers, each name once, in order; the first DNS_ADDRESSES_MAX addresses that
 * can be somebody's. Pure; writes into the message that it was given.
 */
#ifndef TOCSIN_DNS_CHOOSE_H
#define TOCSIN_DNS_CHOOSE_H

#include "dns/message.h"

struct dns_choice {
    struct dns_message *out;
    enum dns_type type;
    size_t seen;  /* all records of the type, also those that were not taken */
    size_t roots; /* exchangers "." */
};

void dns_choice_init(struct dns_choice *choice, enum dns_type type, struct dns_message *out);

/*
 * Takes an exchanger: no root (that is a null MX, and is ignored beside others: RFC 7505 §3), no
 * name that cannot be a host's, such as an IP address written as a name.
 */
void dns_choice_mx(struct dns_choice *choice, unsigned preference,
                   const struct dns_name *exchanger);

/* Takes the address of 4 or 16 octets, unless nobody can be reached at it: the "this host" of
 * RFC 1122 §3.2.1.3 (which Linux connects to itself), multicast, broadcast, or IPv4 inside IPv6. */
void dns_choice_address(struct dns_choice *choice, const unsigned char *at, size_t len);

/* DNS_RECORDS, DNS_NULL_RECORD, DNS_NO_RECORDS or DNS_UNUSABLE. */
enum dns_result dns_choice_result(const struct dns_choice *choice);

#endif
