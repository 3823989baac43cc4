#include "base/base64.h"
#include "dkim/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <openssl/rsa.h>

#include "dkim/canon.h"
#include "keys.h"
#include "mail/encode.h"

enum { NOW = 1700000000 };

static const char headers_text[] = "From: A <a@example.org>\r\n"
                                   "To: b@example.net\r\n"
                                   "Subject: a\r\n folded  subject\r\n"
                                   "X-Unsigned: yes\r\n"
                                   "Message-ID: <1@example.org>\r\n";
static const char body_text[] = "Hello  there \r\n\r\n";

struct fixture {
    struct dkim_key *key;
    struct dkim_signer *signer;
    struct buf out;
};

static struct fixture fixture_new(EVP_PKEY *pkey)
{
    struct fixture f = {NULL, NULL, BUF_INIT};
    struct err err;
    struct dkim_params params = {.domain = "send.example", .selector = "s1"};
    struct key_file file = key_file_pem(pkey, NULL);
    f.key = dkim_key_load(file.path, &err);
    unlink(file.path);
    assert_non_null(f.key);
    f.signer = dkim_signer_new(f.key, &params, &err);
    assert_non_null(f.signer);
    return f;
}

static void fixture_release(struct fixture *f)
{
    dkim_signer_free(f->signer);
    dkim_key_free(f->key);
    buf_release(&f->out);
}

/* The value of a tag without its folds; `tag` as in " bh=" or "\tb=". */
static void tag_value(struct str field, const char *tag, struct buf *out)
{
    const char *at = memmem(field.at, field.len, tag, strlen(tag));
    buf_reset(out);
    assert_non_null(at);
    for (at += strlen(tag); at < field.at + field.len && *at != ';'; at++)
        if (!strchr("\r\n\t ", *at))
            buf_add_byte(out, *at);
}

static size_t decode(struct str text, unsigned char *out)
{
    int len = EVP_DecodeBlock(out, (const unsigned char *)text.at, (int)text.len);
    assert_true(len > 0);
    return (size_t)len - (size_t)str_ends(text, STR("=")) - (size_t)str_ends(text, STR("=="));
}

/* Adds the canonical form of the last field of that name, as a verifier would for one mention. */
static void add_canonical(struct buf *out, struct str headers, struct str name)
{
    while (headers.len) {
        size_t len = 0;
        do {
            const char *end = memmem(headers.at + len, headers.len - len, "\r\n", 2);
            len = (size_t)(end - headers.at) + 2;
        } while (len < headers.len && headers.at[len] == ' ');
        if (str_starts_nocase(headers, name) && headers.at[name.len] == ':')
            canon_header(out, str_from(headers.at, len));
        headers = str_skip(headers, len);
    }
}

/* RFC 6376 §3.7 done the verifier's way, from the finished field. */
static void hashed_again(struct str headers, struct str field, unsigned char hash[32])
{
    struct buf data = BUF_INIT;
    struct buf names = BUF_INIT;
    tag_value(field, "\th=", &names);
    struct str rest = buf_str(&names);
    bool from_seen = false;
    while (rest.at) {
        struct str name = str_cut(&rest, ':');
        bool from = str_eq_nocase(name, STR("From"));
        if (!from || !from_seen)
            add_canonical(&data, headers, name);
        from_seen = from_seen || from;
    }
    const char *signature = memmem(field.at, field.len, "\tb=", 3);
    canon_header(&data, str_from(field.at, (size_t)(signature - field.at) + 3));
    buf_cut(&data, data.len - 2);
    assert_int_equal(EVP_Digest(data.at, data.len, hash, NULL, EVP_sha256(), NULL), 1);
    buf_release(&data);
    buf_release(&names);
}

static void assert_signed(struct fixture *f, const char *headers)
{
    unsigned char hash[32];
    unsigned char signature[600];
    struct buf b = BUF_INIT;
    EVP_PKEY *pkey = dkim_key_pkey(f->key);
    hashed_again(str_of(headers), buf_str(&f->out), hash);
    tag_value(buf_str(&f->out), "\tb=", &b);
    size_t len = decode(buf_str(&b), signature);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    if (dkim_key_algorithm(f->key) == DKIM_ED25519_SHA256) {
        assert_int_equal(EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey), 1);
        assert_int_equal(EVP_DigestVerify(md, signature, len, hash, sizeof(hash)), 1);
    } else {
        assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
        assert_int_equal(EVP_PKEY_verify(ctx, signature, len, hash, sizeof(hash)), 1);
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_MD_CTX_free(md);
    buf_release(&b);
}

static void sign(struct fixture *f, const char *headers)
{
    struct err err;
    buf_reset(&f->out);
    if (dkim_sign(f->signer, str_of(headers), str_of(body_text), NOW, &f->out, &err))
        fail_msg("%s", err.text);
}

static void rsa_signs_what_a_verifier_finds(void **state)
{
    (void)state;
    struct fixture f = fixture_new(EVP_RSA_gen(1024));
    for (int again = 0; again < 3; again++) {
        sign(&f, headers_text);
        assert_signed(&f, headers_text);
    }
    fixture_release(&f);
}

static void ed25519_signs_what_a_verifier_finds(void **state)
{
    (void)state;
    struct fixture f = fixture_new(ed25519_pkey());
    for (int again = 0; again < 3; again++) {
        sign(&f, headers_text);
        assert_signed(&f, headers_text);
    }
    fixture_release(&f);
}

static void the_field_looks_as_it_should(void **state)
{
    (void)state;
    struct fixture f = fixture_new(ed25519_pkey());
    static const char start[] =
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=send.example;\r\n"
        "\ts=s1; t=1700000000;\r\n"
        "\th=From:To:Subject:Message-ID:From;\r\n"
        "\tbh=";
    sign(&f, headers_text);
    assert_true(str_starts(buf_str(&f.out), str_of(start)));
    assert_true(str_ends(buf_str(&f.out), STR("==\r\n")));
    fixture_release(&f);
}

static void lines_are_folded(void **state)
{
    (void)state;
    struct fixture f = fixture_new(EVP_RSA_gen(2048));
    sign(&f,
         "From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nDate: x\r\nMessage-ID: x\r\n"
         "Reply-To: x\r\nMIME-Version: 1.0\r\nContent-Type: x\r\nList-Id: x\r\n"
         "Content-Transfer-Encoding: x\r\nList-Unsubscribe: x\r\nList-Unsubscribe-Post: x\r\n"
         "Feedback-ID: x\r\n");
    for (struct str rest = buf_str(&f.out); rest.len;) {
        struct str line = str_cut(&rest, '\n');
        assert_true(line.len <= 79 && str_ends(line, STR("\r")));
        assert_true(!rest.len || rest.at[0] == '\t');
    }
    fixture_release(&f);
}

static void every_instance_is_signed_and_from_once_more(void **state)
{
    (void)state;
    static const char twice[] =
        "From: a@example.org\r\nto: b@example.org\r\nTO : c@example.org\r\n";
    struct fixture f = fixture_new(ed25519_pkey());
    sign(&f, twice);
    assert_non_null(strstr(f.out.at, "h=From:To:To:From;"));
    fixture_release(&f);
}

static void a_hash_computed_before_gives_the_same(void **state)
{
    (void)state;
    struct err err;
    struct buf apart = BUF_INIT;
    unsigned char hash[DKIM_HASH_SIZE];
    struct fixture f = fixture_new(ed25519_pkey());
    sign(&f, headers_text);
    const struct str body = STR("Hello \t there\r\n");
    assert_int_equal(dkim_body_hash(f.signer, &body, 1, hash, &err), 0);
    assert_int_equal(dkim_sign_hashed(f.signer, str_of(headers_text), hash, NOW, &apart, &err), 0);
    assert_string_equal(apart.at, f.out.at);
    buf_release(&apart);
    fixture_release(&f);
}

static void what_cannot_be_signed_leaves_out_as_it_was(void **state)
{
    (void)state;
    struct fixture f = fixture_new(ed25519_pkey());
    struct buf many = BUF_INIT;
    struct err err;
    buf_add_text(&f.out, "before");
    assert_int_equal(dkim_sign(f.signer, STR("To: x\r\n"), STR(""), NOW, &f.out, &err), -1);
    assert_string_equal(err.text, "The message has no From field, so it cannot be signed.");
    assert_int_equal(dkim_sign(f.signer, STR("From: x\r\n\r\n"), STR(""), NOW, &f.out, &err), -1);
    assert_non_null(strstr(err.text, "no field"));
    for (int i = 0; i <= DKIM_FIELDS_MAX; i++)
        buf_add_text(&many, "From: x\r\n");
    assert_int_equal(dkim_sign(f.signer, buf_str(&many), STR(""), NOW, &f.out, &err), -1);
    assert_non_null(strstr(err.text, "more than 64"));
    assert_string_equal(f.out.at, "before");
    buf_release(&many);
    fixture_release(&f);
}

static void names_that_could_break_the_field_are_refused(void **state)
{
    (void)state;
    static const char long_name[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
        "aaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example";
    const struct dkim_params bad[] = {
        {"send.example; x=1", "s1", NULL}, {"send.example", "s 1", NULL}, {"", "s1", NULL},
        {"send.example", "", NULL},        {long_name, "s1", NULL},       {NULL, "s1", NULL},
    };
    struct fixture f = fixture_new(ed25519_pkey());
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err err;
        assert_null(dkim_signer_new(f.key, &bad[i], &err));
        assert_true(str_starts(str_of(err.text), STR("The DKIM ")));
    }
    fixture_release(&f);
}

/* RFC 8463 Appendix A.3: its message and its Ed25519 signature, checked with our canonical forms.
 */
static void the_signature_of_rfc8463_verifies(void **state)
{
    (void)state;
    static const char body[] = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
    static const char headers[] =
        "From: Joe SixPack <joe@football.example.com>\r\n"
        "To: Suzie Q <suzie@shopping.example.net>\r\n"
        "Subject: Is dinner ready?\r\n"
        "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
        "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
    static const char field[] = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                                " d=football.example.com; i=@football.example.com;\r\n"
                                " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
                                " subject : date : message-id : from : subject : date;\r\n"
                                " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                                " b=";
    static const char b[] = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7"
                            "ZbnKELq+eXdp1Q1Dw==";
    struct fixture f = fixture_new(ed25519_pkey());
    struct buf data = BUF_INIT;
    struct err err;
    unsigned char hash[32];
    unsigned char signature[96];
    const struct str text = str_of(body);
    assert_int_equal(dkim_body_hash(f.signer, &text, 1, hash, &err), 0);
    base64_encode(str_from(hash, sizeof(hash)), &data);
    assert_string_equal(data.at, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    buf_reset(&data);
    for (struct str rest = str_of(headers); rest.len;)
        canon_header(&data, str_trim(str_cut(&rest, '\n')));
    canon_header(&data, str_of(field));
    assert_int_equal(EVP_Digest(data.at, data.len - 2, hash, NULL, EVP_sha256(), NULL), 1);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(md, NULL, NULL, NULL, dkim_key_pkey(f.key)), 1);
    assert_int_equal(
        EVP_DigestVerify(md, signature, decode(str_of(b), signature), hash, sizeof(hash)), 1);
    EVP_MD_CTX_free(md);
    buf_release(&data);
    fixture_release(&f);
}

/* Blank lines count where a part ends, and not where the body does. */
static void a_body_in_parts_is_one_body(void **state)
{
    static const char *const bodies[][3] = {
        {"a\r\n", "b\r\n", ""},
        {"a\r\n\r\n\r\n", "b\r\n", "\r\nc \t\r\n\r\n"},
        {"", "\r\n", "b\r\n"},
    };
    struct fixture f = fixture_new(ed25519_pkey());
    struct err err;
    unsigned char whole[DKIM_HASH_SIZE], apart[DKIM_HASH_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct str parts[3];
        struct buf joined = BUF_INIT;
        for (size_t k = 0; k < 3; k++) {
            parts[k] = str_of(bodies[i][k]);
            buf_add_str(&joined, parts[k]);
        }
        const struct str body = buf_str(&joined);
        assert_int_equal(dkim_body_hash(f.signer, &body, 1, whole, &err), 0);
        assert_int_equal(dkim_body_hash(f.signer, parts, 3, apart, &err), 0);
        assert_memory_equal(whole, apart, sizeof(whole));
        buf_release(&joined);
    }
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsa_signs_what_a_verifier_finds),
        cmocka_unit_test(ed25519_signs_what_a_verifier_finds),
        cmocka_unit_test(the_field_looks_as_it_should),
        cmocka_unit_test(lines_are_folded),
        cmocka_unit_test(every_instance_is_signed_and_from_once_more),
        cmocka_unit_test(a_hash_computed_before_gives_the_same),
        cmocka_unit_test(what_cannot_be_signed_leaves_out_as_it_was),
        cmocka_unit_test(names_that_could_break_the_field_are_refused),
        cmocka_unit_test(the_signature_of_rfc8463_verifies),
        cmocka_unit_test(a_body_in_parts_is_one_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
