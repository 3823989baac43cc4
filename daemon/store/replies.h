/*
 * The texts of replies. Many receivers say the same words to a million copies ("2.0.0 Ok"), others
 * a queue number of their own to each. So a text gets a number (NAME_REPLY) when it is seen for the
 * second time within a while, and stands in the ledger's record itself until then. What is
 * remembered is bounded, belongs to the writer, and is only a matter of space.
 *
 * A text with a number stays, also when everybody is erased of whom it was said (store/erasure.h).
 * So one that may quote an address, because there is an "@" in it, never gets a number.
 */
#ifndef TOCSIN_STORE_REPLIES_H
#define TOCSIN_STORE_REPLIES_H

#include "store/store.h"

struct reply_memory;

/* Whether a text may quote somebody's address. */
static inline bool reply_may_quote(struct str text)
{
    return str_find(text, '@') != NULL;
}

struct reply_memory *reply_memory_new(void);
void reply_memory_free(struct reply_memory *memory);

/* After a transaction that came to nothing: numbers that it gave are none. */
void reply_memory_forget(struct reply_memory *memory);

/* The number of a text, or 0: it shall stand for itself. Writer only. */
uint32_t reply_number(struct txn *txn, struct str text);

#endif
