/*
 * Why an address was refused. Parsers fill one of these; `address_fault_text` turns it into the
 * part of a sentence that follows `The address "…" `. `part` is a view into the text that was
 * parsed and lives no longer than that text.
 */
#ifndef TOCSIN_MAIL_FAULT_H
#define TOCSIN_MAIL_FAULT_H

#include "base/buf.h"
#include "base/str.h"

enum address_fault_kind {
    ADDRESS_OK,
    ADDRESS_EMPTY,
    ADDRESS_TOO_LONG,
    ADDRESS_NO_AT,
    ADDRESS_NO_LOCAL,
    ADDRESS_NO_DOMAIN,
    ADDRESS_NOT_UTF8,
    ADDRESS_CONTROL,
    ADDRESS_SPACE,
    ADDRESS_INVISIBLE,
    ADDRESS_LOCAL_TOO_LONG,
    ADDRESS_LOCAL_DOT,
    ADDRESS_LOCAL_CHARACTER,
    ADDRESS_QUOTE_OPEN,
    ADDRESS_QUOTE_ESCAPE,
    ADDRESS_AFTER_QUOTE,
    ADDRESS_DOMAIN_TOO_LONG,
    ADDRESS_DOMAIN_DOT,
    ADDRESS_DOMAIN_SINGLE,
    ADDRESS_DOMAIN_NUMERIC,
    ADDRESS_DOMAIN_IDNA,
    ADDRESS_LABEL_TOO_LONG,
    ADDRESS_LABEL_HYPHEN,
    ADDRESS_LABEL_CHARACTER,
    ADDRESS_LITERAL,
    ADDRESS_FAULTS
};

struct address_fault {
    enum address_fault_kind kind;
    struct str part; /* the label, character or domain at fault; may be empty */
};

/* Fills `why`, which may be NULL, and returns -1. */
int address_fault_set(struct address_fault *why, enum address_fault_kind kind, struct str part);

/*
 * Appends a sentence part such as `has no @` or `has the domain label "a_b", …`. What it quotes is
 * cut to 80 bytes and holds neither controls nor broken UTF-8.
 */
void address_fault_text(const struct address_fault *why, struct buf *out);

#endif
