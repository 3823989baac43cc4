/* Keys for these tests, made by OpenSSL as they start: no secrets in the tree but the RFC's own. */
#ifndef TOCSIN_TESTS_DKIM_KEYS_H
#define TOCSIN_TESTS_DKIM_KEYS_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

/* The Ed25519 key of RFC 8463 Appendix A.2. */
static const unsigned char rfc8463_secret[32] = {
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
};

static inline EVP_PKEY *ed25519_pkey(void)
{
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, rfc8463_secret,
                                        sizeof(rfc8463_secret));
}

/* A file in the folder for temporary files; the caller unlinks it. */
struct key_file {
    char path[64];
};

static inline struct key_file key_file_open(FILE **out)
{
    struct key_file file;
    snprintf(file.path, sizeof(file.path), "%s/tocsin-dkim-XXXXXX", P_tmpdir);
    int fd = mkstemp(file.path);
    *out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!*out)
        abort();
    return file;
}

static inline struct key_file key_file_text(const char *text)
{
    FILE *out;
    struct key_file file = key_file_open(&out);
    fputs(text, out);
    fclose(out);
    return file;
}

/* Takes the key. `passphrase` may be NULL. */
static inline struct key_file key_file_pem(EVP_PKEY *pkey, const char *passphrase)
{
    FILE *out;
    struct key_file file = key_file_open(&out);
    const EVP_CIPHER *cipher = passphrase ? EVP_aes_128_cbc() : NULL;
    int len = passphrase ? (int)strlen(passphrase) : 0;
    if (!pkey || !PEM_write_PrivateKey(out, pkey, cipher, (const unsigned char *)passphrase, len,
                                       NULL, NULL))
        abort();
    fclose(out);
    EVP_PKEY_free(pkey);
    return file;
}

#endif
