/*
 * A data folder that is a backup: the file `backup` in it says so, whatever it holds (its first
 * line is quoted in the log). What was sent after the backup was made is not known there; so the
 * first start on it puts every job that was being sent on pause, in the transaction that opens the
 * store, says so in the log, and then renames the file to `restored-TIME`. Whether such a job goes
 * on is for people to decide.
 *
 * Contacts that came after the backup were given ids that the copy does not know, and their mails
 * carry tokens with these; so a stretch of ids is left out, and no old link can speak for somebody
 * new. `restored` in the table `meta` remembers when it was.
 */
#ifndef TOCSIN_STORE_RESTORE_H
#define TOCSIN_STORE_RESTORE_H

#include "base/buf.h"
#include "store/store.h"

#define RESTORE_MARKER "backup"

enum { RESTORE_TIME_SIZE = 24, RESTORE_IDS_LEFT_OUT = 1000000 };

/* What the opening of a store finds and does. */
struct restore {
    bool marked;
    char said[256];  /* the marker's first line */
    uint32_t at;     /* seconds since 1970 */
    struct buf jobs; /* the ids that were paused, u32 BE each */
};

/* Looks for the marker. Release it whatever follows. */
void restore_init(struct restore *restore, const struct store *store);
void restore_release(struct restore *restore);

/* In the opening transaction, which may be tried more than once. Does nothing without a marker. */
void restore_apply(struct txn *txn, struct restore *restore);

/* When that is committed: the log, and the marker's new name. -1 with a sentence. */
int restore_conclude(const struct store *store, const struct restore *restore, struct err *err);

/* When this store was last restored from a backup, seconds since 1970; 0: never. */
uint32_t restored_at(struct txn *txn);

/* "2026-11-21T20:14:00Z" (ISO 8601). */
void restore_time(int64_t seconds, char out[static RESTORE_TIME_SIZE]);

#endif
