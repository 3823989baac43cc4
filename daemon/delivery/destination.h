/*
 * Where the mail of a domain goes: the mail exchangers that its MX records name, or the host of a
 * route, or nowhere, and in which thread the site lives that stands for it. Domains with the same
 * destination share a site. A destination never changes; it is counted, and threads hand it to each
 * other.
 *
 *   a route matches the domain     its host and port               "host:port"
 *   MX records                     the exchangers, by preference   "mx1.example.net", with more of
 *                                                                   them
 * "mx1.example.net+2#1a2b3c4d" no MX, but an address          the domain itself "example.net" null
 * MX, no such domain        nobody: its mail bounces        "no mail: example.net" DNS does not
 * answer            not known now: its mail waits   "no DNS: example.net"
 *
 * In the key the exchanger comes first that is first in the alphabet among the preferred ones; the
 * number behind + is how many there are beside it, and the rest tells sets apart.
 */
#ifndef TOCSIN_DELIVERY_DESTINATION_H
#define TOCSIN_DELIVERY_DESTINATION_H

#include <stdatomic.h>

#include "config/config.h"
#include "dns/resolver.h"

enum destination_kind {
    DESTINATION_HOSTS,
    DESTINATION_NOWHERE, /* final */
    DESTINATION_UNKNOWN, /* for now */
};

struct destination {
    _Atomic unsigned refs;
    enum destination_kind kind;
    char *key;
    struct str provider; /* its name; empty: none */
    uint16_t port;
    bool by_route;
    struct refusal { /* of what is for nowhere, as if the receiver had answered so */
        uint16_t code;
        uint8_t enhanced[3];
    } refusal;
    char why[DNS_WHY_SIZE]; /* unless there are hosts */
    size_t host_count;
    struct destination_host {
        uint16_t preference;
        char name[256];
    } hosts[];
};

enum { DESTINATION_KEY_SIZE = 300 };

/* By a route, if one matches; NULL: ask for the domain's MX. */
struct destination *destination_by_route(const struct config *config, struct str domain);

/* By what DNS answered. */
struct destination *destination_by_mx(const struct config *config, struct str domain,
                                      const struct dns_mx *mx);

/* The same hosts by another configuration. */
struct destination *destination_again(const struct config *config, const struct destination *to);

struct destination *destination_ref(struct destination *to);
void destination_unref(struct destination *to); /* NULL is fine */

/* Whether the same site stands for both, and no less is known now. */
bool destination_same(const struct destination *a, const struct destination *b);

/* All sites of a provider live in one thread, so that its limits need no lock. */
unsigned destination_thread(const struct destination *to, unsigned threads);

#endif
