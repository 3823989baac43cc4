/*
 * Message files as staff wrote them, versioned: a message has a name, and each different text under
 * that name is a new version. Jobs point at (message, version); nothing is ever overwritten.
 *
 * Table `messages`:      key: message id (u32 BE) · version (u32 BE)    value: version (u8 = 1) ·
 * created (u32 BE) · source text Table `message_names`: key: name value: message id (u32 BE) ·
 * newest version (u32 BE)
 */
#ifndef TOCSIN_STORE_MESSAGES_H
#define TOCSIN_STORE_MESSAGES_H

#include "store/store.h"

enum { MESSAGE_NAME_MAX = 255 };

struct message_ref {
    uint32_t id;
    uint32_t version; /* from 1 */
};

/* Stores `source` under `name` unless the newest version has this very text. {0, 0} when the name
 * is empty or longer than MESSAGE_NAME_MAX. Writer only. */
struct message_ref message_put(struct txn *txn, struct str name, struct str source, uint32_t now);

/* The text; at == NULL when there is none. Valid until txn_end. */
struct str message_source(struct txn *txn, struct message_ref ref);

#endif
