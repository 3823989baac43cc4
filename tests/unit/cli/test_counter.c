/* The numbers of counters, as people write and read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/counter.h"

static void assert_number(const char *text, int64_t want)
{
    int64_t got = 0;
    if (!counter_number(text, &got) || got != want)
        fail_msg("%s", text);
}

static void whole_numbers_of_64_bits_are_read(void **state)
{
    (void)state;
    assert_number("46443", 46443);
    assert_number("-1", -1);
    assert_number("-0", 0);
    assert_number("9223372036854775807", INT64_MAX);
    assert_number("-9223372036854775808", INT64_MIN);
}

static void other_words_are_none(void **state)
{
    (void)state;
    static const char *const words[] = {"",
                                        "-",
                                        "--1",
                                        "+1",
                                        "1.5",
                                        "46,443",
                                        "1e3",
                                        " 1",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "x"};
    int64_t number;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (counter_number(words[i], &number))
            fail_msg("%s", words[i]);
}

static void assert_value(const char *json, const char *want)
{
    json_t *counter = json_loads(json, 0, NULL);
    struct buf out = BUF_INIT;
    counter_add_value(&out, counter);
    assert_string_equal(out.at, want);
    buf_release(&out);
    json_decref(counter);
}

static void values_are_easy_to_read(void **state)
{
    (void)state;
    assert_value("{\"value\": 46443}", "46,443");
    assert_value("{\"value\": 0}", "0");
    assert_value("{\"value\": -46443}", "-46,443");
    assert_value("{\"value\": -9223372036854775808}", "-9,223,372,036,854,775,808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_of_64_bits_are_read),
        cmocka_unit_test(other_words_are_none),
        cmocka_unit_test(values_are_easy_to_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
