/*
 * The hosts of a site: its mail exchangers by preference, with their addresses, the TLS session to
 * resume, and which of them were found dead. Connections go to the most preferred host that is
 * alive, those of equal preference taking turns at random (RFC 5321 §5.1); when all are dead, the
 * site as a whole cannot be reached.
 */
#ifndef TOCSIN_DELIVERY_HOSTS_H
#define TOCSIN_DELIVERY_HOSTS_H

#include <openssl/ssl.h>

#include "delivery/destination.h"
#include "smtp/params.h"

struct site;

struct site_host {
    struct site *site;
    const char *name; /* the destination's */
    uint16_t preference;
    struct dns_addresses *addresses; /* NULL: not known yet */
    struct dns_question *asking;
    uint64_t known_until_ms, dead_until_ms; /* on the loop's clock */
    uint32_t dead;                          /* a bit for each address that did not answer, */
    uint64_t dead_addresses_until_ms;       /* believed until then */
    unsigned next;                          /* the address of each family that begins */
    SSL_SESSION *session;
};

struct hosts {
    size_t count;
    struct site_host *at;
    char trouble[200]; /* why the last host was given up whose addresses nobody knew */
};

void hosts_init(struct hosts *hosts, struct site *site);
void hosts_release(struct hosts *hosts);

enum hosts_answer {
    HOSTS_FOUND,
    HOSTS_ASKED, /* site_work is asked for when the answer is there */
    HOSTS_DEAD,  /* all of them */
};

/* The host to connect to now. */
enum hosts_answer hosts_choose(struct hosts *hosts, struct site_host **out);

/* Its addresses in the order to try them (RFC 8305 §4), those that were found dead last. If
 * `family` is not AF_UNSPEC, only those of that family, unless there are no others. */
void host_addresses(struct site_host *host, int family, struct smtp_params *params);

/* No connection could be made: another host is next. */
void host_failed(struct site_host *host);

/* These addresses did not answer, and another one did: a bit for each of params->addresses. */
void host_learn(struct site_host *host, const struct smtp_params *params, unsigned failed);

/* All are tried again. */
void hosts_forgive(struct hosts *hosts);

/* Other settings: nothing is resumed, and names are looked up anew. */
void hosts_reload(struct hosts *hosts);

/* Nothing is asked any more. */
void hosts_stop(struct hosts *hosts);

bool hosts_asking(const struct hosts *hosts);

#endif
