/* The body of POST /v1/sites/NAME/suspend: what it may be, and what is said when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/suspension.h"

static struct suspension parse(struct arena *arena, struct str body)
{
    struct suspension s;
    struct err err;
    if (suspension_parse(body, arena, &s, &err) != 0)
        fail_msg("%s", err.text);
    return s;
}

static void without_a_time_it_has_no_end(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    static const struct str bodies[] = {STR(""), STR("{}"), STR("{\"force\": false}")};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct suspension s = parse(&arena, bodies[i]);
        assert_int_equal(s.for_s, 0);
        assert_int_equal(s.reason.len, 0);
        assert_false(s.force);
    }
    arena_release(&arena);
}

static void times_are_those_of_the_configuration(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    assert_int_equal(parse(&arena, STR("{\"for\": \"30m\"}")).for_s, 1800);
    assert_int_equal(parse(&arena, STR("{\"for\": \"1001ms\"}")).for_s, 2);
    assert_int_equal(parse(&arena, STR("{\"for\": \"365d\"}")).for_s, 365 * 86400);
    struct suspension s =
        parse(&arena, STR("{\"reason\": \"Trop de plaintes \\u00e9\", \"force\": true}"));
    assert_true(str_eq(s.reason, STR("Trop de plaintes \xC3\xA9")));
    assert_true(s.force);
    arena_release(&arena);
}

static void refuses_with_a_sentence_that_names_what(void **state)
{
    (void)state;
    static const struct {
        struct str body;
        const char *says;
    } cases[] = {
        {STR("[]"), "must be a JSON object"},
        {STR("{"), "not JSON at line 1"},
        {STR("{\"for\": 30}"), "\"for\" must be a text"},
        {STR("{\"for\": \"soon\"}"), "\"for\" is not a duration"},
        {STR("{\"for\": \"10ms\"}"), "\"for\" must be from 1s"},
        {STR("{\"for\": \"366d\"}"), "to 365d"},
        {STR("{\"reason\": 1}"), "\"reason\" must be a text"},
        {STR("{\"force\": 1}"), "\"force\" must be true or false"},
        {STR("{\"force\": true, \"force\": true}"), "not JSON"},
        {STR("{\"until\": \"30m\"}"), "no field \"until\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct suspension s;
        struct err err = {""};
        assert_int_equal(suspension_parse(cases[i].body, &arena, &s, &err), -1);
        if (!strstr(err.text, cases[i].says) || !str_ends(str_of(err.text), STR(".")))
            fail_msg("%s", err.text);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_time_it_has_no_end),
        cmocka_unit_test(times_are_those_of_the_configuration),
        cmocka_unit_test(refuses_with_a_sentence_that_names_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
