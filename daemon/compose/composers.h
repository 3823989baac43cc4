/*
 * The composer threads: copies go in from any delivery thread, several at once, and come back,
 * composed, as letters to the loop that asked: each letter is the answer of a copy, and brings
 * those that follow it by `next` too. Transactional copies are taken before bulk ones. How many may
 * be inside is the asker's to bound; nothing is queued here beyond what sites have asked for.
 *
 * Signing is what takes a core's time. A copy that needs no signature costs less to compose than to
 * hand to another thread and back, so it is composed where it was asked for, by the asker's own
 * composer.
 */
#ifndef TOCSIN_COMPOSE_COMPOSERS_H
#define TOCSIN_COMPOSE_COMPOSERS_H

#include "compose/copy.h"
#include "compose/senders.h"

struct composers;

/* Starts `count` threads. Takes a reference to the senders. */
struct composers *composers_new(struct store *store, unsigned count, struct senders *senders,
                                struct err *err);

/* New senders after a reload; each thread changes over before its next copy. */
void composers_use(struct composers *composers, struct senders *senders);

/* A thread's own composer. */
struct own_composer;
struct own_composer *own_composer_new(void);
void own_composer_free(struct own_composer *own); /* NULL is fine */

/* Asks for a copy and those that follow it by `next`: mailing, contact, asker and answer.deliver of
 * each are set. From any thread, with its own composer: some answers come before this returns. */
void composers_ask(struct composers *composers, struct own_composer *own, struct copy *first);

/* Ends the threads after what was asked; every copy comes back. NULL is fine. */
void composers_free(struct composers *composers);

/* For checks before a job is accepted: the senders in use, as a reference to give back. */
struct senders *composers_senders(struct composers *composers);

#endif
