/*
 * A signature for each message, as cheap as OpenSSL gives it: the key, the digest and the contexts
 * are fetched once. RSA signs the SHA-256 of the body (PKCS #1 v1.5), Ed25519 signs the same 32
 * octets. One for each thread, with a key of its own, because threads that share an RSA key wait
 * for each other at its blinding.
 */
#ifndef FLOOR_SIGNER_H
#define FLOOR_SIGNER_H

#include <openssl/evp.h>

#include "base/err.h"
#include "base/str.h"

enum {
    SIGNER_HASH_LEN = 44,
    SIGNER_KEY_MAX = 1024
}; /* base64 of a SHA-256; octets of a signature */

struct signer {
    EVP_PKEY *key;
    EVP_PKEY_CTX *rsa; /* NULL for Ed25519 */
    EVP_MD *sha256;
    EVP_MD_CTX *digest, *ed25519;
    const char *algorithm; /* as DKIM's a= says it */
    size_t signature_len;  /* in base64 */
};

int signer_init(struct signer *s, const char *key_path, struct err *err);
void signer_release(struct signer *s);

/* Writes SIGNER_HASH_LEN bytes to `hash` and signature_len to `signature`, both base64, no NUL. */
int signer_sign(struct signer *s, struct str body, char *hash, char *signature, struct err *err);

#endif
