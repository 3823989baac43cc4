/*
 * Reads CSV as a stream: bytes go in, in pieces of any size, rows come out through a callback, as
 * UTF-8. libcsv splits (RFC 4180, and what spreadsheets really write); this adds what it does not
 * do:
 *
 *   - the separator is found: `,` `;` or tab, whichever the first line has most of outside quotes;
 *   - a byte order mark is skipped, UTF-16 is refused with a sentence;
 *   - the charset is found: a row that is valid UTF-8 is taken as it is. Any other row is taken as
 *     Windows-1252 (Excel on a French desk) and converted, unless the file has shown itself to be
 *     UTF-8, by a byte order mark or an earlier row with valid characters beyond ASCII; then the
 * row is damaged and gets a fault. Windows-1252 text that happens to be valid UTF-8 reads like
 * "Ã©", which nobody is called;
 *   - rows know their line; size and number of fields are bounded.
 *
 * Spaces and tabs around fields are dropped, inside quotes they stay. Empty lines are skipped.
 * Lines end with LF, CRLF or CR. Quotes inside an unquoted field are ordinary. The header is the
 * first row, and nothing special here.
 */
#ifndef TOCSIN_AUDIENCE_CSV_H
#define TOCSIN_AUDIENCE_CSV_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum {
    CSV_MAX_FIELDS = 1024,
    CSV_MAX_FIELD = 64 * 1024, /* bytes */
    CSV_MAX_ROW = 256 * 1024,  /* bytes; more is an error: most likely a quote is not closed */
};

/* What is wrong with one row, while the file goes on. */
enum csv_fault {
    CSV_FINE,
    CSV_NOT_UTF8, /* a damaged row of a UTF-8 file; its fields are raw bytes */
    CSV_NOT_TEXT, /* neither UTF-8 nor Windows-1252; its fields are raw bytes */
    CSV_HAS_NUL,
    CSV_LONG_FIELD,
    CSV_TOO_MANY_FIELDS, /* the fields beyond CSV_MAX_FIELDS are missing */
};

struct csv_row {
    const struct str *fields; /* valid during the callback */
    size_t count;
    uint64_t line; /* where the row begins, from 1 */
    enum csv_fault fault;
};

/* Takes a row; -1 with a sentence stops the reading. */
typedef int csv_sink(void *ctx, const struct csv_row *row, struct err *err);

struct csv_reader;

struct csv_reader *csv_reader_new(csv_sink *sink, void *ctx);
void csv_reader_free(struct csv_reader *r);

/* Errors stay: once -1, always -1, with the same sentence. */
int csv_reader_feed(struct csv_reader *r, struct str bytes, struct err *err);

/* The input is over: gives the last row. -1 when a quoted field is not closed. */
int csv_reader_end(struct csv_reader *r, struct err *err);

char csv_reader_separator(const struct csv_reader *r); /* known with the first row */
bool csv_reader_had_bom(const struct csv_reader *r);
bool csv_reader_converted(const struct csv_reader *r); /* some row was Windows-1252 */

/* A sentence part: "is not valid UTF-8". */
const char *csv_fault_text(enum csv_fault fault);

#endif
