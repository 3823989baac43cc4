/*
 * c-ares on a loop, and the only file that knows it: questions go out over UDP with EDNS (1232
 * octets), over TCP when an answer was cut off, to the configured server or those of
 * /etc/resolv.conf, again when nobody answers in time. Names are asked as they are, without a
 * search list. Answers are handed on as bytes: reading them is message.h's.
 *
 * A server's refusal (SERVFAIL, REFUSED, NOTIMP) is told apart from silence, which c-ares alone
 * would not do: it is handed on at once by a first c-ares channel, and where there are more
 * servers, a second one asks them all before the refusal is believed.
 *
 * Belongs to its loop's thread. Trouble may be told from inside channel_ask.
 */
#ifndef TOCSIN_DNS_CHANNEL_H
#define TOCSIN_DNS_CHANNEL_H

#include "base/buf.h"
#include "config/config.h"
#include "dns/message.h"
#include "loop/loop.h"

struct channel;

struct channel_reply {
    struct str bytes;       /* the message; valid during the call only */
    enum dns_result result; /* where there are no bytes: why not */
    unsigned rcode;         /* of a DNS_REFUSAL */
    unsigned tries;         /* how often nobody answered in time */
};

typedef void channel_fn(void *ctx, const struct channel_reply *reply);

/* A file that names servers, and the port at which they all listen. */
struct resolv_conf {
    const char *path;
    uint16_t port;
};

/*
 * NULL with `err` set when the server's address is none, or c-ares cannot work. `file` is read
 * where the configuration names no server; NULL stands for /etc/resolv.conf and port 53.
 */
struct channel *channel_new(struct loop *loop, const struct dns_config *config,
                            const struct resolv_conf *file, struct err *err);

/* Open questions get no reply. NULL is fine. Not from inside a reply. */
void channel_free(struct channel *channel);

/* `host` must live until the reply. */
void channel_ask(struct channel *channel, const char *host, enum dns_type type,
                 channel_fn *on_reply, void *ctx);

/* The addresses of a host in /etc/hosts, of the family of `type`; false if it has none there. */
bool channel_hosts_file(struct channel *channel, const char *host, enum dns_type type,
                        struct dns_message *out);

/* Adds the servers as text, to tell whether two channels ask the same. */
void channel_servers(const struct channel *channel, struct buf *out);

#endif
