/*
 * The last look: whether this contact may get this copy at this instant. Asked when the copy is
 * composed, so that whoever left, was suppressed or erased while a job runs gets nothing more of
 * it but what was composed before (delivery/site.c bounds how many those are).
 *
 *   there? → suppressed? → unsubscribed? → consent → left a list of the audience? → left the topic?
 *
 * Mail of both lanes is looked at alike. That a job is paused or over is the mailing's own gate.
 */
#ifndef TOCSIN_COMPOSE_GATE_H
#define TOCSIN_COMPOSE_GATE_H

#include "compose/copy.h"
#include "store/contacts.h"
#include "store/names.h"
#include "store/sets.h"

/* What a thread remembers between two looks. All zeroes is nothing; release it. */
struct gate_memory {
    struct name_memory names;
    struct set_memory sets;
};

/*
 * `consent_needed`: the identity requires consent to be known. Reads the copy's contact into *out
 * and its address into the copy. -1: the copy is COPY_SKIP, with the reason and a part of a
 * sentence about it ("the contact left the list "signers"").
 */
int gate_pass(struct txn *txn, struct gate_memory *memory, bool consent_needed, struct copy *copy,
              struct contact *out);

#endif
