/*
 * Sets of contact ids as Roaring bitmaps, cut into chunks of 65,536 ids so that adding a batch
 * rewrites only the chunks that it touches (at most 8 KiB each).
 *
 * Table `sets`: key: kind (u8) · owner (u32 BE) · chunk = id >> 16 (u16 BE)
 *               value: low half of XXH3-64 of what follows (u32 BE) · Roaring portable
 * serialisation
 *
 * Values are copied out of LMDB before CRoaring reads them (alignment), the checksum is checked,
 * and the safe deserialiser is used.
 */
#ifndef TOCSIN_STORE_SETS_H
#define TOCSIN_STORE_SETS_H

#include <roaring/roaring.h>

#include "store/store.h"

enum set_kind {
    SET_LIST = 1, /* owner: NAME_LIST id */
    SET_JOB = 2,  /* owner: job id; the recipients of a job as they were when it was submitted */
    SET_ALL = 3,  /* owner: 0; every contact that exists */
    SET_LEFT_LIST = 4,  /* owner: NAME_LIST id; who left it, and is not put back by an import */
    SET_LEFT_TOPIC = 5, /* owner: NAME_TOPIC id; who wants nothing more about it */
};

/* The whole set, to be freed by the caller with roaring_bitmap_free; empty when there is none. */
roaring_bitmap_t *set_load(struct txn *txn, enum set_kind kind, uint32_t owner);

/* True if the id is in the set. Reads one chunk. */
bool set_has(struct txn *txn, enum set_kind kind, uint32_t owner, uint32_t id);

/*
 * A thread's memory of chunks that are asked for again and again, for as long as nothing is
 * committed. All zeroes is an empty memory; release it.
 */
struct set_memory {
    struct {
        uint64_t key;          /* kind, owner and chunk; 0: nothing is remembered here */
        uint64_t when;         /* in this state of the store */
        roaring_bitmap_t *ids; /* NULL: there are none */
    } slots[16];
};

/* set_has with a memory. */
bool set_recall(struct set_memory *memory, struct txn *txn, enum set_kind kind, uint32_t owner,
                uint32_t id);
void set_memory_release(struct set_memory *memory);

/* Adds ids (any order). Writer only. Returns how many were new. */
uint64_t set_add(struct txn *txn, enum set_kind kind, uint32_t owner, const uint32_t *ids,
                 size_t count);

/* Takes one id out. Writer only. True if it was in the set. */
bool set_remove(struct txn *txn, enum set_kind kind, uint32_t owner, uint32_t id);

/* Writes a whole set in place of what was there. Writer only. */
void set_store(struct txn *txn, enum set_kind kind, uint32_t owner, const roaring_bitmap_t *set);
void set_delete(struct txn *txn, enum set_kind kind, uint32_t owner);

/* The first `max` ids greater than or equal to `from`, in order; returns how many. For walking a
 * large set in slices. */
size_t set_slice(struct txn *txn, enum set_kind kind, uint32_t owner, uint32_t from, uint32_t *ids,
                 size_t max);

#endif
