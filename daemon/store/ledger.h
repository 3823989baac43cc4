/*
 * The ledger: what became of every copy, for ever. A recipient that was never tried has its queue
 * record and no entry here; from the first attempt on there is an entry, written in the same
 * transaction as the change to the queue.
 *
 * Table `ledger`: key: job (u32 BE) · contact (u32 BE)
 *                 value: version (u8 = 2) · state (u8) · reason (u8) · form (u8: 1, the text is a
 *                 number) · attempts (u16 BE) · doubts (u8) · first, last (u32 BE each, seconds
 *                 since 1970) · message version (u32 BE) · source (u16 BE, NAME_SOURCE; 0: none) ·
 *                 code (u16 BE) · enhanced code (3 × u8; larger parts as 255) · in the states that
 *                 can still be sent to: due, since (u32 BE each) · text of the reply or reason:
 *                 NAME_REPLY (u32 BE), or the text itself (the rest, at most 200 bytes)
 *
 * Version 1, of which stores may still have entries, is: state · reason · attempts · first, last ·
 * due · message version · code · enhanced code · text, in the same widths.
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
    SKIP_UNSUBSCRIBED = 4,
    SKIP_LEFT_LIST = 5,  /* and would be no recipient without it; the text names the list */
    SKIP_LEFT_TOPIC = 6, /* the text names the topic */
    SKIP_CONSENT_REFUSED = 7,
    SKIP_NO_CONSENT = 8, /* the identity requires it, and nothing is known */
    SKIP_ABORTED = 9,    /* by abort_message; the text has the reason */
};

struct ledger_entry {
    uint32_t job, contact;
    enum recipient_state state;
    enum skip_reason reason;
    uint16_t attempts;
    uint8_t doubts;       /* attempts that were never answered, though the last byte was sent */
    uint32_t first, last; /* attempts; or the moment of what became of it without one */
    uint32_t due;         /* not before, for the next attempt; 0: none is to come, or at once */
    uint32_t since;       /* its age counts from here: the first attempt, or the last retry */
    uint32_t message_version;
    uint16_t source;     /* NAME_SOURCE; 0: none */
    uint16_t code;       /* SMTP reply code; 0: none was seen */
    uint8_t enhanced[3]; /* class, subject, detail; class 0: none */
    struct str text;     /* cut to LEDGER_TEXT_MAX when written, at a UTF-8 boundary */
    uint32_t
        text_number; /* of a record as it is stored: NAME_REPLY, in place of the text; else 0 */
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
