/*
 * A DKIM signing key from a PEM file: RSA (RFC 6376, 8301) or Ed25519 (RFC 8463). A key is never
 * changed after loading, but OpenSSL guards a shared RSA key with a lock while it signs: give each
 * thread a copy of its own.
 */
#ifndef TOCSIN_DKIM_KEY_H
#define TOCSIN_DKIM_KEY_H

#include <openssl/types.h>

#include "base/err.h"

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

enum { DKIM_RSA_MIN = 1024, DKIM_RSA_MAX = 4096 }; /* bits, RFC 8301 §3.2 */

struct dkim_key;

/* Reads an unencrypted PEM private key. NULL with a sentence that names the file on failure. */
struct dkim_key *dkim_key_load(const char *path, struct err *err);

/* A deep copy that shares nothing with `key`. NULL with a sentence on failure. */
struct dkim_key *dkim_key_copy(const struct dkim_key *key, struct err *err);

void dkim_key_free(struct dkim_key *key); /* accepts NULL */

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *key);

/* The value of a=: "rsa-sha256" or "ed25519-sha256". */
const char *dkim_algorithm_name(enum dkim_algorithm algorithm);

/* OpenSSL's key, for the signer in this room; stays the property of `key`. */
EVP_PKEY *dkim_key_pkey(const struct dkim_key *key);

/* Sets `DOING failed: OpenSSL's reason.`, empties OpenSSL's error queue and returns -1. */
int dkim_openssl_error(struct err *err, const char *doing);

#endif
