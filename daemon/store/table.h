/*
 * Tables, keys and records, for the files of this room. Each call takes a transaction and does
 * nothing once that carries an error (store/store.h); so a table's code has no error paths of its
 * own: it reads, writes, and whoever began the transaction asks once.
 *
 * Views that a call returns point into the map (or a page of the writer) and are valid until the
 * next write of the transaction, or its end.
 */
#ifndef TOCSIN_STORE_TABLE_H
#define TOCSIN_STORE_TABLE_H

#include "base/buf.h"
#include "store/store.h"

enum table {
    TABLE_META,
    TABLE_NAMES,
    TABLE_NAME_IDS,
    TABLE_CONTACTS,
    TABLE_ADDRESSES,
    TABLE_SETS,
    TABLE_MESSAGES,
    TABLE_MESSAGE_NAMES,
    TABLE_JOBS,
    TABLE_QUEUE,
    TABLE_LEDGER,
    TABLE_SITES,
    TABLE_JOB_KEYS,
    TABLE_BARRED,
    TABLE_RESTRAINTS,
    TABLE_QUEUE_COUNTS,
    TABLE_WARM_UP,
    TABLE_COUNTERS,
    TABLE_COUNTER_KEYS,
    TABLES
};

_Static_assert((int)TABLES == (int)STORE_TABLES, "struct txn has a cursor for each table");

const char *table_name(enum table table);

/* A key being built, part by part; numbers big-endian, so that their order is the table's. */
enum { KEY_MAX = 256 };
struct key {
    size_t len;
    uint8_t at[KEY_MAX];
};

#define KEY_INIT(key) ((key)->len = 0)
void key_u8(struct key *key, uint8_t n);
void key_u16(struct key *key, uint16_t n);
void key_u32(struct key *key, uint32_t n);
void key_u64(struct key *key, uint64_t n);
void key_str(struct key *key, struct str s); /* cut where the key is full: callers check lengths */

/* A record being read: a short one sets `bad`, gives zeros from there on, and is checked once. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static inline struct reader reader_of(struct str s)
{
    return (struct reader){(const uint8_t *)s.at, s.len, false};
}

struct str read_bytes(struct reader *r, size_t len);
uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);

/* Big-endian numbers into reserved space; each returns the byte after it. */
uint8_t *write_u8(uint8_t *at, uint8_t n);
uint8_t *write_u16(uint8_t *at, uint16_t n);
uint8_t *write_u32(uint8_t *at, uint32_t n);
uint8_t *write_u64(uint8_t *at, uint64_t n);
uint8_t *write_bytes(uint8_t *at, struct str s);

/* As much of a text as `max` bytes hold, without half of a UTF-8 sequence at its end. */
struct str text_cut(struct str text, size_t max);

/* The value of a key; false when there is none. */
bool table_get(struct txn *txn, enum table table, const struct key *key, struct str *value);

/* The first record with a key >= `key`, the last with a key <= it, the one after the last that a
 * seek or next found, the last of all: its key and value; false when there is none. */
bool table_seek(struct txn *txn, enum table table, const struct key *key, struct str *found,
                struct str *value);
bool table_seek_down(struct txn *txn, enum table table, const struct key *key, struct str *found,
                     struct str *value);
bool table_next(struct txn *txn, enum table table, struct str *found, struct str *value);
bool table_last(struct txn *txn, enum table table, struct str *found, struct str *value);

/* True if a found key begins with these bytes. */
bool key_starts(struct str found, const struct key *prefix);

void table_put(struct txn *txn, enum table table, const struct key *key, struct str value);

/* The same for a key that is not there yet; false, and nothing written, when it is. */
bool table_add(struct txn *txn, enum table table, const struct key *key, struct str value);

/* Where a record of `size` bytes goes, to be filled at once; NULL after a failure. */
uint8_t *table_reserve(struct txn *txn, enum table table, const struct key *key, size_t size);

/* The same for a key after all others: quicker, and pages end up full. An error when it is not. */
uint8_t *table_append(struct txn *txn, enum table table, const struct key *key, size_t size);

/* True if the key was there. */
bool table_delete(struct txn *txn, enum table table, const struct key *key);

uint64_t table_count(struct txn *txn, enum table table);

/* Sets the sticky error, if there is none yet; `key` may be NULL. */
void txn_fail(struct txn *txn, int rc, const char *step, enum table table, struct str key);

/* A record that cannot be what this program wrote. Returns false, for the caller to return. */
bool txn_damaged(struct txn *txn, enum table table, struct str key);

static inline struct str key_view(const struct key *key)
{
    return str_from(key->at, key->len);
}

/* The seed of the address index: chance, made with the store. */
uint64_t store_secret(const struct store *store);

/* A number that only goes up, kept in `meta` under `name`; 0 when it was never written. */
uint32_t meta_number(struct txn *txn, struct str name);
void meta_set_number(struct txn *txn, struct str name, uint32_t number);

#endif
