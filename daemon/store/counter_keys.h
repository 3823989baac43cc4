/*
 * The keys that clients gave to their additions, so that one which is repeated, because its answer
 * was lost, is known again and counts nothing twice. Beside it stands what was added to what: a key
 * that comes back with something else is a mistake of the client's.
 *
 * Table `counter_keys`: key: XXH3-128 of the client's key (16 bytes, canonical)
 *                       value: version (u8 = 1) · made (u32 BE, seconds of clock_steady_s) · added
 * (u64 BE, two's complement) · name of the counter, as store/counters.h keeps it
 *
 * A key is kept for COUNTER_KEY_KEPT_S at least. Each new one drops those that are older among a
 * few that follow it; since hashes have no order of their own, every place of the table has its
 * turn, and there are never many more than were made within that time. There are at most
 * COUNTER_KEYS_MAX.
 */
#ifndef TOCSIN_STORE_COUNTER_KEYS_H
#define TOCSIN_STORE_COUNTER_KEYS_H

#include "store/counters.h"

enum {
    COUNTER_KEY_KEPT_S = 7 * 24 * 3600,
    COUNTER_KEYS_MAX = 1000000,
};

struct counter_addition {
    struct str name;
    int64_t by;
    struct str key;       /* the client's; empty: none */
    uint32_t now, steady; /* clock_wall_s, clock_steady_s */
};

/*
 * counter_add, unless the key stands for this very addition: then nothing is added, `out` is the
 * counter as it is now, and `repeated`. -1 also when the key stands for another one, when the
 * counter was deleted since, and when there are too many keys. Writer only.
 */
int counter_add_once(struct txn *txn, const struct counter_addition *what,
                     struct counter_change *out, struct err *err);

/* A key as it is kept. */
struct counter_key {
    char name[COUNTER_NAME_MAX + 1];
    int64_t added;
    uint32_t made;
};

#endif
