/*
 * What a batch of rows knows of the table `addresses`: which ids each of its hashes has, stored or
 * given within the batch. Lookups answer from an open table in memory; what the batch adds is
 * written in key order at its end.
 *
 * The hashes that will be asked for can be told before. They are then looked up in key order, one
 * cursor going through the table once, which for neighbouring hashes (see contact_writer_expect)
 * reads each page once; any other hash costs a walk down the tree. For this room only, and for the
 * writer's thread; the transaction stays the caller's.
 */
#ifndef TOCSIN_STORE_ADDRESS_INDEX_H
#define TOCSIN_STORE_ADDRESS_INDEX_H

#include "store/store.h"

struct address_entry {
    uint64_t hash;
    uint32_t id; /* 0: nobody has this hash */
};

struct address_index {
    struct txn *txn;
    struct address_entry *slots; /* open addressing; a free slot has `used` 0 */
    uint8_t *used;
    size_t slot_count, slot_room;
    struct address_entry *added; /* in the order of their ids */
    size_t added_count, added_room;
};

void address_index_init(struct address_index *index, struct txn *txn);
void address_index_release(struct address_index *index);

/* These hashes will be asked for, in any order, and some perhaps twice. */
void address_index_expect(struct address_index *index, const uint64_t *hashes, size_t count);

/* The ids of a hash, one a call: *place is set by the first and moved by the next. 0 at the end. */
uint32_t address_index_first(struct address_index *index, uint64_t hash, size_t *place);
uint32_t address_index_next(const struct address_index *index, uint64_t hash, size_t *place);

/* A new contact: ids only go up. */
void address_index_add(struct address_index *index, uint64_t hash, uint32_t id);

/* Stores what was added. */
void address_index_write(struct address_index *index);

#endif
