#include "cli/table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "cli/term.h"
#include "cli/text.h"

enum { COLUMNS_MAX = 16, NARROWEST = 16, SEPARATOR = 2 };

struct table {
    struct libscols_table *scols;
    struct libscols_line *row;
    const struct column *columns;
    size_t count;
    unsigned widest[COLUMNS_MAX]; /* heading or cell so far */
};

static void *must(void *at)
{
    if (!at)
        abort();
    return at;
}

static int flags_of(enum column_kind kind)
{
    /* On anything but a terminal nothing is too wide. */
    if (kind == COLUMN_NUMBER)
        return SCOLS_FL_RIGHT;
    if (!isatty(STDOUT_FILENO))
        return 0;
    return kind == COLUMN_WRAP ? SCOLS_FL_WRAP : kind == COLUMN_CUT ? SCOLS_FL_TRUNC : 0;
}

struct table *table_new(const struct column *columns, size_t count)
{
    struct table *table = NEW(struct table);
    table->scols = must(scols_new_table());
    table->columns = columns;
    table->count = count < COLUMNS_MAX ? count : COLUMNS_MAX;
    scols_table_set_column_separator(table->scols, "  ");
    scols_table_enable_noheadings(table->scols, columns[0].heading == NULL);
    /* Cells are clean: nothing has to be encoded a second time. */
    scols_table_enable_noencoding(table->scols, 1);
    for (size_t i = 0; i < table->count; i++) {
        const char *heading = columns[i].heading ? columns[i].heading : "";
        table->widest[i] = text_width(str_of(heading));
        must(scols_table_new_column(table->scols, heading, 0, flags_of(columns[i].kind)));
    }
    return table;
}

void table_free(struct table *table)
{
    if (table)
        scols_unref_table(table->scols);
    free(table);
}

void table_row(struct table *table)
{
    table->row = must(scols_table_new_line(table->scols, NULL));
}

/* libsmartcols 2.38 never ends on what the locale cannot print. */
void table_text(struct table *table, size_t column, struct str text)
{
    struct buf clean = BUF_INIT, cell = BUF_INIT;
    text_clean(&clean, text);
    text_printable(&cell, buf_str(&clean));
    unsigned width = text_width(buf_str(&cell));
    if (width > table->widest[column])
        table->widest[column] = width;
    if (cell.len > 0 && scols_line_set_data(table->row, column, cell.at) != 0)
        abort();
    buf_release(&cell);
    buf_release(&clean);
}

void table_number(struct table *table, size_t column, uint64_t number)
{
    struct buf cell = BUF_INIT;
    text_number(&cell, number);
    table_text(table, column, buf_str(&cell));
    buf_release(&cell);
}

void table_time(struct table *table, size_t column, const char *iso)
{
    struct buf cell = BUF_INIT;
    text_time(&cell, iso);
    table_text(table, column, buf_str(&cell));
    buf_release(&cell);
}

size_t table_rows(const struct table *table)
{
    return scols_table_get_nlines(table->scols);
}

/* Unless the column is strict, the width of the heading goes before the hint. */
static void keep_width(struct libscols_column *column)
{
    scols_column_set_whint(column, (double)scols_column_get_width(column));
    scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_STRICTWIDTH);
}

/* The next rows stand under those that were printed, unless they need more room. */
static void keep_widths(struct table *table)
{
    for (size_t i = 0; i < scols_table_get_ncols(table->scols); i++) {
        struct libscols_column *column = scols_table_get_column(table->scols, i);
        if (!scols_column_is_trunc(column) && !scols_column_is_wrap(column))
            keep_width(column);
    }
}

static unsigned narrowest(const struct table *table)
{
    unsigned width = 0;
    for (size_t i = 0; i < table->count; i++) {
        enum column_kind kind = table->columns[i].kind;
        bool narrows = kind == COLUMN_WRAP || kind == COLUMN_CUT;
        width += narrows ? NARROWEST : table->widest[i];
        width += SEPARATOR;
    }
    return width;
}

/*
 * libsmartcols 2.38 never ends either when a character of two columns meets a column narrowed to
 * one. So columns that may be narrowed keep some room, and a terminal without it wraps lines.
 */
static void fit_terminal(struct table *table)
{
    unsigned columns = term_columns(STDOUT_FILENO), needed = narrowest(table);
    if (isatty(STDOUT_FILENO))
        scols_table_set_termwidth(table->scols, columns > needed ? columns : needed);
}

void table_print(struct table *table)
{
    if (table_rows(table) == 0)
        return;
    fit_terminal(table);
    scols_print_table(table->scols);
    keep_widths(table);
    scols_table_remove_lines(table->scols);
    scols_table_enable_noheadings(table->scols, 1);
    table->row = NULL;
}

struct table *record_new(void)
{
    static const struct column columns[] = {{NULL, COLUMN_TEXT}, {NULL, COLUMN_WRAP}};
    return table_new(columns, 2);
}

void record_text(struct table *record, const char *name, struct str value)
{
    table_row(record);
    table_text(record, 0, str_of(name));
    table_text(record, 1, value);
}

void record_time(struct table *record, const char *name, const char *iso)
{
    if (!*iso)
        return;
    table_row(record);
    table_text(record, 0, str_of(name));
    table_time(record, 1, iso);
}
