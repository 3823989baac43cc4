/*
 * What contacts.c and contact_writer.c share: keys, the address index, and the fixed front of a
 * record. For this room only.
 */
#ifndef TOCSIN_STORE_CONTACT_RECORD_H
#define TOCSIN_STORE_CONTACT_RECORD_H

#include "store/contacts.h"
#include "store/table.h"

enum { CONTACT_FIXED = 16, CONTACT_ATTRIBUTE_FIXED = 6 };

struct key contact_key(uint32_t id);
struct key address_index_key(uint64_t hash);

/* The contact_hash of a stored address: of its address key. */
uint64_t contact_address_hash(const struct store *store, struct str address);

/* The front of a record, up to and with the address; returns what follows it. */
uint8_t *contact_write_front(uint8_t *at, const struct contact *contact);
uint8_t *contact_write_attribute(uint8_t *at, const struct contact_attribute *attribute);

#endif
