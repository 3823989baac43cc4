#include "floor/signer.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

enum { BASE64_MAX = (SIGNER_KEY_MAX + 2) / 3 * 4 };

static int openssl_error(struct err *err, const char *what)
{
    const char *why = ERR_reason_error_string(ERR_get_error());
    return err_set(err, "%s: %s.", what, why ? why : "unknown reason");
}

static int read_key(struct signer *s, const char *path, struct err *err)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return err_set(err, "Key %s cannot be opened: %s.", path, strerror(errno));
    s->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    return s->key ? 0 : openssl_error(err, "The key cannot be read as PEM");
}

static int prepare_rsa(struct signer *s, struct err *err)
{
    s->rsa = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL);
    if (s->rsa && EVP_PKEY_sign_init(s->rsa) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(s->rsa, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(s->rsa, s->sha256) == 1)
        return 0;
    return openssl_error(err, "The key cannot sign");
}

static int prepare_key(struct signer *s, const char *path, struct err *err)
{
    if (EVP_PKEY_is_a(s->key, "RSA")) {
        s->algorithm = "rsa-sha256";
        return prepare_rsa(s, err);
    }
    s->algorithm = "ed25519-sha256";
    s->ed25519 = EVP_MD_CTX_new();
    if (EVP_PKEY_is_a(s->key, "ED25519") && s->ed25519)
        return 0;
    return err_set(err, "Key %s is neither RSA nor Ed25519.", path);
}

int signer_init(struct signer *s, const char *key_path, struct err *err)
{
    *s = (struct signer){0};
    if (read_key(s, key_path, err))
        return -1;
    s->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    s->digest = EVP_MD_CTX_new();
    if (!s->sha256 || !s->digest)
        return openssl_error(err, "SHA-256 cannot be had");
    size_t octets = (size_t)EVP_PKEY_get_size(s->key);
    if (octets > SIGNER_KEY_MAX)
        return err_set(err, "Key %s is too long: at most %d bits.", key_path, SIGNER_KEY_MAX * 8);
    s->signature_len = (octets + 2) / 3 * 4;
    return prepare_key(s, key_path, err);
}

void signer_release(struct signer *s)
{
    EVP_PKEY_CTX_free(s->rsa);
    EVP_MD_CTX_free(s->ed25519);
    EVP_MD_CTX_free(s->digest);
    EVP_MD_free(s->sha256);
    EVP_PKEY_free(s->key);
    *s = (struct signer){0};
}

/* EVP_EncodeBlock ends with a NUL, which has no room in the message. */
static void write_base64(char *out, const unsigned char *at, size_t len)
{
    unsigned char text[BASE64_MAX + 1];
    int n = EVP_EncodeBlock(text, at, (int)len);
    memcpy(out, text, (size_t)n);
}

static bool sign_hash(struct signer *s, const unsigned char hash[32], unsigned char *out,
                      size_t *len)
{
    if (s->rsa)
        return EVP_PKEY_sign(s->rsa, out, len, hash, 32) == 1;
    return EVP_DigestSignInit(s->ed25519, NULL, NULL, NULL, s->key) == 1 &&
           EVP_DigestSign(s->ed25519, out, len, hash, 32) == 1;
}

int signer_sign(struct signer *s, struct str body, char *hash, char *signature, struct err *err)
{
    unsigned char sum[32], signed_sum[SIGNER_KEY_MAX];
    size_t len = sizeof signed_sum;
    bool done = EVP_DigestInit_ex2(s->digest, s->sha256, NULL) == 1 &&
                EVP_DigestUpdate(s->digest, body.at, body.len) == 1 &&
                EVP_DigestFinal_ex(s->digest, sum, NULL) == 1 &&
                sign_hash(s, sum, signed_sum, &len);
    if (!done)
        return openssl_error(err, "A message cannot be signed");
    write_base64(hash, sum, sizeof sum);
    write_base64(signature, signed_sum, len);
    return 0;
}
