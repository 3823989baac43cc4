#include "sink/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

enum { VALID_SECONDS = 24 * 60 * 60, READ_BUFFER = 64 * 1024 };

static int openssl_error(struct err *err, const char *what)
{
    return err_set(err, "%s: %s.", what, ERR_reason_error_string(ERR_get_error()));
}

static bool add_alt_names(X509 *cert)
{
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
                                                "DNS:localhost,DNS:sink.example,IP:127.0.0.1");
    bool added = names && X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    return added;
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    bool made = X509_set_version(cert, X509_VERSION_3) &&
                ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
                X509_gmtime_adj(X509_getm_notBefore(cert), -60) &&
                X509_gmtime_adj(X509_getm_notAfter(cert), VALID_SECONDS) &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                           (const unsigned char *)"localhost", -1, -1, 0) &&
                X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key) &&
                add_alt_names(cert) && X509_sign(cert, key, EVP_sha256());
    if (made)
        return cert;
    X509_free(cert);
    return NULL;
}

static int use_own(SSL_CTX *ctx, struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = key ? make_certificate(key) : NULL;
    bool used =
        cert && SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1;
    X509_free(cert);
    EVP_PKEY_free(key);
    return used ? 0 : openssl_error(err, "A certificate cannot be made");
}

static int use_files(SSL_CTX *ctx, const struct options *o, struct err *err)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, o->certificate) != 1)
        return openssl_error(err, "The certificate cannot be used");
    if (SSL_CTX_use_PrivateKey_file(ctx, o->key, SSL_FILETYPE_PEM) != 1)
        return openssl_error(err, "The certificate's key cannot be used");
    return 0;
}

int certificate_context(const struct options *o, SSL_CTX **out, struct err *err)
{
    *out = NULL;
    if (o->no_starttls || (!o->self_signed && !o->certificate))
        return 0;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return openssl_error(err, "TLS cannot be started");
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_default_read_buffer_len(ctx, READ_BUFFER);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"sink", 4);
    if (o->certificate ? use_files(ctx, o, err) : use_own(ctx, err)) {
        SSL_CTX_free(ctx);
        return -1;
    }
    *out = ctx;
    return 0;
}
