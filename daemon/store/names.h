/*
 * Names and their numbers: attribute names, domains, lists, topics. A name is written once and its
 * 32-bit number (from 1, dense within a kind) stands for it everywhere else.
 *
 * Table `names`:    key: kind (1 byte) · name            value: id (u32 BE)
 * Table `name_ids`: key: kind (1 byte) · id (u32 BE)     value: name
 *
 * Empty names and names longer than 255 bytes are refused (0): callers check before.
 */
#ifndef TOCSIN_STORE_NAMES_H
#define TOCSIN_STORE_NAMES_H

#include "store/store.h"

/* Topics are kept in lower case (topic_key); all others as they are. */
enum name_kind {
    NAME_ATTRIBUTE = 1,
    NAME_DOMAIN = 2,
    NAME_LIST = 3,
    NAME_TOPIC = 4,
    NAME_SOURCE = 5, /* of the configuration, as ledger entries name it */
    NAME_REPLY = 6,  /* texts of replies: store/replies.h */
};

enum { NAME_MAX_LENGTH = 255 };

/* The number of a name, or 0 when it has none yet. */
uint32_t name_find(struct txn *txn, enum name_kind kind, struct str name);

/*
 * A thread's memory of names that are asked for again and again. A number never changes; that a
 * name has none is believed until something is committed. All zeroes is an empty memory.
 */
struct name_memory {
    struct {
        uint32_t id;          /* 0: it has none, */
        uint8_t kind, len;    /* (0: nothing is remembered here) */
        uint64_t absent_when; /* in this state of the store */
        char text[50];
    } slots[128];
};

/* name_find with a memory. */
uint32_t name_recall(struct name_memory *memory, struct txn *txn, enum name_kind kind,
                     struct str name);

/* The same as name_find, giving it the next number if it has none. Writer only. */
uint32_t name_intern(struct txn *txn, enum name_kind kind, struct str name);

/* The name of a number; empty (at == NULL) when there is none. Valid until txn_end. */
struct str name_text(struct txn *txn, enum name_kind kind, uint32_t id);

/* Calls `each` for every name of a kind, by number, until it returns false. */
void name_each(struct txn *txn, enum name_kind kind,
               bool (*each)(void *ctx, uint32_t id, struct str name), void *ctx);

#endif
