/* The bodies of PUT and POST /v1/counters/NAME: what they may be, and what is said when not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/counter_request.h"

static int64_t set_to(struct str body)
{
    struct counter_request request;
    struct err err;
    if (counter_set_parse(body, &request, &err) != 0)
        fail_msg("%s", err.text);
    return request.number;
}

static void any_whole_number_of_64_bits_is_fine(void **state)
{
    (void)state;
    assert_int_equal(set_to(STR("{\"value\": 46443}")), 46443);
    assert_int_equal(set_to(STR("{\"value\": -0}")), 0);
    assert_true(set_to(STR("{\"value\": 9223372036854775807}")) == INT64_MAX);
    assert_true(set_to(STR("{\"value\":-9223372036854775808}")) == INT64_MIN);
}

static void an_addition_may_have_a_key(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct counter_request request;
    struct err err;
    assert_int_equal(counter_add_parse(STR("{\"add\": -1}"), &arena, &request, &err), 0);
    assert_int_equal(request.number, -1);
    assert_int_equal(request.key.len, 0);
    assert_int_equal(
        counter_add_parse(STR("{\"key\": \"may\\u00e9\", \"add\": 5}"), &arena, &request, &err), 0);
    assert_int_equal(request.number, 5);
    assert_true(str_eq(request.key, STR("may\xC3\xA9")));
    arena_release(&arena);
}

static void refuses_with_a_sentence_that_names_what(void **state)
{
    (void)state;
    static const struct {
        struct str body;
        const char *set, *add; /* what is said when it is to be set, and when it is to be added */
    } cases[] = {
        {STR(""), "not JSON", "not JSON"},
        {STR("5"), "not JSON", "not JSON"},
        {STR("[5]"), "a JSON object", "a JSON object"},
        {STR("{}"), "\"value\" is missing", "\"add\" is missing"},
        {STR("{\"value\": \"5\"}"), "\"value\" must be a whole", "no field \"value\""},
        {STR("{\"value\": 5.0}"), "\"value\" must be a whole", "no field \"value\""},
        {STR("{\"value\": 9223372036854775808}"), "too big", "too big"},
        {STR("{\"value\": 5, \"value\": 6}"), "duplicate", "duplicate"},
        {STR("{\"add\": null}"), "no field \"add\"", "\"add\" must be a whole"},
        {STR("{\"add\": 1e3}"), "no field \"add\"", "\"add\" must be a whole"},
        {STR("{\"value\": 1, \"key\": \"a\"}"), "no field \"key\"", "no field \"value\""},
        {STR("{\"add\": 1, \"key\": 7}"), "no field", "\"key\" must be a text"},
        {STR("{\"add\": 1, \"key\": \"\"}"), "no field", "\"key\" must have 1 to 200"},
        {STR("{\"add\": 1, \"key\": \"a\\nb\"}"), "no field", "\"key\" must have 1 to 200"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct counter_request request;
        struct err err = {""};
        assert_int_equal(counter_set_parse(cases[i].body, &request, &err), -1);
        if (!strstr(err.text, cases[i].set) || !str_ends(str_of(err.text), STR(".")))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(counter_add_parse(cases[i].body, &arena, &request, &err), -1);
        if (!strstr(err.text, cases[i].add) || !str_ends(str_of(err.text), STR(".")))
            fail_msg("%zu: %s", i, err.text);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_whole_number_of_64_bits_is_fine),
        cmocka_unit_test(an_addition_may_have_a_key),
        cmocka_unit_test(refuses_with_a_sentence_that_names_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
