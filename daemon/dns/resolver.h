/*
 * Names to mail exchangers and addresses, for one loop: the room's door. Questions are asked by
 * c-ares (channel.h), answers are kept for all who ask the same (lookups.h), and each asker gets
 * one answer (answer.h), never from inside the call that asked.
 *
 * How long an answer is kept: records for their TTL, at least 5 s (also where the TTL is 0) and at
 * most 1 h; "there is none" as the zone's SOA says (RFC 2308), within 30 s and 1 h; trouble for
 * 10 s. The 20,000 names used last are kept. At most 256 questions are on the wire, others wait in
 * line for one of them to end; an asker costs some hundred bytes meanwhile.
 *
 * Belongs to its loop's thread.
 */
#ifndef TOCSIN_DNS_RESOLVER_H
#define TOCSIN_DNS_RESOLVER_H

#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "dns/answer.h"
#include "loop/loop.h"

struct resolver;
struct dns_question;

/* NULL with `err` set when the server's address is none. `config` is read during the call only. */
struct resolver *resolver_new(struct loop *loop, const struct dns_config *config, struct err *err);

/* Open questions get no answer and are gone: they must not be cancelled any more. Not from inside
 * an answer. NULL is fine. */
void resolver_free(struct resolver *resolver);

/*
 * Another configuration, after a reload; /etc/resolv.conf is read again. What is on the wire is
 * asked anew, and what is known is forgotten if the servers are others. On failure everything stays
 * as it was.
 */
int resolver_use(struct resolver *resolver, const struct dns_config *config, struct err *err);

/*
 * The mail exchangers of a domain, in ASCII (A-labels). An address literal is no domain. The answer
 * is a reference that `on_answer` owns; the question is gone by then.
 */
struct dns_question *dns_ask_mx(struct resolver *resolver, struct str domain,
                                void (*on_answer)(void *ctx, struct dns_mx *mx), void *ctx);

/*
 * The addresses of a host: A and AAAA together, and those of one family if the other is in trouble.
 * An IPv4 or IPv6 address in numbers is its own answer, and a name that is in /etc/hosts is not
 * asked for elsewhere. Otherwise as dns_ask_mx.
 */
struct dns_question *
dns_ask_addresses(struct resolver *resolver, struct str host,
                  void (*on_answer)(void *ctx, struct dns_addresses *addresses), void *ctx);

/* No answer will come. NULL is fine; a question that was answered is not. */
void dns_cancel(struct dns_question *question);

/* Questions that were neither answered nor cancelled. */
size_t resolver_open_questions(const struct resolver *resolver);

#endif
