/*
 * The import of contacts from a CSV file, plain or gzip (found out by itself), as a stream.
 *
 *   import_new → RECEIVING ──import_feed…──▶ RECEIVING ──import_finish──▶ READY
 *                    │ anything wrong                        │ import_apply
 *                    ▼                                       ▼
 *                  FAILED                    APPLYING ──batches of rows──▶ DONE
 *
 * Until import_apply nothing reaches the store: rows are parsed, checked and staged in a file, and
 * a stream that is damaged, cut off or not what it should be leaves everything as it was. Applying
 * hands batches to the store's writer, two at a time, each durable on its own; if the process dies
 * in the middle, the batches so far are there, and importing the same file again completes the
 * work.
 *
 * The rows of a small file (see audience/stage.h) get ids in its order; those of a larger one in
 * the order of their addresses' hashes, which is what makes it quick. Rows with one address stay in
 * order: the later one wins.
 *
 * A row adds a contact, or updates the attributes that it names of the one with that address and
 * keeps the others; all go on the list, but for those who left it (store/choices.h), who are
 * counted. Who was erased and barred (store/erasure.h) comes in by no file. Rows that cannot be
 * taken go to FOLDER/ID.rejects.csv, which is kept until IMPORT_REJECTS_KEPT further imports have
 * begun.
 *
 * Threads: import_new, _feed, _finish, _apply and _free belong to one thread (the front loop);
 * import_summary may be called by any. The done callback runs on the store's writer thread.
 */
#ifndef TOCSIN_AUDIENCE_IMPORT_H
#define TOCSIN_AUDIENCE_IMPORT_H

#include "audience/columns.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

enum { IMPORT_REJECTS_KEPT = 32 };

struct import_options {
    const char *folder; /* for staging and rejects; made (0700) when it is not there */
    struct str list;    /* every contact of the file joins it; empty: no list */
    bool consented;     /* all in the file consented to mail; who has refused stays so */
    const struct column_map *maps;
    size_t map_count;
    uint64_t max_bytes; /* of plain CSV, against gzip bombs; 0: no limit */
};

enum import_state { IMPORT_RECEIVING, IMPORT_READY, IMPORT_APPLYING, IMPORT_DONE, IMPORT_FAILED };

/* rows = rejected + the staged ones; when done, staged = added + updated + unchanged + duplicates.
 */
struct import_summary {
    uint32_t id;
    enum import_state state;
    uint64_t bytes; /* as they came, compressed or not */
    uint64_t rows;  /* without the header and empty rows */
    uint64_t rejected;
    uint64_t added;   /* new contacts */
    uint64_t updated; /* contacts of which some value changed */
    uint64_t unchanged;
    uint64_t duplicates; /* rows whose address came earlier in the file; the later row wins */
    uint64_t left; /* contacts of the file, counted above, who left the list: not put back on it */
};

struct import;

/* Options are copied. NULL with a sentence: a bad list name, or the folder cannot be used. */
struct import *import_new(struct store *store, const struct import_options *options,
                          struct err *err);

/* Bytes of the stream, in order. -1 with a sentence: the import has failed, free it. */
int import_feed(struct import *import, struct str bytes, struct err *err);

/* The stream ended well on the outside; -1 when its inside did not. */
int import_finish(struct import *import, struct err *err);

/* Called once, on the writer's thread, when everything is durable or has failed (see the summary's
 * state and import_error). It must not call import_free, nor block. */
typedef void import_done(void *ctx, struct import *import);

/* After import_finish. `ctx` must live until `done` ran or import_free returned. */
void import_apply(struct import *import, import_done *done, void *ctx);

/*
 * At any time; NULL is fine. Before import_apply it gives up, leaving the store as it was and no
 * file behind. While batches are being applied they go on to the end by themselves, without `done`:
 * the file was whole, so half of it would be worse.
 */
void import_free(struct import *import);

struct import_summary import_summary(const struct import *import);

/* Why it failed; "" when it did not. Valid while the import lives. */
const char *import_error(const struct import *import);

/* Where the rejected rows are; NULL when there are none. */
const char *import_rejects_path(const struct import *import);

const char *import_state_name(enum import_state state); /* "applying" */

#endif
