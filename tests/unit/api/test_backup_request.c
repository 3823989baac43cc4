/* The body of POST /v1/backup: what it must be, and what is said when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/backup_request.h"

static void waits_unless_told_otherwise(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct backup_request r;
    struct err err;
    assert_int_equal(backup_request_parse(STR("{\"dir\": \"/b/may\"}"), &arena, &r, &err), 0);
    assert_true(str_eq(r.dir, STR("/b/may")));
    assert_true(r.wait);
    assert_int_equal(
        backup_request_parse(STR("{\"wait\": false, \"dir\": \"/b/\\u00e9\"}"), &arena, &r, &err),
        0);
    assert_true(str_eq(r.dir, STR("/b/\xC3\xA9")));
    assert_false(r.wait);
    arena_release(&arena);
}

static void refuses_with_a_sentence_that_names_what(void **state)
{
    (void)state;
    static const struct {
        struct str body;
        const char *says;
    } cases[] = {
        {STR(""), "not JSON at line 1"},
        {STR("[]"), "must be a JSON object"},
        {STR("{}"), "\"dir\" is missing"},
        {STR("{\"dir\": 1}"), "\"dir\" must be a text"},
        {STR("{\"dir\": \"/a\\u0000b\"}"), "not JSON"},
        {STR("{\"dir\": \"/a\", \"dir\": \"/b\"}"), "not JSON"},
        {STR("{\"dir\": \"/a\", \"wait\": 1}"), "\"wait\" must be true or false"},
        {STR("{\"dir\": \"/a\", \"to\": \"/b\"}"), "no field \"to\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct backup_request r;
        struct err err = {""};
        assert_int_equal(backup_request_parse(cases[i].body, &arena, &r, &err), -1);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s", err.text);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_unless_told_otherwise),
        cmocka_unit_test(refuses_with_a_sentence_that_names_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
