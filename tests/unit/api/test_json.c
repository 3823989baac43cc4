/* Whatever goes in, valid JSON comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/json.h"

static void assert_quoted(struct str text, const char *want)
{
    struct buf out = BUF_INIT;
    json_quote(&out, text);
    assert_string_equal(out.at, want);
    buf_release(&out);
}

static void escapes_what_json_and_terminals_obey(void **state)
{
    (void)state;
    assert_quoted(STR("plain"), "\"plain\"");
    assert_quoted(STR(""), "\"\"");
    assert_quoted(STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    assert_quoted(STR("\n\r\t\b\x01\x1b[31m\x7f"), "\"\\n\\r\\t\\u0008\\u0001\\u001b[31m\\u007f\"");
    assert_quoted(STR("a\0b"), "\"a\\u0000b\"");
    assert_quoted(STR("\xC2\x9B"
                      "31m"),
                  "\"\\u009b31m\"");
}

static void keeps_utf8_and_replaces_what_is_none(void **state)
{
    (void)state;
    assert_quoted(STR("Zo\xC3\xAB \xF0\x9F\x98\x80"), "\"Zo\xC3\xAB \xF0\x9F\x98\x80\"");
    assert_quoted(STR("\xC3"), "\"\xEF\xBF\xBD\"");
    assert_quoted(STR("\xE9t\xE9"), "\"\xEF\xBF\xBDt\xEF\xBF\xBD\"");
    assert_quoted(STR("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_quoted(STR("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void puts_commas_where_they_belong(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct json json = json_to(&out);
    json_open_object(&json, NULL);
    json_open_array(&json, "empty");
    json_close_array(&json);
    json_add_u64(&json, "big", UINT64_MAX);
    json_add_i64(&json, "least", INT64_MIN);
    json_open_array(&json, "mixed");
    json_add_text(&json, NULL, STR("x"));
    json_open_object(&json, NULL);
    json_add_bool(&json, "yes", true);
    json_add_null(&json, "nothing");
    json_close_object(&json);
    json_add_u64(&json, NULL, 0);
    json_close_array(&json);
    json_add_pair(&json, STR("a\"key"), STR("value"));
    json_close_object(&json);
    assert_string_equal(out.at, "{\"empty\": [], \"big\": 18446744073709551615, "
                                "\"least\": -9223372036854775808, \"mixed\": [\"x\", "
                                "{\"yes\": true, \"nothing\": null}, 0], \"a\\\"key\": \"value\"}");
    buf_release(&out);
}

static void lines_follow_each_other_without_commas(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct json json = json_to(&out);
    for (uint64_t i = 1; i <= 2; i++) {
        json_open_object(&json, NULL);
        json_add_u64(&json, "n", i);
        json_close_object(&json);
        json_end_line(&json);
    }
    assert_string_equal(out.at, "{\"n\": 1}\n{\"n\": 2}\n");
    buf_release(&out);
}

static void writes_times_in_utc(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct json json = json_to(&out);
    json_open_object(&json, NULL);
    json_add_time(&json, "at", 1795378445);
    json_add_time(&json, "never", 0);
    json_add_time(&json, "last", UINT32_MAX);
    json_close_object(&json);
    assert_string_equal(out.at, "{\"at\": \"2026-11-22T20:14:05Z\", \"never\": null, \"last\": "
                                "\"2106-02-07T06:28:15Z\"}");
    buf_release(&out);
}

/* Every byte alone and behind each lead byte: another reader must take it. */
static void every_pair_of_bytes_is_read_by_jansson(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        char text[2] = {(char)(pair >> 8), (char)pair};
        struct buf out = BUF_INIT;
        json_quote(&out, str_from(text, 2));
        json_t *read = json_loadb(out.at, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (!read)
            fail_msg("%02x %02x became %s", pair >> 8, pair & 255, out.at);
        json_decref(read);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_what_json_and_terminals_obey),
        cmocka_unit_test(keeps_utf8_and_replaces_what_is_none),
        cmocka_unit_test(puts_commas_where_they_belong),
        cmocka_unit_test(lines_follow_each_other_without_commas),
        cmocka_unit_test(writes_times_in_utc),
        cmocka_unit_test(every_pair_of_bytes_is_read_by_jansson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
