/*
 * Whose mail it is, ready to be used: the identities of a configuration with their signing keys
 * loaded and checked, and the layouts and partials of its folder. Made whole when the configuration
 * is loaded or reloaded, then immutable and counted; each composer makes its own signers from it,
 * since a key that threads share is a lock.
 */
#ifndef TOCSIN_COMPOSE_SENDERS_H
#define TOCSIN_COMPOSE_SENDERS_H

#include <stdatomic.h>

#include "base/err.h"
#include "compose/library.h"
#include "compose/token.h"
#include "config/config.h"
#include "dkim/sign.h"
#include "mail/mailbox.h"

enum { IDENTITY_KEYS_MAX = 8 };

struct sender {
    const struct identity *identity; /* in the configuration, which the senders hold */
    struct mailbox from;             /* the identity's default */
    bool has_from;
    struct dkim_key *keys[IDENTITY_KEYS_MAX];
    size_t key_count;
};

struct senders {
    struct config *config;
    struct token_key tokens;
    struct library *library;
    const struct template_zone *zone; /* of dates in messages; NULL: UTC */
    struct sender *all;
    size_t count;
    struct arena memory;
    _Atomic unsigned refs;
};

/* Loads every key and every template. NULL with a sentence naming the identity and the file. One
 * reference. */
struct senders *senders_new(struct config *config, const struct token_key *tokens, struct err *err);
struct senders *senders_ref(struct senders *senders);
void senders_unref(struct senders *senders); /* NULL is fine */

/* NULL if there is no identity of that name; an empty name is the first one. */
const struct sender *senders_find(const struct senders *senders, struct str identity);

/* Whether `sender` (the one of that name, or NULL) can send a message with or without a From of its
 * own. -1 with a sentence. */
int sender_check(const struct sender *sender, struct str identity, bool message_has_from,
                 struct err *err);

/* One thread's signers for all keys of all senders. */
struct signers {
    const struct senders *senders; /* held by whoever holds the signers */
    struct dkim_signer **all;      /* sender by sender, key by key */
};

int signers_init(struct signers *signers, const struct senders *senders, struct err *err);
void signers_release(struct signers *signers);

/* The signers of one sender: `sender->key_count` of them. */
struct dkim_signer **signers_of(const struct signers *signers, const struct sender *sender);

#endif
