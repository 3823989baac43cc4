/*
 * One mailbox as SMTP knows it: local@domain (RFC 5321 §4.1.2, RFC 6531 §3.3). The parser takes
 * what a person or a CSV file gives, already trimmed, and keeps the *normal form*: the domain as
 * lower case A-labels, the local part with its case, quoted only where it must be. Comments,
 * folding white space and the obsolete forms of RFC 5322 are refused: SMTP has none of them.
 *
 * The struct owns its bytes, needs no release, and is only filled completely up to its NUL.
 */
#ifndef TOCSIN_MAIL_ADDRESS_H
#define TOCSIN_MAIL_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mail/domain.h"
#include "mail/fault.h"

enum {
    ADDRESS_LOCAL_MAX = 64, /* octets, RFC 5321 §4.5.3.1.1 */
    ADDRESS_MAX = 254 /* octets, RFC 5321 §4.5.3.1.3: a path of 256 with its angle brackets */
};

struct address {
    uint16_t len;       /* of text */
    uint16_t local_len; /* the @ is at text[local_len] */
    bool utf8_local;    /* only a server with SMTPUTF8 can take it */
    bool literal;       /* the domain is an address literal: no MX, and hardly ever wanted */
    char text[ADDRESS_LOCAL_MAX + 1 + DOMAIN_MAX + 1];
};

/* Returns 0, or -1 with the reason in `why` (which may be NULL); then `out` holds nothing of use.
 */
int address_parse(struct str text, struct address *out, struct address_fault *why);

/* The normal form, for storage, envelopes and headers. */
static inline struct str address_text(const struct address *a)
{
    return (struct str){a->text, a->len};
}

static inline struct str address_local(const struct address *a)
{
    return (struct str){a->text, a->local_len};
}

static inline struct str address_domain(const struct address *a)
{
    return (struct str){a->text + a->local_len + 1, (size_t)a->len - a->local_len - 1};
}

/*
 * Writes the form that says "the same person": the normal form with the ASCII letters of the local
 * part in lower case. Returns a view of `out`.
 */
struct str address_key(const struct address *a, char out[static ADDRESS_MAX + 1]);

#endif
