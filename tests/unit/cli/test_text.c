#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cli/text.h"

#define GIVES(call, text)                    \
    do {                                     \
        struct buf out = BUF_INIT;           \
        call;                                \
        buf_reserve(&out, 1);                \
        out.at[out.len] = '\0';              \
        assert_string_equal(out.at, (text)); \
        buf_release(&out);                   \
    } while (0)

static void clean_text_stays_as_it_is(void **state)
{
    (void)state;
    GIVES(text_clean(&out, STR("Zoë, 東京, \\x1b, 😀")), "Zoë, 東京, \\x1b, 😀");
    GIVES(text_clean(&out, STR("")), "");
}

static void controls_become_pictures(void **state)
{
    (void)state;
    GIVES(text_clean(&out, STR("a\x1b[31mb\nc\td\r\0e\x7f")), "a␛[31mb␊c␉d␍␀e␡");
    GIVES(text_clean(&out, STR("\xc2\x9b"
                               "2J")),
          "\xEF\xBF\xBD"
          "2J"); /* CSI of C1 */
    GIVES(text_clean(&out, STR("a\u202eb\u2066c\u2028d")), "a�b�c�d");
}

static void what_is_no_utf8_is_replaced(void **state)
{
    (void)state;
    GIVES(text_clean(&out, STR("\xff"
                               "a\xc3"
                               "b\xe2\x82")),
          "�a�b��");
    GIVES(text_clean(&out, STR("\xed\xa0\x80")), "���"); /* a surrogate */
}

static void json_keeps_its_meaning(void **state)
{
    (void)state;
    GIVES(text_clean_json(&out, STR("{\"a\": \"\xc2\x9b\x7fé\\n\"}")),
          "{\"a\": \"\\u009b\\u007fé\\n\"}");
    GIVES(text_clean_json(&out, STR("\xc2")), "\xc2");
}

static void cut_counts_columns(void **state)
{
    (void)state;
    setlocale(LC_CTYPE, "C.UTF-8");
    assert_int_equal(text_width(STR("a東\u0301é")), 4);
    GIVES(text_cut(&out, STR("abcdef"), 3), "abc");
    GIVES(text_cut(&out, STR("été"), 2), "ét");
    GIVES(text_cut(&out, STR("東京"), 3), "東"); /* two columns each */
    GIVES(text_cut(&out, STR("東京"), 4), "東京");
    GIVES(text_cut(&out, STR("e\u0301x"), 1), "e\u0301");
}

static void what_cannot_be_printed_is_marked(void **state)
{
    (void)state;
    setlocale(LC_CTYPE, "C.UTF-8");
    GIVES(text_printable(&out, STR("aé東\u0378\u0301")), "aé東?\u0301"); /* U+0378 is unassigned */
    setlocale(LC_CTYPE, "C");
    GIVES(text_printable(&out, STR("aé東")), "a??");
}

static void numbers_for_people(void **state)
{
    (void)state;
    GIVES(text_number(&out, 0), "0");
    GIVES(text_number(&out, 999), "999");
    GIVES(text_number(&out, 1000), "1,000");
    GIVES(text_number(&out, UINT64_MAX), "18,446,744,073,709,551,615");
    GIVES(text_count(&out, 1, "row", "rows"), "1 row");
    GIVES(text_count(&out, 46443, "row", "rows"), "46,443 rows");
    GIVES(text_bytes(&out, 1023), "1023 bytes");
    GIVES(text_bytes(&out, 1536), "1.5 KiB");
    GIVES(text_bytes(&out, (uint64_t)27 << 20), "27.0 MiB");
    GIVES(text_rate(&out, 812.4), "812/s");
    GIVES(text_rate(&out, 0.25), "0.2/s");
    GIVES(text_rate(&out, 4000), "4,000/s");
}

static void all_is_said_of_all_only(void **state)
{
    (void)state;
    GIVES(text_percent(&out, 0, 0), "0.0 %");
    GIVES(text_percent(&out, 999999, 1000000), "99.9 %");
    GIVES(text_percent(&out, 1000000, 1000000), "100.0 %");
    GIVES(text_percent(&out, 472, 1000), "47.2 %");
}

static void durations_for_people(void **state)
{
    (void)state;
    GIVES(text_duration(&out, 59), "59 s");
    GIVES(text_duration(&out, 130), "2 min 10 s");
    GIVES(text_duration(&out, 3 * 3600 + 59), "3 h 0 min");
    GIVES(text_duration(&out, 3 * 86400 + 7200), "3 d 2 h");
}

static void times_are_local(void **state)
{
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    GIVES(text_time(&out, "2026-11-21T20:24:07Z"), "2026-11-21 21:24:07");
    GIVES(text_time(&out, "2026-06-21T20:24:07.123Z"), "2026-06-21 22:24:07");
    GIVES(text_time(&out, "soon\n"), "soon␊");
    /* 23:30 there, half an hour before the next day. */
    const int64_t now = text_time_read("2026-11-21T22:30:00Z");
    GIVES(text_clock(&out, "2026-11-21T20:24:59Z", now), "21:24");
    GIVES(text_clock(&out, "2026-11-21T23:10:00Z", now), "2026-11-22 00:10");
    GIVES(text_clock(&out, "soon\n", now), "soon␊");
    assert_true(text_time_read("1970-01-02T00:00:00Z") == 86400);
    assert_true(text_time_read("1970-01-02") == -1);
    assert_true(text_time_read("") == -1);
    assert_true(text_time_read(NULL) == -1);
}

static void bars(void **state)
{
    (void)state;
    GIVES(text_bar(&out, 1, 2, 4, false), "##..");
    GIVES(text_bar(&out, 1, 2, 4, true), "██░░");
    GIVES(text_bar(&out, 0, 0, 3, false), "...");
    GIVES(text_bar(&out, 2, 2, 3, false), "###");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_text_stays_as_it_is),
        cmocka_unit_test(controls_become_pictures),
        cmocka_unit_test(what_is_no_utf8_is_replaced),
        cmocka_unit_test(json_keeps_its_meaning),
        cmocka_unit_test(cut_counts_columns),
        cmocka_unit_test(what_cannot_be_printed_is_marked),
        cmocka_unit_test(numbers_for_people),
        cmocka_unit_test(all_is_said_of_all_only),
        cmocka_unit_test(durations_for_people),
        cmocka_unit_test(times_are_local),
        cmocka_unit_test(bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
