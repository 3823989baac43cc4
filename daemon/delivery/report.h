/*
 * Reports: what became of copies, gathered in a thread and sent to the writer some hundred at a
 * time (or after 20 ms). When a report is durable, its recipients leave the `taken` set, their
 * feeds are told, and the hook hears the new sums. Every outcome also writes its line to the log
 * and counts in the metrics.
 */
#ifndef TOCSIN_DELIVERY_REPORT_H
#define TOCSIN_DELIVERY_REPORT_H

#include "delivery/destination.h"
#include "delivery/parcel.h"
#include "delivery/verdict.h"

struct site;

/* Registers the metrics. */
void report_init(void);

/* The receiver answered, or a session refused to send; `spared` as in struct attempt. Frees the
 * parcel; so do all of these. */
void report_answer(struct delivery_thread *thread, struct parcel *parcel,
                   const struct smtp_answer *answer, bool spared, const char *peer);
void report_loss(struct delivery_thread *thread, struct parcel *parcel, enum smtp_loss loss,
                 const char *sentence, const char *peer);
/* Nobody takes its mail. */
void report_refused(struct delivery_thread *thread, struct parcel *parcel,
                    const struct refusal *refusal, struct str sentence);
void report_skip(struct delivery_thread *thread, struct parcel *parcel);
/* An empty sentence keeps what the ledger has of the last attempt. */
void report_expired(struct delivery_thread *thread, struct parcel *parcel, struct str sentence);

/* Sends off what is gathered. */
void report_flush(struct delivery_thread *thread);

/* For the end of a thread, when the store has closed: frees what could not be written. */
void reports_release(struct delivery_thread *thread);

#endif
