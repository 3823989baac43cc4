#include "dkim/key.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "base/alloc.h"

struct dkim_key {
    EVP_PKEY *pkey;
    enum dkim_algorithm algorithm;
};

int dkim_openssl_error(struct err *err, const char *doing)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    err_set(err, "%s failed: %s.", doing, reason ? reason : "OpenSSL gives no reason");
    ERR_clear_error();
    return -1;
}

/* Never asks on a terminal; notes that it was asked. */
static int no_passphrase(char *at, /* NOLINT(readability-non-const-parameter): OpenSSL's type */
                         int size, int writing, void *asked)
{
    (void)at;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static EVP_PKEY *read_pem(const char *path, struct err *err)
{
    FILE *file = fopen(path, "rbe");
    if (!file) {
        err_set(err, "The DKIM key %s cannot be opened: %s.", path, strerror(errno));
        return NULL;
    }
    bool asked = false;
    EVP_PKEY *pkey = PEM_read_PrivateKey(file, NULL, no_passphrase, &asked);
    fclose(file);
    ERR_clear_error();
    if (!pkey && asked)
        err_set(err,
                "The DKIM key %s is locked with a passphrase: give a key without one, readable "
                "only by the daemon's user.",
                path);
    else if (!pkey)
        err_set(err,
                "The DKIM key %s holds no PEM private key (it must begin with -----BEGIN PRIVATE "
                "KEY----- or -----BEGIN RSA PRIVATE KEY-----).",
                path);
    return pkey;
}

static int check_kind(const EVP_PKEY *pkey, const char *path, enum dkim_algorithm *algorithm,
                      struct err *err)
{
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        *algorithm = DKIM_ED25519_SHA256;
        return 0;
    }
    if (!EVP_PKEY_is_a(pkey, "RSA"))
        return err_set(err, "The DKIM key %s is of the kind %s: DKIM knows RSA and Ed25519.", path,
                       EVP_PKEY_get0_type_name(pkey));
    int bits = EVP_PKEY_get_bits(pkey);
    if (bits < DKIM_RSA_MIN || bits > DKIM_RSA_MAX)
        return err_set(
            err, "The DKIM key %s has %d bits: between %d and %d are possible, 2048 are best.",
            path, bits, (int)DKIM_RSA_MIN, (int)DKIM_RSA_MAX);
    *algorithm = DKIM_RSA_SHA256;
    return 0;
}

static struct dkim_key *key_new(EVP_PKEY *pkey, enum dkim_algorithm algorithm)
{
    struct dkim_key *key = NEW(struct dkim_key);
    key->pkey = pkey;
    key->algorithm = algorithm;
    return key;
}

struct dkim_key *dkim_key_load(const char *path, struct err *err)
{
    enum dkim_algorithm algorithm = DKIM_RSA_SHA256;
    EVP_PKEY *pkey = read_pem(path, err);
    if (!pkey)
        return NULL;
    if (check_kind(pkey, path, &algorithm, err)) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return key_new(pkey, algorithm);
}

/* Through DER and back, so that not even a cache of the original is shared. */
struct dkim_key *dkim_key_copy(const struct dkim_key *key, struct err *err)
{
    unsigned char *der = NULL;
    int len = i2d_PrivateKey(key->pkey, &der);
    if (len <= 0) {
        dkim_openssl_error(err, "Copying a DKIM key");
        return NULL;
    }
    const unsigned char *at = der;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, len);
    OPENSSL_clear_free(der, (size_t)len);
    if (!pkey) {
        dkim_openssl_error(err, "Copying a DKIM key");
        return NULL;
    }
    return key_new(pkey, key->algorithm);
}

void dkim_key_free(struct dkim_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *key)
{
    return key->algorithm;
}

const char *dkim_algorithm_name(enum dkim_algorithm algorithm)
{
    return algorithm == DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256";
}

EVP_PKEY *dkim_key_pkey(const struct dkim_key *key)
{
    return key->pkey;
}
