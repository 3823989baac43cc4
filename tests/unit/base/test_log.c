#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static char path[] = "/tmp/tocsin-log-XXXXXX";

static int open_log(void **state)
{
    (void)state;
    struct err err;
    int fd = mkstemp(path);
    close(fd);
    clock_hold(1700000000123456);
    return log_open(path, LOG_INFO, &err);
}

static int close_log(void **state)
{
    (void)state;
    log_close();
    clock_hold(-1);
    return unlink(path);
}

/* What the log holds now; it is emptied. */
static const char *written(void)
{
    static char text[4096];
    log_flush();
    FILE *file = fopen(path, "r+");
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    text[n] = '\0';
    assert_int_equal(ftruncate(fileno(file), 0), 0);
    fclose(file);
    return text;
}

static void a_line_has_time_level_event_and_values(void **state)
{
    (void)state;
    struct log_line l;
    assert_true(log_begin(&l, LOG_INFO, "delivered"));
    log_u64(&l, "job", 12);
    log_text(&l, "to", "a@b.example");
    log_end(&l);
    assert_string_equal(written(),
                        "2023-11-14T22:13:20.123Z info delivered job=12 to=a@b.example\n");
}

/* /dev/full is a disk without room. */
static void lost_lines_are_admitted(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(log_open("/dev/full", LOG_INFO, &err), 0);
    log_say(LOG_WARN, "lost", "Nobody reads this.");
    assert_int_equal(log_open(path, LOG_INFO, &err), 0);
    log_say(LOG_INFO, "later", "This is read.");
    const char *text = written();
    assert_non_null(strstr(text, " warn log_lost message="));
    assert_non_null(strstr(text, " info later "));
    assert_null(strstr(text, "Nobody"));
    log_say(LOG_INFO, "again", "Said once.");
    assert_null(strstr(written(), "log_lost"));
}

static void a_stranger_cannot_forge_a_line(void **state)
{
    (void)state;
    struct log_line l;
    assert_true(log_begin(&l, LOG_INFO, "delivered"));
    log_text(&l, "reply", "250 ok\r\n2023 error forged=1 \"x\\ \x1b[2J");
    log_str(&l, "raw", STR("\xFF\0z"));
    log_text(&l, "name", "Zo\xC3\xAB K.");
    log_text(&l, "csi", "\xC2\x9B\x32J");
    log_text(&l, "none", "");
    log_end(&l);
    assert_string_equal(
        written(), "2023-11-14T22:13:20.123Z info delivered "
                   "reply=\"250 ok\\x0d\\x0a2023 error forged=1 \\\"x\\\\ \\x1b[2J\" "
                   "raw=\"\\xff\\x00z\" name=\"Zo\xC3\xAB K.\" csi=\"\\xc2\\x9b2J\" none=\"\"\n");
}

static void lower_levels_are_dropped_and_warnings_written_at_once(void **state)
{
    (void)state;
    struct log_line l;
    assert_false(log_begin(&l, LOG_DEBUG, "state"));
    log_say(LOG_INFO, "kept", "It waits.");
    FILE *file = fopen(path, "r");
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    log_say(LOG_WARN, "urgent", "It %s not.", "does");
    file = fopen(path, "r");
    assert_int_not_equal(fgetc(file), EOF);
    fclose(file);
    assert_non_null(strstr(written(), "warn urgent message=\"It does not.\"\n"));
}

static void a_log_that_cannot_be_opened_is_a_sentence(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(log_open("/nonexistent/log", LOG_INFO, &err), -1);
    assert_string_equal(
        err.text, "The log file /nonexistent/log cannot be opened: No such file or directory.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_and_values),
        cmocka_unit_test(lost_lines_are_admitted),
        cmocka_unit_test(a_stranger_cannot_forge_a_line),
        cmocka_unit_test(lower_levels_are_dropped_and_warnings_written_at_once),
        cmocka_unit_test(a_log_that_cannot_be_opened_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, open_log, close_log);
}
