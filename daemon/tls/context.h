/*
 * OpenSSL contexts for connections to receivers: one that only encrypts, for opportunistic TLS
 * (where a bad certificate is still better than clear text), and one that demands a valid
 * certificate of the right name. Made at load and reload, immutable, shared by all threads.
 */
#ifndef TOCSIN_TLS_CONTEXT_H
#define TOCSIN_TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "base/err.h"
#include "config/config.h"

/* The context for a policy; the caller frees it with SSL_CTX_free. NULL with a sentence. */
SSL_CTX *tls_context_new(const struct tls_config *config, enum tls_policy policy, struct err *err);

#endif
