/*
 * DKIM signatures (RFC 6376, RFC 8463), relaxed/relaxed over the whole body. A signer belongs to
 * one thread: it owns a copy of the key, its OpenSSL contexts and its scratch memory, and uses them
 * again for each message. For two signatures on a message (RSA and Ed25519), hash the body once and
 * call `dkim_sign_hashed` on two signers.
 */
#ifndef TOCSIN_DKIM_SIGN_H
#define TOCSIN_DKIM_SIGN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "dkim/key.h"

enum { DKIM_HASH_SIZE = 32, DKIM_FIELDS_MAX = 64 };

/*
 * Who signs, and what. `fields` is a NULL-terminated list of field names in the order of h=; each
 * is signed as often as it occurs, and From once more than that, so that nobody can add a second
 * one.
 */
struct dkim_params {
    const char *domain;        /* d=, as A-labels */
    const char *selector;      /* s= */
    const char *const *fields; /* NULL: dkim_default_fields */
};

extern const char *const dkim_default_fields[];

struct dkim_signer;

/* Copies the key, domain and selector; `fields` must outlive the signer. NULL with a sentence on
 * failure. */
struct dkim_signer *dkim_signer_new(const struct dkim_key *key, const struct dkim_params *params,
                                    struct err *err);
void dkim_signer_free(struct dkim_signer *signer); /* accepts NULL */

/* SHA-256 of the canonical body, as bh= wants it. The body is in `count` parts. */
int dkim_body_hash(struct dkim_signer *signer, const struct str *parts, size_t count,
                   unsigned char out[DKIM_HASH_SIZE], struct err *err);

/*
 * Appends a complete, folded `DKIM-Signature: …` field with its CRLF to `out`; put it in front of
 * the headers. `headers` is the header block as it will be sent, each field ending with CRLF, at
 * most DKIM_FIELDS_MAX of them, From among them; `now` is t=, in seconds since 1970. Returns 0, or
 * -1 with a sentence and `out` as it was.
 */
int dkim_sign(struct dkim_signer *signer, struct str headers, struct str body, int64_t now,
              struct buf *out, struct err *err);

/* The same with the body's hash computed before. */
int dkim_sign_hashed(struct dkim_signer *signer, struct str headers,
                     const unsigned char hash[DKIM_HASH_SIZE], int64_t now, struct buf *out,
                     struct err *err);

#endif
