/* OpenSSL 3 has another way to hash, which allocates for each hash. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "compose/token.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/random.h"

enum { TOKEN_BYTES = 16 };

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

static int key_read(int fd, const char *path, struct token_key *key, struct err *err)
{
    ssize_t n = read(fd, key->bytes, sizeof(key->bytes));
    if (n == (ssize_t)sizeof(key->bytes))
        return 0;
    return err_set(err,
                   "The key file %s is %s: restore it from a backup; links and return paths of "
                   "mails that were sent depend on it.",
                   path, n < 0 ? strerror(errno) : "too short");
}

static int write_whole(int fd, const struct token_key *key)
{
    bool done =
        write(fd, key->bytes, sizeof(key->bytes)) == (ssize_t)sizeof(key->bytes) && fsync(fd) == 0;
    int code = done ? 0 : errno;
    close(fd);
    return code;
}

/* It gets its name when all of it is on disk: a start that is killed leaves no half of a key. */
static int key_make(const char *path, struct token_key *key, struct err *err)
{
    char fresh[4200];
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    random_bytes(key->bytes, sizeof(key->bytes));
    int code = fd < 0 ? errno : write_whole(fd, key);
    if (code == 0 && rename(fresh, path) != 0)
        code = errno;
    if (code == 0)
        return 0;
    unlink(fresh);
    return err_set(err, "The key file %s cannot be written: %s.%s", path, strerror(code),
                   code == ENOSPC ? " Make room on the disk." : "");
}

int token_key_load(const char *path, struct token_key *key, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return key_make(path, key, err);
    if (fd < 0)
        return err_set(err, "The key file %s cannot be opened: %s.", path, strerror(errno));
    int result = key_read(fd, path, key, err);
    close(fd);
    return result;
}

static void put_u32(unsigned char *at, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(n >> (24 - 8 * i));
}

static uint32_t get_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

enum { BLOCK = 64, DIGEST = 32 };

/* What belongs to a job and a contact. */
struct digest {
    bool known;
    uint32_t job, contact;
    unsigned char bytes[DIGEST];
};

struct token_maker {
    SHA256_CTX inner, outer;    /* begun with the key, as RFC 2104 pads it */
    struct digest mine, shared; /* of the last contact; of contact 0, which all of them share */
};

/* SHA-256 and HMAC are always there; without them nothing here is safe. */
static void must(int done)
{
    if (!done)
        abort();
}

static void begin(SHA256_CTX *hash, const struct token_key *key, unsigned char pad)
{
    unsigned char block[BLOCK];
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = (i < sizeof(key->bytes) ? key->bytes[i] : 0) ^ pad;
    must(SHA256_Init(hash) && SHA256_Update(hash, block, BLOCK));
}

struct token_maker *token_maker_new(const struct token_key *key)
{
    struct token_maker *maker = NEW(struct token_maker);
    begin(&maker->inner, key, 0x36);
    begin(&maker->outer, key, 0x5C);
    return maker;
}

void token_maker_free(struct token_maker *maker)
{
    free(maker);
}

static void hash(SHA256_CTX begun, const void *at, size_t len, unsigned char out[DIGEST])
{
    must(SHA256_Update(&begun, at, len) && SHA256_Final(out, &begun));
}

/* A mail asks for all of its tokens in a row. RFC 2104. */
static const unsigned char *digest_of(struct token_maker *maker, uint32_t job, uint32_t contact)
{
    struct digest *d = contact ? &maker->mine : &maker->shared;
    unsigned char message[8];
    if (d->known && d->job == job && d->contact == contact)
        return d->bytes;
    put_u32(message, job);
    put_u32(message + 4, contact);
    hash(maker->inner, message, sizeof(message), d->bytes);
    hash(maker->outer, d->bytes, DIGEST, d->bytes);
    d->job = job;
    d->contact = contact;
    d->known = true;
    return d->bytes;
}

static void fill_bytes(struct token_maker *maker, enum token_purpose purpose, uint32_t job,
                       uint32_t contact, unsigned char bytes[TOKEN_BYTES])
{
    put_u32(bytes, job);
    put_u32(bytes + 4, contact);
    memcpy(bytes + 8, digest_of(maker, job, contact) + (size_t)purpose * 8, 8);
}

static void encode(const unsigned char bytes[TOKEN_BYTES], char out[TOKEN_LENGTH + 1])
{
    unsigned bits = 0, held = 0;
    size_t n = 0;
    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        held = held << 8 | bytes[i];
        for (bits += 8; bits >= 5; bits -= 5)
            out[n++] = alphabet[held >> (bits - 5) & 31];
    }
    out[n++] = alphabet[held << (5 - bits) & 31];
    out[n] = '\0';
}

void token_make(struct token_maker *maker, enum token_purpose purpose, uint32_t job,
                uint32_t contact, char out[TOKEN_LENGTH + 1])
{
    unsigned char bytes[TOKEN_BYTES];
    fill_bytes(maker, purpose, job, contact, bytes);
    encode(bytes, out);
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static bool decode(struct str token, unsigned char bytes[TOKEN_BYTES])
{
    unsigned bits = 0, held = 0;
    size_t n = 0;
    if (token.len != TOKEN_LENGTH)
        return false;
    for (size_t i = 0; i < token.len; i++) {
        int digit = digit_of(token.at[i]);
        if (digit < 0)
            return false;
        held = held << 5 | (unsigned)digit;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            bytes[n++] = (unsigned char)(held >> bits);
        }
    }
    return (held & ((1U << bits) - 1)) == 0; /* the two bits that pad it must be zero */
}

bool token_check(struct token_maker *maker, enum token_purpose purpose, struct str token,
                 uint32_t *job, uint32_t *contact)
{
    unsigned char bytes[TOKEN_BYTES], want[TOKEN_BYTES];
    if (!decode(token, bytes))
        return false;
    fill_bytes(maker, purpose, get_u32(bytes), get_u32(bytes + 4), want);
    if (CRYPTO_memcmp(bytes, want, sizeof(bytes)) != 0)
        return false;
    *job = get_u32(bytes);
    *contact = get_u32(bytes + 4);
    return true;
}
