/*
 * When a contact clicked a link last: the one place that knows where that is kept. It is the
 * attribute `last_clicked`, as an import from another engine brings it: a date, or a date with a
 * time (ISO 8601; without an offset, UTC).
 */
#ifndef TOCSIN_COMPOSE_CLICKS_H
#define TOCSIN_COMPOSE_CLICKS_H

#include "store/contacts.h"
#include "store/names.h"

/* Seconds since 1970; 0 when nothing is known, or what is kept is no date. */
uint32_t contact_last_click(struct txn *txn, struct name_memory *names,
                            const struct contact *contact);

#endif
