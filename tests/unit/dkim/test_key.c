#include "dkim/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "keys.h"

static struct dkim_key *load(struct key_file file, struct err *err)
{
    struct dkim_key *key = dkim_key_load(file.path, err);
    unlink(file.path);
    return key;
}

static void assert_refused(struct key_file file, const char *sentence)
{
    struct err err;
    assert_null(load(file, &err));
    if (!strstr(err.text, sentence) || !strstr(err.text, file.path))
        fail_msg("%s", err.text);
}

static void loads_rsa_and_ed25519(void **state)
{
    (void)state;
    struct err err;
    struct dkim_key *key = load(key_file_pem(EVP_RSA_gen(1024), NULL), &err);
    assert_non_null(key);
    assert_string_equal(dkim_algorithm_name(dkim_key_algorithm(key)), "rsa-sha256");
    dkim_key_free(key);
    key = load(key_file_pem(ed25519_pkey(), NULL), &err);
    assert_non_null(key);
    assert_string_equal(dkim_algorithm_name(dkim_key_algorithm(key)), "ed25519-sha256");
    dkim_key_free(key);
}

static void refuses_other_keys_with_a_sentence(void **state)
{
    (void)state;
    struct err err;
    assert_null(dkim_key_load("/nowhere/dkim.pem", &err));
    assert_string_equal(
        err.text, "The DKIM key /nowhere/dkim.pem cannot be opened: No such file or directory.");
    assert_refused(key_file_text(""), "holds no PEM private key");
    assert_refused(key_file_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
                   "holds no PEM private key");
    assert_refused(key_file_pem(EVP_RSA_gen(1024), "secret"), "is locked with a passphrase");
    assert_refused(key_file_pem(EVP_RSA_gen(768), NULL), "has 768 bits");
    assert_refused(key_file_pem(EVP_EC_gen("P-256"), NULL), "is of the kind EC");
}

static void a_folder_is_no_key(void **state)
{
    (void)state;
    struct err err;
    assert_null(dkim_key_load("/", &err));
    assert_non_null(strstr(err.text, "The DKIM key / "));
}

static void a_copy_outlives_its_original(void **state)
{
    (void)state;
    struct err err;
    struct dkim_key *key = load(key_file_pem(EVP_RSA_gen(1024), NULL), &err);
    struct dkim_key *copy = dkim_key_copy(key, &err);
    assert_non_null(copy);
    assert_ptr_not_equal(dkim_key_pkey(copy), dkim_key_pkey(key));
    assert_int_equal(EVP_PKEY_eq(dkim_key_pkey(copy), dkim_key_pkey(key)), 1);
    dkim_key_free(key);
    assert_int_equal(EVP_PKEY_get_bits(dkim_key_pkey(copy)), 1024);
    dkim_key_free(copy);
    dkim_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_rsa_and_ed25519),
        cmocka_unit_test(refuses_other_keys_with_a_sentence),
        cmocka_unit_test(a_folder_is_no_key),
        cmocka_unit_test(a_copy_outlives_its_original),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
