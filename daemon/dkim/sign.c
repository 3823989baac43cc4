#include "dkim/sign.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "dkim/canon.h"

enum {
    KEPT_MAX = 256 * 1024, /* bytes of a buffer */
    FOLD_AT = 76,
    SIGNATURE_LINE = 72,
    SIGNATURE_MAX = DKIM_RSA_MAX / 8,
    NAME_MAX_DNS = 253,
};

/* What RFC 6376 §5.4.1 recommends, RFC 8058 and RFC 9477 require, and receivers look at. */
const char *const dkim_default_fields[] = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "CFBL-Address",
    "CFBL-Feedback-ID",
    NULL,
};

struct dkim_signer {
    struct dkim_key *key;
    char *domain;
    char *selector;
    const char *const *fields;
    EVP_MD *sha256;
    EVP_MD_CTX *digest; /* for hashing, and for the whole Ed25519 signature */
    EVP_PKEY_CTX *rsa;  /* NULL for Ed25519 */
    struct buf canonical, joined;
};

struct field {
    struct str name;
    struct str whole; /* with its CRLF */
};

/* The fields of one header block, in its order. */
struct block {
    struct field fields[DKIM_FIELDS_MAX];
    size_t count;
};

static int signer_prepare(struct dkim_signer *s, struct err *err)
{
    s->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    s->digest = EVP_MD_CTX_new();
    if (!s->sha256 || !s->digest)
        return dkim_openssl_error(err, "Preparing a DKIM signer");
    if (dkim_key_algorithm(s->key) == DKIM_ED25519_SHA256)
        return 0;
    s->rsa = EVP_PKEY_CTX_new_from_pkey(NULL, dkim_key_pkey(s->key), NULL);
    if (!s->rsa || EVP_PKEY_sign_init(s->rsa) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(s->rsa, RSA_PKCS1_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_signature_md(s->rsa, s->sha256) <= 0)
        return dkim_openssl_error(err, "Preparing a DKIM signer");
    return 0;
}

/* Dots, letters, digits, hyphens and underscores: what can neither end a tag nor fold a line. */
static bool is_name(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    return text && text[0] && text[strspn(text, allowed)] == '\0';
}

/* selector._domainkey.domain must be a name that DNS can hold. */
static int check_params(const struct dkim_params *params, struct err *err)
{
    if (!is_name(params->domain))
        return err_set(err, "The DKIM domain \"%s\" is no domain name in ASCII.",
                       params->domain ? params->domain : "");
    if (!is_name(params->selector))
        return err_set(err, "The DKIM selector \"%s\" may hold letters, digits, hyphens and dots.",
                       params->selector ? params->selector : "");
    if (strlen(params->selector) + strlen("._domainkey.") + strlen(params->domain) > NAME_MAX_DNS)
        return err_set(err, "The DKIM selector and domain are longer than a DNS name can be.");
    return 0;
}

struct dkim_signer *dkim_signer_new(const struct dkim_key *key, const struct dkim_params *params,
                                    struct err *err)
{
    if (check_params(params, err))
        return NULL;
    struct dkim_signer *s = NEW(struct dkim_signer);
    s->domain = str_dup(str_of(params->domain));
    s->selector = str_dup(str_of(params->selector));
    s->fields = params->fields ? params->fields : dkim_default_fields;
    s->key = dkim_key_copy(key, err);
    if (!s->key || signer_prepare(s, err)) {
        dkim_signer_free(s);
        return NULL;
    }
    return s;
}

void dkim_signer_free(struct dkim_signer *s)
{
    if (!s)
        return;
    EVP_PKEY_CTX_free(s->rsa);
    EVP_MD_CTX_free(s->digest);
    EVP_MD_free(s->sha256);
    dkim_key_free(s->key);
    buf_release(&s->canonical);
    buf_release(&s->joined);
    free(s->domain);
    free(s->selector);
    free(s);
}

static int hash(struct dkim_signer *s, const struct str *parts, size_t count,
                unsigned char out[DKIM_HASH_SIZE], struct err *err)
{
    bool good = EVP_DigestInit_ex2(s->digest, s->sha256, NULL) > 0;
    for (size_t i = 0; i < count && good; i++)
        good = EVP_DigestUpdate(s->digest, parts[i].at, parts[i].len) > 0;
    if (!good || EVP_DigestFinal_ex(s->digest, out, NULL) <= 0)
        return dkim_openssl_error(err, "Hashing a message for DKIM");
    return 0;
}

static void join_canonical(struct dkim_signer *s, const struct str *parts, size_t count)
{
    buf_reset(&s->joined);
    for (size_t i = 0; i < count; i++)
        buf_add_str(&s->joined, parts[i]);
    buf_reset(&s->canonical);
    canon_body(&s->canonical, buf_str(&s->joined));
}

/* What one large message needed is not kept for the small ones. */
static void forget_if_large(struct buf *b)
{
    if (b->size > KEPT_MAX)
        buf_release(b);
}

int dkim_body_hash(struct dkim_signer *s, const struct str *parts, size_t count,
                   unsigned char out[DKIM_HASH_SIZE], struct err *err)
{
    if (canon_body_is_canonical(parts, count))
        return hash(s, parts, count, out, err);
    join_canonical(s, parts, count);
    struct str canonical = buf_str(&s->canonical);
    int result = hash(s, &canonical, 1, out, err);
    forget_if_large(&s->joined);
    forget_if_large(&s->canonical);
    return result;
}

/* Takes one field with its continuation lines off the front (RFC 5322 §2.2). */
static struct str take_field(struct str *rest)
{
    struct str field = {rest->at, 0};
    do {
        const char *lf = str_find(str_skip(*rest, field.len), '\n');
        field.len = lf ? (size_t)(lf - rest->at) + 1 : rest->len;
    } while (field.len < rest->len && (rest->at[field.len] == ' ' || rest->at[field.len] == '\t'));
    *rest = str_skip(*rest, field.len);
    return field;
}

static int split_block(struct str headers, struct block *block, struct err *err)
{
    block->count = 0;
    while (headers.len) {
        struct str whole = take_field(&headers);
        struct str rest = whole;
        struct str name = str_trim(str_cut(&rest, ':'));
        if (!rest.at || name.len == 0)
            return err_set(err, "The header block has a line that is no field: \"%.*s\".",
                           whole.len < 60 ? (int)whole.len : 60, whole.at);
        if (block->count == DKIM_FIELDS_MAX)
            return err_set(err, "The message has more than %d header fields.",
                           (int)DKIM_FIELDS_MAX);
        block->fields[block->count++] = (struct field){name, whole};
    }
    return 0;
}

/* Appends a piece that must not be divided, on a new line if it does not fit. */
static void add_piece(struct buf *out, size_t *column, struct str piece)
{
    if (*column + piece.len > FOLD_AT) {
        buf_add_text(out, "\r\n\t");
        *column = 1;
    }
    buf_add_str(out, piece);
    *column += piece.len;
}

static void add_tag(struct buf *out, size_t *column, const char *tag, const char *value)
{
    char piece[NAME_MAX_DNS + 16];
    int len = snprintf(piece, sizeof(piece), " %s=%s;", tag, value);
    struct str whole = str_from(piece, (size_t)len);
    bool folds = *column + whole.len > FOLD_AT;
    add_piece(out, column, folds ? str_skip(whole, 1) : whole);
}

static void add_signed_name(struct buf *out, size_t *column, const char *name)
{
    add_piece(out, column, str_of(name));
    buf_add_byte(out, ':');
    *column += 1;
}

/*
 * Writes h= and puts the canonical form of each field it names to s->canonical, in the same order.
 * Of fields that occur more than once, the last comes first (RFC 6376 §5.4.2).
 */
static bool add_signed_fields(struct dkim_signer *s, const struct block *block, struct buf *out,
                              size_t *column)
{
    bool from = false;
    for (const char *const *name = s->fields; *name; name++) {
        struct str wanted = str_of(*name);
        for (size_t i = block->count; i-- > 0;) {
            if (!str_eq_nocase(block->fields[i].name, wanted))
                continue;
            add_signed_name(out, column, *name);
            canon_header(&s->canonical, block->fields[i].whole);
            from = from || str_eq_nocase(block->fields[i].name, STR("From"));
        }
    }
    /* Named once more than it occurs: a From that somebody adds breaks the signature (§8.15). */
    add_piece(out, column, STR("From;"));
    return from;
}

/* All of the field but its signature: it ends with `b=`. Returns -1 without a From. */
static int add_unsigned(struct dkim_signer *s, const struct block *block,
                        const unsigned char body_hash[DKIM_HASH_SIZE], int64_t now, struct buf *out)
{
    const char *algorithm = dkim_algorithm_name(dkim_key_algorithm(s->key));
    char seconds[24];
    size_t start = out->len;
    snprintf(seconds, sizeof(seconds), "%" PRId64, now);
    buf_add_text(out, "DKIM-Signature: v=1;");
    size_t column = out->len - start;
    add_tag(out, &column, "a", algorithm);
    add_tag(out, &column, "c", "relaxed/relaxed");
    add_tag(out, &column, "d", s->domain);
    add_tag(out, &column, "s", s->selector);
    add_tag(out, &column, "t", seconds);
    buf_add_text(out, "\r\n\th=");
    column = 3;
    bool from = add_signed_fields(s, block, out, &column);
    buf_add_text(out, "\r\n\tbh=");
    base64_encode(str_from(body_hash, DKIM_HASH_SIZE), out);
    buf_add_text(out, ";\r\n\tb=");
    return from ? 0 : -1;
}

/* RSASSA-PKCS1-v1_5 over the hash, or PureEdDSA over the hash as a message (RFC 8463 §3). */
static int sign_hash(struct dkim_signer *s, const unsigned char digest[DKIM_HASH_SIZE],
                     unsigned char signature[SIGNATURE_MAX], size_t *len, struct err *err)
{
    *len = SIGNATURE_MAX;
    if (s->rsa) {
        if (EVP_PKEY_sign(s->rsa, signature, len, digest, DKIM_HASH_SIZE) <= 0)
            return dkim_openssl_error(err, "Signing a message for DKIM");
        return 0;
    }
    EVP_MD_CTX_reset(s->digest);
    if (EVP_DigestSignInit(s->digest, NULL, NULL, NULL, dkim_key_pkey(s->key)) <= 0 ||
        EVP_DigestSign(s->digest, signature, len, digest, DKIM_HASH_SIZE) <= 0)
        return dkim_openssl_error(err, "Signing a message for DKIM");
    EVP_MD_CTX_reset(s->digest);
    return 0;
}

static void add_signature(struct buf *out, struct buf *scratch, struct str signature)
{
    buf_reset(scratch);
    base64_encode(signature, scratch);
    for (struct str rest = buf_str(scratch); rest.len; rest = str_skip(rest, SIGNATURE_LINE)) {
        buf_add(out, rest.at, rest.len < SIGNATURE_LINE ? rest.len : SIGNATURE_LINE);
        buf_add_text(out, rest.len > SIGNATURE_LINE ? "\r\n\t" : "\r\n");
    }
}

/* Appends the field; may leave half of it behind when it fails. */
static int add_field(struct dkim_signer *s, const struct block *block,
                     const unsigned char body_hash[DKIM_HASH_SIZE], int64_t now, struct buf *out,
                     struct err *err)
{
    unsigned char digest[DKIM_HASH_SIZE];
    unsigned char signature[SIGNATURE_MAX];
    size_t len;
    size_t start = out->len;
    buf_reset(&s->canonical);
    if (add_unsigned(s, block, body_hash, now, out))
        return err_set(err, "The message has no From field, so it cannot be signed.");
    canon_header(&s->canonical, str_skip(buf_str(out), start));
    /* The signature's own field is hashed last, and without its line end (RFC 6376 §3.7). */
    buf_cut(&s->canonical, s->canonical.len - 2);
    struct str canonical = buf_str(&s->canonical);
    if (hash(s, &canonical, 1, digest, err) || sign_hash(s, digest, signature, &len, err))
        return -1;
    add_signature(out, &s->canonical, str_from(signature, len));
    return 0;
}

int dkim_sign_hashed(struct dkim_signer *s, struct str headers,
                     const unsigned char body_hash[DKIM_HASH_SIZE], int64_t now, struct buf *out,
                     struct err *err)
{
    struct block block;
    size_t start = out->len;
    if (split_block(headers, &block, err))
        return -1;
    if (add_field(s, &block, body_hash, now, out, err) == 0)
        return 0;
    buf_cut(out, start);
    return -1;
}

int dkim_sign(struct dkim_signer *s, struct str headers, struct str body, int64_t now,
              struct buf *out, struct err *err)
{
    unsigned char body_hash[DKIM_HASH_SIZE];
    if (dkim_body_hash(s, &body, 1, body_hash, err))
        return -1;
    return dkim_sign_hashed(s, headers, body_hash, now, out, err);
}
