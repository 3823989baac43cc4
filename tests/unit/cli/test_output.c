#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/output.h"

static char folder[64], path[80], part[96];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "test_output.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/e.csv", folder);
    snprintf(part, sizeof(part), "%s.part", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void holds(const char *expected)
{
    char text[64] = "";
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, text, sizeof(text) - 1), (int)strlen(expected));
    close(fd);
    assert_string_equal(text, expected);
}

static void write_file(const char *text, bool whole)
{
    struct output output;
    struct err err = {""};
    assert_int_equal(output_open(&output, path, &err), 0);
    assert_int_equal(output_write(&output, str_of(text), &err), 0);
    assert_int_equal(output.bytes, strlen(text));
    assert_int_equal(output_close(&output, whole, &err), whole ? 0 : -1);
    assert_string_equal(err.text, "");
}

static void a_file_appears_when_it_is_whole(void **state)
{
    (void)state;
    struct output output;
    assert_int_equal(output_open(&output, path, NULL), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(output_close(&output, true, NULL), 0);
    write_file("first\n", true);
    holds("first\n");
}

static void what_was_there_stays_when_it_fails(void **state)
{
    (void)state;
    write_file("first\n", true);
    write_file("second\n", false);
    holds("first\n");
    assert_int_not_equal(access(part, F_OK), 0);
}

static void a_place_that_is_not_there(void **state)
{
    (void)state;
    struct output output;
    struct err err = {""};
    assert_int_equal(output_open(&output, "nosuchfolder/e.csv", &err), -1);
    assert_string_equal(err.text,
                        "nosuchfolder/e.csv could not be written: No such file or directory.");
}

static void a_full_disk_is_noticed(void **state)
{
    (void)state;
    struct output output;
    struct err err = {""};
    assert_int_equal(output_open(&output, "/dev/full", &err), 0);
    assert_int_equal(output_write(&output, STR("x"), &err), 0);
    assert_int_equal(output_close(&output, true, &err), -1);
    assert_string_equal(err.text, "/dev/full could not be written: No space left on device.");
}

/* In a folder that others may write to, nobody can place something under the name beforehand. */
static void nothing_is_written_through_a_link(void **state)
{
    (void)state;
    char victim[96];
    snprintf(victim, sizeof(victim), "%s/victim", folder);
    int fd = open(victim, O_WRONLY | O_CREAT, 0644);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlink("victim", part), 0);
    write_file("first\n", true);
    holds("first\n");
    assert_int_equal(unlink(victim), 0);
    assert_int_equal(readlink(path, victim, sizeof(victim)), -1);
}

/* A terminal hands over what it has, be it less than was written. */
static void read_terminal(int master, char *shown, size_t length)
{
    size_t held = 0;
    ssize_t got = 1;
    for (; held < length && got > 0; held += got > 0 ? (size_t)got : 0)
        got = read(master, shown + held, length - held);
    shown[held] = '\0';
}

static void a_terminal_gets_no_commands(void **state)
{
    (void)state;
    static const char expected[] = "a\xE2\x90\x9B[2J\r\nb\r\n";
    struct output output;
    struct err err = {""};
    char shown[64] = "";
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    int kept_open = open(ptsname(master), O_RDWR | O_NOCTTY); /* or unread bytes could go with it */
    assert_true(kept_open >= 0);
    assert_int_equal(output_open(&output, ptsname(master), &err), 0);
    assert_int_equal(output_write(&output, STR("a\x1b["), &err), 0);
    assert_int_equal(output_write(&output, STR("2J\r\nb"), &err), 0);
    assert_int_equal(output.bytes, 8);
    assert_int_equal(output_close(&output, true, &err), 0);
    read_terminal(master, shown, strlen(expected));
    assert_string_equal(shown, expected);
    close(kept_open);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_appears_when_it_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_there_stays_when_it_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_written_through_a_link, set_up, tear_down),
        cmocka_unit_test(a_terminal_gets_no_commands),
        cmocka_unit_test(a_place_that_is_not_there),
        cmocka_unit_test(a_full_disk_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
