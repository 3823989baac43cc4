/*
 * One row of an imported file becomes one contact row, or a reason why not. Pure.
 *
 * Values lose the spaces around them, no-break spaces too (they come with copy and paste), and are
 * otherwise kept as they are. An empty cell says nothing: it does not erase the attribute that an
 * earlier import gave. Rows with fewer fields than the header are refused, because nobody knows
 * which one is missing; more fields are fine when the surplus is empty. Addresses at an IP literal
 * (user@[192.0.2.1]) are refused as recipients: no list has such subscribers.
 */
#ifndef TOCSIN_AUDIENCE_ROW_H
#define TOCSIN_AUDIENCE_ROW_H

#include "audience/columns.h"
#include "audience/csv.h"
#include "mail/address.h"
#include "store/contacts.h"

/* What a contact row's views point into: reuse one for all rows. */
struct row_space {
    struct address address;
    char key[ADDRESS_MAX + 1];
    struct contact_attribute attributes[CONTACT_MAX_ATTRIBUTES];
};

enum row_verdict { ROW_GOOD, ROW_EMPTY, ROW_BAD };

/*
 * Fills `out`, whose attributes have indexes of columns->attributes as ids. ROW_EMPTY: there is no
 * value in it, skip it. ROW_BAD: `reason` holds a sentence for the person who has the file.
 */
enum row_verdict row_read(const struct csv_row *row, const struct columns *columns,
                          struct row_space *space, struct contact_row *out, struct buf *reason);

/* Drops spaces of any width and invisible marks from both ends. */
struct str value_trim(struct str value);

#endif
