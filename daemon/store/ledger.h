/*
 * The ledger: what became of every copy, for ever. A recipient that was never tried has its queue
 * record and no entry here; from the first attempt on there is an entry, written in the same
 * transaction as the change to the queue.
 *
 * Table `ledger`: key: job (u32 BE) · contact (u32 BE)
 *                 value: version (u8 = 1) · state (u8) · reason (u8) · attempts (u16 BE) ·
 *                 first, last (u32 BE each, seconds since 1970) · due (u32 BE, deferred only, else
 * 0) · message version (u32 BE) · code (u16 BE) · enhanced code (3 × u8; larger parts as 255) ·
 *                 text of the reply or reason (the rest, at most 200 bytes)
 */
#ifndef TOCSIN_STORE_LEDGER_H
#define TOCSIN_STORE_LEDGER_H

#include "store/jobs.h"
#include "store/store.h"

enum { LEDGER_TEXT_MAX = 200 };

/* Why a copy was skipped: stored as numbers, never renumber. */
enum skip_reason {
    SKIP_NONE = 0,
    SKIP_SUPPRESSED = 1,
    SKIP_NO_CONTACT = 2, /* erased since the job was submitted */
    SKIP_RENDER = 3,     /* the message could not be rendered for this contact */
};

struct ledger_entry {
    uint32_t job, contact;
    enum recipient_state state;
    enum skip_reason reason;
    uint16_t attempts;
    uint32_t first, last, due;
    uint32_t message_version;
    uint16_t code;       /* SMTP reply code; 0: none was seen */
    uint8_t enhanced[3]; /* class, subject, detail; class 0: none */
    struct str text;     /* cut to LEDGER_TEXT_MAX when written, at a UTF-8 boundary */
};

bool ledger_read(struct txn *txn, uint32_t job, uint32_t contact, struct ledger_entry *out);

/* Writer only. */
void ledger_write(struct txn *txn, const struct ledger_entry *entry);

/* The entry of `job` with the smallest contact >= *contact; sets *contact. False at the end of the
 * job. */
bool ledger_seek(struct txn *txn, uint32_t job, uint32_t *contact, struct ledger_entry *out);

const char *
skip_reason_text(enum skip_reason reason); /* a sentence part: "the contact is suppressed" */

#endif
