/*
 * The staging file of an import: checked rows wait here, packed, until the whole stream has ended
 * well, so that a bad one changes nothing. The file loses its name as soon as it is open: whatever
 * happens to the process, it leaves nothing behind.
 *
 * Rows come back in batches of at most STAGE_ROWS rows and about STAGE_BYTES bytes, so that one
 * batch is a bounded amount of memory and of work for the store. Rows that fit in one batch keep
 * their order. More rows are dealt into parts by the leading bits of their hash, and batches come
 * part after part: then each batch reads and changes few pages of the store's address index, rather
 * than nearly all of them. Rows with the same hash keep their order in any case. Any thread may
 * read a finished stage; one thread writes it.
 *
 * A packed row, in this machine's byte order (the file never outlives the process):
 *     hash (u64) · bytes that follow (u32) · key length (u16) · address length (u16) ·
 *     domain length (u16) · attributes (u16) · padding (u32) · key · address ·
 *     { column attribute (u32) · length (u32) · bytes }…
 * The domain is the end of the address. No key stands for one that is the address.
 */
#ifndef TOCSIN_AUDIENCE_STAGE_H
#define TOCSIN_AUDIENCE_STAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "store/contacts.h"

enum { STAGE_ROWS = 20000, STAGE_BYTES = 4 * 1024 * 1024 };

struct stage;

/* Makes the file in `folder`, which must exist. NULL with a sentence. */
struct stage *stage_new(const char *folder, struct err *err);
void stage_free(struct stage *s);

/* `hash` is the contact_hash of the row's key. The ids of the row's attributes are whatever the
 * caller wants to get back. */
int stage_add(struct stage *s, const struct contact_row *row, uint64_t hash, struct err *err);

/* No more rows come: the stage can be read from now on. */
int stage_finish(struct stage *s, struct err *err);

size_t stage_batch_count(const struct stage *s);

/* Reads a batch into `out`, in place of what it held. */
int stage_read(const struct stage *s, size_t batch, struct buf *out, struct err *err);

/* The hashes of a batch's rows, in order, into room for STAGE_ROWS; returns how many. */
size_t stage_hashes(struct str batch, uint64_t *hashes);

/* Takes the next row off *rest, which starts as the bytes of a batch; false at the end.
 * `attributes` has room for CONTACT_MAX_ATTRIBUTES. The row's views are into the batch. */
bool stage_next(struct str *rest, struct contact_attribute *attributes, struct contact_row *out);

#endif
