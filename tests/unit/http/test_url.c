#include "http/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void what_is_encoded_decodes(void **state)
{
    (void)state;
    struct str text = STR("liste d'été & 100 % / a+b?c=d#~");
    struct buf encoded = BUF_INIT, decoded = BUF_INIT;
    url_encode(&encoded, text);
    assert_string_equal(encoded.at,
                        "liste%20d%27%C3%A9t%C3%A9%20%26%20100%20%25%20%2F%20a%2Bb%3Fc%3Dd%23~");
    assert_true(url_decode(&decoded, buf_str(&encoded), true));
    assert_string_equal(decoded.at, text.at);
    buf_release(&encoded);
    buf_release(&decoded);
}

static void plus_is_a_space_in_queries_only(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    assert_true(url_decode(&out, STR("a+b"), true));
    assert_true(url_decode(&out, STR("a+b"), false));
    assert_string_equal(out.at, "a ba+b");
    buf_release(&out);
}

static void bad_encodings_are_refused(void **state)
{
    (void)state;
    const struct str bad[] = {STR("%"),   STR("a%2"), STR("%g0"),
                              STR("%0g"), STR("%00"), STR("a\0b")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf out = BUF_INIT;
        assert_false(url_decode(&out, bad[i], false));
        buf_release(&out);
    }
}

static void targets_split_at_the_question_mark(void **state)
{
    (void)state;
    struct str path, query;
    assert_true(url_split(STR("/jobs/12?x=1?2"), &path, &query));
    assert_true(str_eq(path, STR("/jobs/12")));
    assert_true(str_eq(query, STR("x=1?2")));
    assert_true(url_split(STR("/"), &path, &query));
    assert_int_equal(query.len, 0);
    assert_false(url_split(STR("http://host/"), &path, &query));
    assert_false(url_split(STR("*"), &path, &query));
    assert_false(url_split(STR(""), &path, &query));
    assert_false(url_split(STR("/a#b"), &path, &query));
}

static void parameters_are_found_and_decoded(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct str value;
    struct str query = STR("&&a=1&list=d%C3%A9j%C3%A0+vu&flag&a=2&bad=%zz");
    assert_true(url_param_find(query, STR("a"), &arena, &value));
    assert_string_equal(value.at, "1");
    assert_true(url_param_find(query, STR("list"), &arena, &value));
    assert_string_equal(value.at, "déjà vu");
    assert_true(url_param_find(query, STR("flag"), &arena, &value));
    assert_int_equal(value.len, 0);
    assert_false(url_param_find(query, STR("bad"), &arena, &value));
    assert_false(url_param_find(query, STR("other"), &arena, &value));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_decodes),
        cmocka_unit_test(plus_is_a_space_in_queries_only),
        cmocka_unit_test(bad_encodings_are_refused),
        cmocka_unit_test(targets_split_at_the_question_mark),
        cmocka_unit_test(parameters_are_found_and_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
