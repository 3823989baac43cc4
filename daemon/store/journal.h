/*
 * The journal of one delivery thread: "this transaction began", "this was its answer", stored at
 * that moment, without a system call, so that a process that is killed has lost no answer that it
 * saw. The writer syncs it with every group that it commits, and each second while there is none;
 * so a machine that loses its power has lost what happened since the last group.
 *
 *   take ──► began ──► ended ──► (outcome in a report) ──► durable      give_back ends what `take`
 *     │        └─► returned ─┐                                          promised
 *     ▲────────── began ◄────┘
 *
 * It never fills up: `take` says no when there would be no room for the answer of one transaction
 * more. A lap is left when all that ended in the one before it is durable in the store; what is
 * still open is carried over. At the start, delivery/recovery.h reads what the last process left.
 *
 * Everything but attach and detach belongs to the delivery thread. Files `journal-0`, `journal-1` …
 * in the data folder, laid out as store/journal_file.h says.
 */
#ifndef TOCSIN_STORE_JOURNAL_H
#define TOCSIN_STORE_JOURNAL_H

#include "base/buf.h"
#include "store/journal_file.h"

struct journal;

enum { JOURNALS_MAX = 64 };

/* Opens thread `number`'s file, `size` bytes on the disk, begins it anew, and has it synced with
 * each commit. NULL with a sentence. */
struct journal *journal_attach(struct store *store, unsigned number, size_t size, struct err *err);

/* It is synced no more: before the store closes, after the thread has ended. */
void journal_detach(struct journal *journal);

/* What it holds stays in the file. NULL is fine. */
void journal_free(struct journal *journal);

/* Room for one transaction more; false: not before others have ended, or become durable. */
bool journal_take(struct journal *journal);
void journal_give_back(struct journal *journal);

/* A number by which the journal knows it until it returned or ended. `source` must stay. */
unsigned journal_began(struct journal *journal, const struct journal_began *began);
void journal_returned(struct journal *journal, unsigned open);
void journal_ended(struct journal *journal, unsigned open, const struct outcome *outcome);

/* How many have ended; to be said back when the outcomes of all of them are in the store. */
uint64_t journal_mark(const struct journal *journal);
void journal_durable(struct journal *journal, uint64_t mark);

/* The file of one number, whole; empty when there is none. -1 with a sentence. */
int journal_load(const struct store *store, unsigned number, struct buf *out, struct err *err);

/* When something was last written into any of them, in seconds since 1970; 0: there are none. Ask
 * before recovery and attach, which write too. It may have been up to a second later. */
int64_t journal_last_written(const struct store *store);

/* Forgets the file of a thread that there is no more. -1 with a sentence. */
int journal_remove(const struct store *store, unsigned number, struct err *err);

#endif
