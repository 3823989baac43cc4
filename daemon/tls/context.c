#include "tls/context.h"

#include <openssl/err.h>

static int load_roots(SSL_CTX *ctx, const struct tls_config *config, struct err *err)
{
    int ok = config->ca_file.at ? SSL_CTX_load_verify_file(ctx, config->ca_file.at)
                                : SSL_CTX_set_default_verify_paths(ctx);
    if (ok == 1)
        return 0;
    return err_set(err, "The certificates in %s cannot be read: %s.",
                   config->ca_file.at ? config->ca_file.at : "the system's folder",
                   ERR_reason_error_string(ERR_get_error()));
}

SSL_CTX *tls_context_new(const struct tls_config *config, enum tls_policy policy, struct err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx) {
        err_set(err, "OpenSSL could not make a TLS context: %s.",
                ERR_reason_error_string(ERR_get_error()));
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    /* Sessions are kept by the sites, one each, not in OpenSSL's own cache. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    bool demand = policy == TLS_POLICY_REQUIRED && config->verify;
    SSL_CTX_set_verify(ctx, demand ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    /* Without roots nothing is looked up in the certificate folder while the delivery thread waits.
     */
    if (demand && load_roots(ctx, config, err) != 0) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}
