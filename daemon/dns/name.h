/*
 * One domain name as it goes over the wire (RFC 1035 §3.1), with its compression undone and ASCII
 * letters in lower case, so that equal names have equal bytes. Pure. A name may hold any byte; what
 * becomes text is a *host name* only (RFC 1123 §2.1), which is why strangers' names can neither
 * forge a dot nor break a log line.
 */
#ifndef TOCSIN_DNS_NAME_H
#define TOCSIN_DNS_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
    DNS_NAME_MAX = 255, /* octets on the wire, RFC 1035 §2.3.4 */
    DNS_HOST_MAX = 253, /* the same as text without the final dot */
};

struct dns_name {
    uint8_t len;
    unsigned char at[DNS_NAME_MAX]; /* labels, each behind its length; the empty one is last */
};

/*
 * Reads the name at message.at[*at] and moves *at behind it. -1 when it does not end within the
 * message, is too long, has a label type that there is not, or a pointer that does not lead back:
 * then *at and *out are of no use.
 */
int dns_name_read(struct str message, size_t *at, struct dns_name *out);

/*
 * A host name from text, with or without a final dot; letters may be of either case. -1 for what is
 * none: an empty label, one of more than 63 octets, one that begins or ends with a hyphen, anything
 * but letters, digits, hyphens and the underscore (which is no host name's, but some mail
 * exchangers have one, and other mail servers bear it), or a last label that is a number.
 */
int dns_name_parse(struct str host, struct dns_name *out);

/* The text of a host name, in lower case, without a final dot, with a NUL. Its length, or -1 when
 * it is none as dns_name_parse has it. */
int dns_name_host(const struct dns_name *name, char out[static DNS_HOST_MAX + 1]);

bool dns_name_eq(const struct dns_name *a, const struct dns_name *b);

/* The name ".", which stands for "nobody" in some records. */
static inline bool dns_name_is_root(const struct dns_name *name)
{
    return name->len == 1;
}

#endif
