#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "compose/token.h"

static struct token_maker *maker, *other;

static int set_up(void **state)
{
    (void)state;
    struct token_key key = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};
    maker = token_maker_new(&key);
    key.bytes[31] ^= 1;
    other = token_maker_new(&key);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    token_maker_free(maker);
    token_maker_free(other);
    return 0;
}

static void a_token_comes_back_as_what_it_stood_for(void **state)
{
    (void)state;
    char token[TOKEN_LENGTH + 1];
    for (int i = 0; i < 2000; i++) {
        uint32_t job = (uint32_t)random_u64(), contact = (uint32_t)random_u64(), j, c;
        token_make(maker, TOKEN_BOUNCE, job, contact, token);
        assert_int_equal(strlen(token), TOKEN_LENGTH);
        assert_int_equal(strspn(token, "abcdefghijklmnopqrstuvwxyz234567"), TOKEN_LENGTH);
        assert_true(token_check(maker, TOKEN_BOUNCE, str_of(token), &j, &c));
        assert_true(j == job && c == contact);
    }
}

static void upper_case_is_the_same_token(void **state)
{
    (void)state;
    char token[TOKEN_LENGTH + 1];
    uint32_t job, contact;
    token_make(maker, TOKEN_BOUNCE, 12, 17, token);
    for (char *p = token; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    assert_true(token_check(maker, TOKEN_BOUNCE, str_of(token), &job, &contact));
    assert_int_equal(contact, 17);
}

static void no_change_of_a_token_is_a_token(void **state)
{
    (void)state;
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    char token[TOKEN_LENGTH + 1];
    uint32_t job, contact;
    token_make(maker, TOKEN_UNSUBSCRIBE, 3, 4, token);
    for (int i = 0; i < TOKEN_LENGTH; i++) {
        char was = token[i];
        for (const char *c = alphabet; *c; c++) {
            token[i] = *c;
            assert_int_equal(token_check(maker, TOKEN_UNSUBSCRIBE, str_of(token), &job, &contact),
                             *c == was);
        }
        token[i] = was;
    }
}

static void purposes_keys_and_lengths_are_kept_apart(void **state)
{
    (void)state;
    char token[TOKEN_LENGTH + 1];
    uint32_t job, contact;
    token_make(maker, TOKEN_UNSUBSCRIBE, 3, 4, token);
    assert_false(token_check(maker, TOKEN_BOUNCE, str_of(token), &job, &contact));
    assert_false(token_check(other, TOKEN_UNSUBSCRIBE, str_of(token), &job, &contact));
    assert_false(
        token_check(maker, TOKEN_UNSUBSCRIBE, str_from(token, TOKEN_LENGTH - 1), &job, &contact));
    assert_false(token_check(maker, TOKEN_UNSUBSCRIBE, STR(""), &job, &contact));
}

static void the_key_file_is_made_once_and_kept(void **state)
{
    (void)state;
    char folder[] = "/tmp/tocsin-token-XXXXXX", path[64];
    struct token_key first, second;
    struct err err;
    struct stat about;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/token.key", folder);
    assert_int_equal(token_key_load(path, &first, &err), 0);
    assert_int_equal(token_key_load(path, &second, &err), 0);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(truncate(path, 5), 0);
    assert_int_equal(token_key_load(path, &second, &err), -1);
    assert_non_null(strstr(err.text, "too short"));
    unlink(path);
    rmdir(folder);
}

/* What a start leaves that is killed while it makes the key. */
static void half_a_key_is_made_anew(void **state)
{
    (void)state;
    char folder[] = "/tmp/tocsin-token-XXXXXX", path[64], half[80];
    struct token_key first, second;
    struct err err;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/token.key", folder);
    snprintf(half, sizeof(half), "%s.new", path);
    FILE *file = fopen(half, "w");
    assert_non_null(file);
    fputs("half", file);
    fclose(file);
    assert_int_equal(token_key_load(path, &first, &err), 0);
    assert_int_equal(token_key_load(path, &second, &err), 0);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(access(half, F_OK), -1);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_back_as_what_it_stood_for),
        cmocka_unit_test(upper_case_is_the_same_token),
        cmocka_unit_test(no_change_of_a_token_is_a_token),
        cmocka_unit_test(purposes_keys_and_lengths_are_kept_apart),
        cmocka_unit_test(the_key_file_is_made_once_and_kept),
        cmocka_unit_test(half_a_key_is_made_anew),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
