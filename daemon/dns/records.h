/*
 * What is known of one (name, type), packed as small as it goes, since thousands of these are kept:
 * the result of a question with the moment until which it holds. Counted on one loop's thread;
 * immutable, so whoever holds a reference is not disturbed by a fresher answer.
 */
#ifndef TOCSIN_DNS_RECORDS_H
#define TOCSIN_DNS_RECORDS_H

#include "dns/message.h"

/* How long an answer is kept, whatever its TTL (seconds). */
enum {
    DNS_FOUND_TTL_MIN_S = 5, /* below, a record would be asked for with every message */
    DNS_NONE_TTL_MIN_S = 30,
    DNS_TTL_MAX_S = 3600, /* people move their mail, and do not lower the TTL first */
    DNS_TROUBLE_TTL_S = 10,
};

struct records {
    unsigned refs;
    uint8_t result; /* enum dns_result */
    uint8_t rcode;
    uint8_t tries;
    uint8_t count;
    int64_t until_ms; /* on the monotonic clock */
    /* A: 4 octets each. AAAA: 16 each. MX: preference (2, in this machine's order), length (1), the
     * host and a NUL. */
    unsigned char bytes[];
};

/* A packed copy, with one reference, of a message that was read at `now_ms`. */
struct records *records_new(const struct dns_message *message, enum dns_type type, int64_t now_ms);

struct records *records_ref(struct records *records);
void records_unref(struct records *records); /* NULL is fine */

/* One packed exchanger; the host is a view into the records. */
struct records_mx {
    uint16_t preference;
    struct str host;
};

/* Takes the exchanger at *at off, which starts at records->bytes. */
struct records_mx records_take_mx(const unsigned char **at);

#endif
