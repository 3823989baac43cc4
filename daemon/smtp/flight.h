/*
 * What is in the air: the transactions that a session has taken, in order, and the replies that are
 * to come, in order (RFC 2920 §3.1: a server answers in the order it was asked). Each transaction
 * keeps its slot until its outcome was told and all its replies were heard; also a refused one, so
 * that its late replies are not taken for the next one's. No memory of its own, no I/O.
 */
#ifndef TOCSIN_SMTP_FLIGHT_H
#define TOCSIN_SMTP_FLIGHT_H

#include "smtp/params.h"
#include "smtp/transaction.h"

/* In the order of a session's life; states.c has the table. */
enum smtp_state {
    SMTP_CONNECT,
    SMTP_GREETING,
    SMTP_EHLO,
    SMTP_HELO,
    SMTP_STARTTLS,
    SMTP_HANDSHAKE,
    SMTP_IDLE,
    SMTP_RSET,
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_DATA,
    SMTP_BODY,
    SMTP_QUIT,
    SMTP_CLOSED,
};

enum smtp_slot_stage {
    SMTP_SLOT_TAKEN,  /* nobody was told yet that it begins */
    SMTP_SLOT_BEGAN,  /* told; nothing was said yet */
    SMTP_SLOT_FLYING, /* MAIL was said */
};

enum smtp_outcome { SMTP_OUTCOME_NONE, SMTP_OUTCOME_ANSWER, SMTP_OUTCOME_LOST };

struct smtp_slot {
    struct smtp_transaction *tx; /* NULL once its outcome was told */
    enum smtp_slot_stage stage;
    unsigned replies; /* that are still to come */
    enum smtp_depth depth;
    bool whole;          /* its last byte was said */
    bool handed_over;    /* … and given away, as the owner was told */
    uint64_t end_offset; /* where that byte lies in the output; valid if whole */
    enum smtp_outcome outcome;
    struct smtp_answer answer;
    enum smtp_loss loss;
};

struct smtp_expectation {
    enum smtp_state state;
    struct smtp_slot *slot; /* NULL for what belongs to no transaction */
    uint64_t asked_at;      /* where the command ends in the output */
    bool behind;            /* it was asked while another answer was to come */
};

/* RSET, MAIL, RCPT, and DATA or the body. */
#define SMTP_EXPECTATIONS_MAX (4 * SMTP_IN_FLIGHT_MAX)

struct smtp_flight {
    struct smtp_slot slots[SMTP_IN_FLIGHT_MAX]; /* a ring */
    unsigned first_slot, slot_count;
    struct smtp_expectation expected[SMTP_EXPECTATIONS_MAX]; /* a ring */
    unsigned first_expected, expected_count;
};

/* There must be a free slot. */
struct smtp_slot *smtp_flight_take(struct smtp_flight *f, struct smtp_transaction *tx);

/* The i-th oldest slot, i below slot_count. */
struct smtp_slot *smtp_flight_slot(struct smtp_flight *f, unsigned i);
const struct smtp_slot *smtp_flight_newest(const struct smtp_flight *f); /* NULL: none */

/* Frees the oldest slots as far as they are done; true if any was. */
bool smtp_flight_release(struct smtp_flight *f);

/* A transaction was taken and MAIL was not said for it. */
bool smtp_flight_waiting(const struct smtp_flight *f);

void smtp_flight_expect(struct smtp_flight *f, struct smtp_expectation expectation);

/* The oldest expectation, or NULL when no reply is due. */
const struct smtp_expectation *smtp_flight_expected(const struct smtp_flight *f);

/* How deep in flight the replies to come are; SMTP_NOT_SAID when none is due. */
enum smtp_depth smtp_flight_depth(const struct smtp_flight *f);

/* Takes the oldest expectation away and returns its slot, or NULL. */
struct smtp_slot *smtp_flight_heard(struct smtp_flight *f);

/* No more replies will come. */
void smtp_flight_expect_nothing(struct smtp_flight *f);

/* Settle a transaction; the first settlement counts, later ones do nothing. */
void smtp_slot_answer(struct smtp_slot *slot, enum smtp_phase phase, const struct smtp_reply *reply,
                      bool local);
void smtp_slot_lose(struct smtp_slot *slot, enum smtp_loss loss);

#endif
