/*
 * A copy of the data folder while the daemon sends: a folder that holds the database as one moment
 * had it, the journals, the key of the tokens and a marker, and that is itself a data folder.
 *
 * The order makes it whole: first the journals, then a snapshot of the database. What a journal
 * says and the snapshot already has is recognised when it is replayed; the other way round, what
 * was committed in between would be in neither. What happened after the journals were read is not
 * known to the copy; the marker (store/restore.h) makes the start on it say so.
 *
 * It is written as DIR.part and gets its name when all of it is on the disk; whatever goes wrong,
 * DIR.part is removed. One backup at a time, on a thread of its own; whoever began it frees it
 * before the store closes.
 */
#ifndef TOCSIN_STORE_BACKUP_H
#define TOCSIN_STORE_BACKUP_H

#include "store/store.h"

struct backup;

enum backup_state {
    BACKUP_COPYING,
    BACKUP_DONE,
    BACKUP_REFUSED, /* the folder that was named will not do */
    BACKUP_FAILED   /* the disk, the store, or it was cancelled */
};

struct backup_view {
    enum backup_state state;
    uint64_t bytes;    /* written so far */
    uint64_t expected; /* about how many it will be */
    int64_t ms;        /* that it took so far */
    const char *error; /* the sentence when it was refused or failed, valid until backup_free */
};

/*
 * Begins to copy to `dir`, an absolute path that does not exist or is an empty folder; the daemon's
 * user must be able to write beside it. `on_over` is called once, on the backup's thread, when it
 * is done or has failed. NULL with a sentence: the path is not absolute, or too long.
 */
struct backup *backup_new(struct store *store, struct str dir, void (*on_over)(void *ctx),
                          void *ctx, struct err *err);

/* How far it is, from any thread. */
void backup_look(const struct backup *backup, struct backup_view *out);

/* Gives it up; it ends within the time that the disk takes for some megabytes. From any thread. */
void backup_cancel(struct backup *backup);

/* Cancels what is not over, waits for the end of the thread, frees. NULL is fine. */
void backup_free(struct backup *backup);

#endif
