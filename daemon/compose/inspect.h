/*
 * A message looked over before it is sent, for whoever writes it: all that would be refused, with
 * the place where it stands, and what is allowed but seldom meant: names that nobody has, images
 * without a text, links that lead nowhere or look like fraud, no way to unsubscribe, a page that
 * Gmail cuts off.
 *
 *     cut ──► fields, templates, layout: one by one ──► message_compile (has the last word)
 *                       │ errors                             │ compiled
 *                       ▼                                    ▼
 *                   remarks ◄── names, links, images, words, one copy for a contact without data
 *
 * Nothing is sent or written. It reads the store: the names of attributes and the counters.
 */
#ifndef TOCSIN_COMPOSE_INSPECT_H
#define TOCSIN_COMPOSE_INSPECT_H

#include "compose/remarks.h"
#include "compose/senders.h"
#include "store/store.h"

/* What it is looked at with; held by the caller during the call. */
struct inspection {
    struct txn *txn;
    const struct senders *senders;
    struct str source;   /* the text, or a bundle of it and its files */
    struct str identity; /* the one that would send it; empty: the first */
    int64_t now;         /* seconds since 1970 */
};

/* Adds to `out`, which is initialised, and sorts it. */
void message_inspect(const struct inspection *inspection, struct remarks *out);

#endif
