/*
 * The rows that an import could not take, as a CSV file that staff open beside their own: line,
 * reason, and the row's fields as they were, with the separator of the imported file and its
 * header, so that it can be corrected and imported again. It is made with the first row, and only
 * then.
 *
 * The text is UTF-8. A byte order mark goes before it when the imported file looks like a
 * spreadsheet's (it had one, or its separator is `;`), which would misread it otherwise.
 */
#ifndef TOCSIN_AUDIENCE_REJECTS_H
#define TOCSIN_AUDIENCE_REJECTS_H

#include "audience/csv.h"
#include "base/buf.h"
#include "base/err.h"

struct rejects {
    const char *path; /* the caller's */
    int fd;           /* -1: not made yet */
    char separator;
    struct buf header; /* the first line, until the file is made */
    struct buf pending;
};

void rejects_init(struct rejects *r, const char *path);
void rejects_release(struct rejects *r);

/* The header of the imported file. */
void rejects_header(struct rejects *r, const struct csv_row *header, char separator, bool had_bom);

/* A row whose line is 0 has none any more: it was refused after staging. */
int rejects_add(struct rejects *r, const struct csv_row *row, struct str reason, struct err *err);

/* What is pending to the file, which stays open for more. */
int rejects_flush(struct rejects *r, struct err *err);

/* Everything to the file, which is closed. */
int rejects_finish(struct rejects *r, struct err *err);

#endif
