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
};

/* The whole set, to be freed by the caller with roaring_bitmap_free; empty when there is none. */
roaring_bitmap_t *set_load(struct txn *txn, enum set_kind kind, uint32_t owner);

/* True if the id is in the set. Reads one chunk. */
bool set_has(struct txn *txn, enum set_kind kind, uint32_t owner, uint32_t id);

/* Adds ids (any order). Writer only. Returns how many were new. */
uint64_t set_add(struct txn *txn, enum set_kind kind, uint32_t owner, const uint32_t *ids,
                 size_t count);

/* Writes a whole set in place of what was there. Writer only. */
void set_store(struct txn *txn, enum set_kind kind, uint32_t owner, const roaring_bitmap_t *set);
void set_delete(struct txn *txn, enum set_kind kind, uint32_t owner);

/* The first `max` ids greater than or equal to `from`, in order; returns how many. For walking a
 * large set in slices. */
size_t set_slice(struct txn *txn, enum set_kind kind, uint32_t owner, uint32_t from, uint32_t *ids,
                 size_t max);

#endif
