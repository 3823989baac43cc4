/*
 * Counters: whole numbers with a name, which messages show as they stand at the moment of sending
 * ("46,443 have signed"). Staff and scripts set them, scripts and actions add to them.
 *
 * Table `counters`: key: name (1 to 60 of a-z 0-9 - _ .)
 *                   value: version (u8 = 1) · number (u64 BE, two's complement) · changed (u32 BE,
 * seconds since 1970)
 *
 * Names are labels. Capitals and small letters make no difference: they are kept small, and every
 * call here takes both. There are at most COUNTERS_MAX.
 */
#ifndef TOCSIN_STORE_COUNTERS_H
#define TOCSIN_STORE_COUNTERS_H

#include "store/store.h"

enum { COUNTER_NAME_MAX = 60, COUNTERS_MAX = 10000 };

struct counter {
    char name[COUNTER_NAME_MAX + 1]; /* as it is kept */
    int64_t value;
    uint32_t changed; /* clock_wall_s */
};

/* False if there is none, or if the name cannot be that of one. */
bool counter_read(struct txn *txn, struct str name, int64_t *value);

/* The same with all that is known of it. */
bool counter_find(struct txn *txn, struct str name, struct counter *out);

/* The counter after at->name in the order of names; false at the end. Begin with a zeroed one. */
bool counter_next(struct txn *txn, struct counter *at);

/*
 * A change makes the counter if there is none, from 0. It sets what the counter is then, or returns
 * -1 with a sentence, and nothing is written: the name is no label, there are COUNTERS_MAX already,
 * or the sum does not fit into 64 bits. A number that stays what it was is no change. Writer only.
 */
struct counter_change {
    struct counter after;
    bool made;     /* it was not there before */
    bool repeated; /* an addition that was made before (store/counter_keys.h) */
};

int counter_set(struct txn *txn, struct str name, int64_t value, uint32_t now,
                struct counter_change *out, struct err *err);
int counter_add(struct txn *txn, struct str name, int64_t by, uint32_t now,
                struct counter_change *out, struct err *err);

/* False if there was none. Writer only. */
bool counter_delete(struct txn *txn, struct str name);

/* -1 with a sentence if no counter can have this name. */
int counter_name_check(struct str name, struct err *err);

/* True if a name is a label in small letters, as all are that are kept. */
bool counter_name_is_kept(struct str name);

#endif
