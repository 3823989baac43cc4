/*
 * Tables for people, on standard output. Cells are cleaned as they come in (text.h). On a terminal
 * long cells are wrapped or cut to its width; elsewhere lines are as long as they are.
 */
#ifndef TOCSIN_CLI_TABLE_H
#define TOCSIN_CLI_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum column_kind {
    COLUMN_TEXT,
    COLUMN_NUMBER, /* to the right */
    COLUMN_WRAP,   /* long text: over several lines when the terminal is narrow */
    COLUMN_CUT,    /* cut when the terminal is narrow */
};

struct column {
    const char *heading; /* of the first column NULL: the table has no headings */
    enum column_kind kind;
};

struct table;

struct table *table_new(const struct column *columns, size_t count);
void table_free(struct table *table); /* NULL is fine */

/* Begins a row; cells not set stay empty. */
void table_row(struct table *table);
void table_text(struct table *table, size_t column, struct str text);
void table_number(struct table *table, size_t column, uint64_t number);
void table_time(struct table *table, size_t column, const char *iso);

size_t table_rows(const struct table *table);

/* Prints the rows, and forgets them; headings only the first time. */
void table_print(struct table *table);

/* A table of names and values, one thing to a row. */
struct table *record_new(void);
void record_text(struct table *record, const char *name, struct str value);
void record_time(struct table *record, const char *name, const char *iso); /* nothing for "" */

#endif
