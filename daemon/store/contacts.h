/*
 * Contacts: whom we may write to. Dense 32-bit ids from 1, never given twice; the address is the
 * identity. Attributes are text, by interned name.
 *
 * Table `contacts`:  key: id (u32 BE)
 *                    value: version (u8 = 1) · flags (u8) · domain id (u32 BE) · created, updated
 *                    (u32 BE each, seconds since 1970) · address length (u16 BE) · address ·
 *                    { attribute id (u16 BE) · length (u32 BE) · bytes }…
 * Table `addresses`: key: XXH3-64 of the address key (u64 BE, seeded by the store's own secret)
 *                    value: id (u32 BE)…, more than one only where two keys share a hash
 *
 * The address key is the form that makes two spellings one person: the whole address with its ASCII
 * letters in lower case, made by the caller. A candidate is the right one when its stored address
 * equals the key but for the case of ASCII letters.
 */
#ifndef TOCSIN_STORE_CONTACTS_H
#define TOCSIN_STORE_CONTACTS_H

#include "base/buf.h"
#include "store/store.h"

/* Stored as bits: never renumber. Neither consent bit: nothing is known of it. */
enum contact_flag {
    CONTACT_SUPPRESSED = 1,      /* never written to again */
    CONTACT_UNSUBSCRIBED = 2,    /* left everything, by their own wish */
    CONTACT_CONSENTED = 4,       /* consent to mail was given … */
    CONTACT_CONSENT_REFUSED = 8, /* … or refused, or taken back */
};

enum {
    CONTACT_CONSENT_FLAGS = CONTACT_CONSENTED | CONTACT_CONSENT_REFUSED,
    CONTACT_WANTS_NONE = CONTACT_SUPPRESSED | CONTACT_UNSUBSCRIBED | CONTACT_CONSENT_REFUSED
};

enum { CONTACT_MAX_ATTRIBUTES = 200, CONTACT_MAX_RECORD = 1024 * 1024, CONTACT_MAX_ADDRESS = 320 };

struct contact {
    uint32_t id;
    uint32_t domain;  /* NAME_DOMAIN */
    uint32_t created; /* seconds since 1970 */
    uint32_t updated;
    uint8_t flags;         /* enum contact_flag */
    struct str address;    /* as it was imported, domain in A-labels */
    struct str attributes; /* packed; see contact_attribute */
};

struct contact_attribute {
    uint32_t id; /* NAME_ATTRIBUTE, at most 65535 */
    struct str value;
};

/* A contact by number: true if there is one. Its views are valid until txn_end. */
bool contact_read(struct txn *txn, uint32_t id, struct contact *out);

/* A contact by its address key. `key` is the lower-cased normal form of the address. */
bool contact_find(struct txn *txn, struct str key, struct contact *out);

/* What the address index sorts by: rows with neighbouring hashes are quickest to write together.
 * The same for as long as the store exists. Any thread. */
uint64_t contact_hash(const struct store *store, struct str key);

/* The value of one attribute; at == NULL if the contact has none of that name. */
struct str contact_value(const struct contact *contact, uint32_t attribute);

/* Walks packed attributes: `*rest` starts as contact->attributes; false at the end. */
bool contact_next_attribute(struct str *rest, struct contact_attribute *out);

/* The contact with the smallest id >= *id; sets *id. False at the end. For exports and fan-out. */
bool contact_seek(struct txn *txn, uint32_t *id, struct contact *out);

uint64_t contact_count(struct txn *txn);

enum contact_change {
    CONTACT_ADDED,
    CONTACT_UPDATED,
    CONTACT_UNCHANGED,
    CONTACT_REFUSED, /* a bound of this header is passed, or the domain is no name: nothing was
                        written */
    CONTACT_BARRED,  /* erased before, and never to be written to (store/erasure.h): the same */
};

/* What an import writes. */
struct contact_row {
    struct str key;     /* the address key: the whole address with ASCII letters in lower case */
    struct str address; /* the normal form, as it will be written to */
    struct str domain;  /* part of `address` */
    const struct contact_attribute *attributes; /* none twice */
    size_t attribute_count;
    bool consented; /* consent to mail was given; it does not outweigh that it was refused */
};

/*
 * A writer of many rows in one write transaction: keeps an append cursor, a cache of domain ids,
 * and the address index entries of the batch, which it inserts in key order when it ends (a batch
 * in random order costs three times as much). Begin, put each row, end; all inside one `apply`.
 *
 * A large batch also tells the contact_hash of each row before the first row: they are then looked
 * up together. It goes best when a batch has the rows of a narrow range of hashes, because it then
 * reads and changes few pages of the index, rather than nearly all.
 */
struct contact_writer;
struct contact_writer *contact_writer_begin(struct txn *txn, uint32_t now);
void contact_writer_expect(struct contact_writer *writer, const uint64_t *hashes, size_t count);

/* Adds the row's contact, or updates the attributes that the row names and keeps the others; an
 * address that appears earlier in the same batch is found too. The stored spelling of an address
 * and its domain stay. Returns the contact's id; 0 when it was refused or barred, or the
 * transaction failed. */
uint32_t contact_writer_put(struct contact_writer *writer, const struct contact_row *row,
                            enum contact_change *change);

/* Writes the index entries, adds the new contacts to SET_ALL and frees the writer. */
void contact_writer_end(struct contact_writer *writer);

/* Sets or clears flags of one contact. Writer only. False if there is no such contact. */
bool contact_set_flags(struct txn *txn, uint32_t id, uint8_t set, uint8_t clear, uint32_t now);

/* "unknown", "granted" or "refused", as the flags have it. */
const char *contact_consent_name(uint8_t flags);

/* The flag of a name; 0 for "unknown". False if it is none of the three. */
bool contact_consent_parse(struct str name, uint8_t *flag);

#endif
