/*
 * What became of attempts: the one place where the queue, the ledger and a job's counters change
 * together, in one write transaction, so that they can never tell different stories.
 *
 *   queued ──► delivered │ bounced │ skipped │ expired          (final: the queue record goes)
 *     │  ▲
 *     ▼  │ the next attempt
 *   deferred │ in doubt                                        (the queue record moves to `due`)
 *
 * The queue record of a copy is where its ledger entry says: at its `due`, at 0 without an entry.
 *
 * What the ledger says is the truth: an outcome for a copy that is already final is refused (and
 * counted), never applied twice. Outcomes of a cancelled job are recorded, but nothing is queued
 * again: a deferral becomes `cancelled`, and what is in doubt stays so for good.
 */
#ifndef TOCSIN_STORE_OUTCOMES_H
#define TOCSIN_STORE_OUTCOMES_H

#include "store/jobs.h"
#include "store/ledger.h"

struct outcome {
    uint32_t job, contact, domain;
    uint32_t was_due; /* of the queue record that it was loaded from */
    enum recipient_state state;
    uint32_t due;              /* deferred, or in doubt and to be sent again: when; else 0 */
    uint32_t at;               /* seconds since 1970 */
    bool attempted;            /* a transaction took place: it counts in `attempts` */
    uint16_t attempt;          /* how many there were before */
    struct str source;         /* from where it was attempted; outlives the outcome; empty: none */
    bool counted;              /* it was counted as in flight (its owner's book; not stored) */
    enum recipient_state from; /* the state it was in flight from (its owner's book; not stored) */
    enum skip_reason reason;
    uint32_t message_version;
    uint16_t code;
    uint8_t enhanced[3];
    uint8_t text_len;
    char text[LEDGER_TEXT_MAX];
};

struct outcome_sums {
    uint32_t job;
    enum job_state state;
    uint32_t recipients, finished;
    uint32_t counts[RECIPIENT_STATES];
};

/* Copies text (cut at a UTF-8 boundary) into the outcome. */
void outcome_set_text(struct outcome *outcome, struct str text);

/*
 * Applies outcomes, in order. Fills `sums` with one entry for each job among them as it is
 * afterwards; `sums` has room for `count` entries. A job whose last recipient became final is
 * FINISHED. Writer only. Returns the number of sums.
 */
size_t outcomes_apply(struct txn *txn, const struct outcome *outcomes, size_t count,
                      struct outcome_sums *sums);

/* A job with nothing left to send becomes FINISHED; the caller writes it. */
void job_finish_if_done(struct job_record *job, uint32_t now);

void outcome_sums_of(const struct job_record *job, struct outcome_sums *out);

/* For what a journal tells: true if an attempt's outcome is in the ledger already, because it has
 * counted as many, or if the copy came to its end without it (a journal that is older than the
 * store, as in a backup, does not know that it returned and was skipped). */
bool outcome_is_known(struct txn *txn, const struct outcome *outcome);

/*
 * As what a copy counts in a job of that state. A cancellation is one write and touches no ledger
 * entry: what waited counts as cancelled from then on. In doubt stays in doubt: it may have
 * arrived.
 */
enum recipient_state recipient_counts_as(enum job_state job, enum recipient_state state);

/*
 * What a recipient of a job is now: its ledger entry, or queued when it has none yet, or cancelled
 * when the job was. False if the contact is no recipient of the job.
 */
bool recipient_lookup(struct txn *txn, const struct job_record *job, uint32_t contact,
                      struct ledger_entry *out);

#endif
