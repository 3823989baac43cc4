/*
 * What import.c (receiving) and import_apply.c (applying) share, and nobody else sees.
 *
 * The counters are written by one thread each (the receiving ones by the owner's, the applied ones
 * by the writer's) and read by any. `lock` guards `outstanding` and `detached`, which decide who
 * frees.
 */
#ifndef TOCSIN_AUDIENCE_PRIVATE_H
#define TOCSIN_AUDIENCE_PRIVATE_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "audience/import.h"
#include "audience/rejects.h"
#include "audience/row.h"
#include "audience/stage.h"
#include "base/gunzip.h"
#include "store/writer.h"

enum { IMPORT_OUTSTANDING = 2 };

/* Beside the change of a row: its contact left the list. */
enum { ROW_LEFT = 0x80 };

/* One batch on its way through the writer; used again for a later one. */
struct import_batch {
    struct write_op op;
    struct import *import;
    size_t index;
    uint32_t *ids;    /* of each row, in order */
    uint8_t *changes; /* enum contact_change of each row, and ROW_LEFT */
    size_t count;
    struct buf refused; /* addresses of rows that the store refused, a NUL after each */
    struct buf barred;  /* the same, of those who were erased for good */
    bool failed;
    struct err why;
};

struct import {
    struct store *store;
    uint32_t id;
    char *folder, *list, *rejects_path;
    bool consented;
    struct column_map *maps;
    size_t map_count;
    uint64_t max_bytes, plain_bytes;

    _Atomic int state; /* enum import_state */
    struct err why;    /* set before the state becomes IMPORT_FAILED */
    _Atomic uint64_t bytes, rows, rejected;
    _Atomic uint64_t added, updated, unchanged, duplicates, left;

    struct gunzip *gunzip; /* NULL: the stream is plain */
    struct csv_reader *csv;
    struct columns columns;
    bool has_columns;
    struct stage *stage;
    struct rejects rejects;
    struct row_space space;
    struct buf reason;

    pthread_mutex_t lock;
    unsigned outstanding;
    bool detached;
    import_done *done;
    void *ctx;
    uint32_t now;
    size_t next_batch, batch_total;
    struct import_batch batches[IMPORT_OUTSTANDING];
    struct buf batch_bytes; /* the writer's: of the batch that it applies */
    uint64_t *batch_hashes;
    uint64_t *seen; /* a bit for each contact id that this import has touched */
    size_t seen_words;
};

/* Keeps the sentence and ends the import; returns -1 with the sentence in `err` too. */
int import_fail(struct import *import, const struct err *why, struct err *err);

/* Frees everything, whoever is the last one. */
void import_destroy(struct import *import);

#endif
