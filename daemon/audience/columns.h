/*
 * What the columns of an imported file mean: which one holds the address, and what attribute each
 * of the others becomes. Pure: reads the header row, owns its names.
 *
 * A header becomes an attribute name in lower case, with `_` for each run of anything that is
 * neither letter nor digit: "First name" is first_name, "Prénom" stays prénom. `email` is the
 * address, as are the usual other names for it (mail, e-mail, courriel, adresse e-mail …) when
 * there is no `email`. A map names another attribute for a column, `email` for the column of the
 * addresses, or nothing for a column to be left out. Columns with an empty header are left out too:
 * spreadsheets export them.
 */
#ifndef TOCSIN_AUDIENCE_COLUMNS_H
#define TOCSIN_AUDIENCE_COLUMNS_H

#include "audience/csv.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/contacts.h"

/* `--map COLUMN=ATTRIBUTE` */
struct column_map {
    struct str column;
    struct str attribute; /* empty: leave the column out */
};

enum { COLUMN_EMAIL = -1, COLUMN_LEFT_OUT = -2 };

struct columns {
    struct arena memory;
    size_t count;                  /* columns of the header */
    int16_t means[CSV_MAX_FIELDS]; /* an index into attributes, COLUMN_EMAIL or COLUMN_LEFT_OUT */
    size_t attribute_count;
    struct str attributes[CONTACT_MAX_ATTRIBUTES];
};

/* -1 with a sentence when there is no address column, or more than one, when two columns would
 * become one attribute, or a map names no column. Release it in any case. */
int columns_read(struct columns *c, const struct csv_row *header, const struct column_map *maps,
                 size_t map_count, struct err *err);
void columns_release(struct columns *c);

/* Appends the attribute name of a header (valid UTF-8), of which the first kilobyte counts; nothing
 * when that has no letter or digit. */
void column_name_add(struct buf *out, struct str header);

#endif
