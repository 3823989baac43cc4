/* The body of POST /v1/jobs: what it must be, and what is said when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/submission.h"

static void takes_every_field(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct submission s;
    struct err err;
    struct str body = STR("{\"message\": \"Subject: x\\n\\nhi\", \"to\": \"list:a\", "
                          "\"message_name\": \"a.md\", \"name\": \"Spring \\u00e9\", "
                          "\"identity\": \"two\", \"lane\": \"transactional\", "
                          "\"guarantee\": \"at-most-once\", \"key\": \"May \\u00e9\", "
                          "\"pool\": \"news\", \"weight\": 1000, "
                          "\"dry_run\": true}");
    assert_int_equal(submission_parse(body, &arena, &s, &err), 0);
    assert_true(str_eq(s.source, STR("Subject: x\n\nhi")));
    assert_true(str_eq(s.segment, STR("list:a")));
    assert_true(str_eq(s.message_name, STR("a.md")));
    assert_true(str_eq(s.name, STR("Spring \xC3\xA9")));
    assert_true(str_eq(s.identity, STR("two")));
    assert_int_equal(s.lane, LANE_TRANSACTIONAL);
    assert_int_equal(s.guarantee, GUARANTEE_AT_MOST_ONCE);
    assert_true(str_eq(s.pool, STR("news")));
    assert_int_equal(s.weight, 1000);
    assert_true(str_eq(s.key, STR("May \xC3\xA9")));
    assert_true(s.dry_run);
    arena_release(&arena);
}

static void needs_two_fields_only(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct submission s;
    struct err err;
    assert_int_equal(
        submission_parse(STR("{\"to\": \"all\", \"message\": \"m\"}"), &arena, &s, &err), 0);
    assert_int_equal(s.lane, LANE_BULK);
    assert_int_equal(s.guarantee, GUARANTEE_AT_LEAST_ONCE);
    assert_int_equal(s.weight, 1);
    assert_false(s.dry_run);
    assert_int_equal(s.pool.len + s.name.len + s.message_name.len + s.identity.len + s.key.len, 0);
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
        {STR("{\"message\": \"m\",\n\"to\"; \"all\"}"), "not JSON at line 2"},
        {STR("[]"), "must be a JSON object"},
        {STR("{\"to\": \"all\"}"), "\"message\" is missing"},
        {STR("{\"message\": \"m\"}"), "\"to\" is missing"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"colour\": 1}"), "no field \"colour\""},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"to\": \"all\"}"), "duplicate"},
        {STR("{\"message\": 5, \"to\": \"all\"}"), "\"message\" must be a text"},
        {STR("{\"message\": null, \"to\": \"all\"}"), "\"message\" must be a text"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"dry_run\": \"no\"}"), "true or false"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"lane\": \"fast\"}"), "\"bulk\""},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"lane\": 1}"), "\"bulk\""},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"guarantee\": \"\"}"), "\"at-most-once\""},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"guarantee\": 1}"), "\"at-most-once\""},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"pool\": 1}"), "\"pool\" must be a text"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"weight\": 0}"), "from 1 to 1000"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"weight\": 1001}"), "\"weight\" must be"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"weight\": 1.5}"), "whole number"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"weight\": \"3\"}"), "whole number"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"key\": \"\"}"), "\"key\" must have 1 to 200"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"key\": 12}"), "\"key\" must be a text"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"key\": \"a\\n\"}"), "\"key\" must have"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"key\": \"a\\u007F\"}"), "\"key\" must have"},
        {STR("{\"message\": \"m\", \"to\": \"all\", \"key\": \"a\\u009F\"}"), "\"key\" must have"},
        {STR("{\"message\": \"a\\u0000b\", \"to\": \"all\"}"), "u0000"},
        {STR("{\"message\": \"\xFF\", \"to\": \"all\"}"), "not JSON"},
        {STR("{\"message\": \"m\", \"to\": \"all\"} x"), "not JSON"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct submission s;
        struct err err = {""};
        assert_int_equal(submission_parse(cases[i].body, &arena, &s, &err), -1);
        if (!strstr(err.text, cases[i].says) || !str_ends(str_of(err.text), STR(".")))
            fail_msg("case %zu says: %s", i, err.text);
        arena_release(&arena);
    }
}

static int take_key(struct submission *s, struct str key, const char *says)
{
    struct err err = {""};
    int result = submission_take_key(s, key, &err);
    if (result != 0 && (!strstr(err.text, says) || !str_ends(str_of(err.text), STR("."))))
        fail_msg("%s", err.text);
    return result;
}

static void takes_the_key_of_the_header(void **state)
{
    (void)state;
    struct submission s = {.dry_run = false};
    char text[JOB_KEY_MAX + 1];
    memset(text, 'k', sizeof(text));
    assert_int_equal(take_key(&s, str_from(text, JOB_KEY_MAX), ""), 0);
    assert_int_equal(s.key.len, JOB_KEY_MAX);
    assert_int_equal(take_key(&s, str_from(text, JOB_KEY_MAX), ""), 0);
    assert_int_equal(take_key(&s, STR("kk"), "are not the same"), -1);
    s.key = STR("");
    assert_int_equal(take_key(&s, str_from(text, sizeof(text)), "1 to 200 bytes"), -1);
    assert_int_equal(take_key(&s, STR(""), "1 to 200 bytes"), -1);
    assert_int_equal(take_key(&s, STR("a\tb"), "control characters"), -1);
    assert_int_equal(take_key(&s, STR("a\xC2\x80"), "control characters"), -1);
    assert_int_equal(take_key(&s, STR("a\xFF"), "UTF-8"), -1);
    assert_int_equal(take_key(&s, STR("\xC2\xA0\xE2\x82\xAC"), ""), 0);
}

static void bounds_depth(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct buf body = BUF_INIT;
    struct submission s;
    struct err err;
    for (int i = 0; i < 1000000; i++)
        buf_add_byte(&body, '[');
    assert_int_equal(submission_parse(buf_str(&body), &arena, &s, &err), -1);
    assert_non_null(strstr(err.text, "depth"));
    buf_release(&body);
    arena_release(&arena);
}

static void a_message_that_is_no_job_has_less(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct message_request r;
    struct err err;
    struct str body = STR("{\"message\": \"Subject: x\\n\\nhi\", \"contact\": \"a@b.org\", "
                          "\"lane\": \"transactional\", \"eml\": true}");
    assert_int_equal(message_request_parse(body, true, &arena, &r, &err), 0);
    assert_true(str_eq(r.what.source, STR("Subject: x\n\nhi")));
    assert_true(str_eq(r.contact, STR("a@b.org")));
    assert_int_equal(r.what.lane, LANE_TRANSACTIONAL);
    assert_true(r.eml);
    assert_int_equal(message_request_parse(body, false, &arena, &r, &err), -1);
    assert_non_null(strstr(err.text, "; there are message, message_name, identity, files."));
    assert_int_equal(message_request_parse(STR("{\"message\": \"x\"}"), true, &arena, &r, &err),
                     -1);
    assert_string_equal(err.text, "The field \"contact\" is missing.");
    assert_int_equal(message_request_parse(STR("{\"message\": \"x\", \"dry_run\": true}"), true,
                                           &arena, &r, &err),
                     -1);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_field),
        cmocka_unit_test(needs_two_fields_only),
        cmocka_unit_test(refuses_with_a_sentence_that_names_what),
        cmocka_unit_test(takes_the_key_of_the_header),
        cmocka_unit_test(bounds_depth),
        cmocka_unit_test(a_message_that_is_no_job_has_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
