/*
 * Contacts by what people type, and the export of a set of contacts as CSV.
 *
 * An export owns its set and a cursor, and opens a short read transaction for each slice: a slow
 * reader holds nothing of the store. Contacts that change meanwhile come as they are when their
 * slice is read; those that vanish are left out; attributes that are new since the start are too.
 */
#ifndef TOCSIN_AUDIENCE_CONTACTS_H
#define TOCSIN_AUDIENCE_CONTACTS_H

#include <roaring/roaring.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/contacts.h"

/* The contact with this address, in any spelling of it. -1 with a sentence: it is no address, there
 * is no such contact (it says so when they were erased and barred), or the store fails. */
int contact_lookup(struct txn *txn, struct str text, struct contact *out, struct err *err);

/* Somebody who was erased and barred (store/erasure.h), in any spelling of the address: they may be
 * imported again. Writer only. True if they were barred. */
bool contact_unbar(struct txn *txn, struct str text);

struct contact_export;

struct contact_export_options {
    char separator; /* 0: comma */
    bool raw; /* leave values alone that a spreadsheet runs as formulas (audience/csv_field.h) */
};

/* Takes over `set`, also when it fails. The first slice begins with the header: email, then all
 * attribute names of the store by number. NULL with a sentence: the store failed. */
struct contact_export *contact_export_new(struct store *store, roaring_bitmap_t *set,
                                          const struct contact_export_options *options,
                                          struct err *err);
void contact_export_free(struct contact_export *e);

/* Appends about `size` bytes more. 1: there may be more, 0: that was the end, -1 with a sentence.
 */
int contact_export_next(struct contact_export *e, struct buf *out, size_t size, struct err *err);

#endif
