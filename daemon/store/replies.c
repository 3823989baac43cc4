#include "store/replies.h"

#include <string.h>
#include <xxhash.h>

#include "base/alloc.h"
#include "store/names.h"
#include "store/private.h"

enum { SLOTS = 1024 };

struct reply_memory {
    struct {
        XXH128_hash_t hash; /* of the text that was seen here last */
        uint32_t id;        /* 0: seen once */
    } slots[SLOTS];
};

struct reply_memory *reply_memory_new(void)
{
    return NEW(struct reply_memory);
}

void reply_memory_free(struct reply_memory *memory)
{
    free(memory);
}

void reply_memory_forget(struct reply_memory *memory)
{
    memset(memory, 0, sizeof(*memory));
}

uint32_t reply_number(struct txn *txn, struct str text)
{
    struct store *store = txn->store;
    if (text.len == 0 || reply_may_quote(text))
        return 0;
    XXH128_hash_t hash = XXH3_128bits_withSeed(text.at, text.len, store->secret);
    size_t at = hash.low64 % SLOTS;
    if (!XXH128_isEqual(store->replies->slots[at].hash, hash)) {
        store->replies->slots[at].hash = hash;
        store->replies->slots[at].id = 0;
        return 0;
    }
    if (store->replies->slots[at].id == 0)
        store->replies->slots[at].id = name_intern(txn, NAME_REPLY, text);
    return store->replies->slots[at].id;
}
