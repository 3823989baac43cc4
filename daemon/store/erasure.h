/*
 * A contact is erased: record, attributes, address, lists and choices go, and what receivers said
 * of them in the ledger, where an address may be quoted; an answer that comes later is not quoted
 * there either (store/outcomes.c). Their number stays in the recipients of
 * jobs and in the ledger, so that a job's numbers stay what they were; it is never given again.
 * Copies that still wait are skipped when their turn comes, for there is no contact any more.
 *
 * Who asks never to be written to again as well is barred: of the address a hash is kept, and an
 * import that brings it refuses the row.
 *
 * Table `barred`: key: contact_hash of the address key (u64 BE)
 *                 value: since when (u32 BE, seconds since 1970)
 */
#ifndef TOCSIN_STORE_ERASURE_H
#define TOCSIN_STORE_ERASURE_H

#include "store/contacts.h"

/* Writer only; `now` in seconds since 1970. Takes as long as there are jobs and lists: milliseconds
 * for thousands. False if there is no such contact. */
bool contact_erase(struct txn *txn, uint32_t id, bool bar, uint32_t now);

/* `key` is an address key, as contact_find takes it. */
bool bar_has(struct txn *txn, struct str key);

/* Whether anybody is barred at all. */
bool bar_any(struct txn *txn);

/* Writer only. True if the address was barred. */
bool bar_lift(struct txn *txn, struct str key);

#endif
