#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/table.h"
#include "cli/term.h"

/* What `fill` prints to standard output, in a buffer that holds until the next call. */
static const char *printed(void (*fill)(void))
{
    static char text[1024];
    int pipes[2], saved = dup(STDOUT_FILENO);
    fflush(stdout);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    dup2(pipes[1], STDOUT_FILENO);
    fill();
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(pipes[1]);
    ssize_t n = read(pipes[0], text, sizeof(text) - 1);
    close(pipes[0]);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void fill_two_pages(void)
{
    static const struct column columns[] = {{"NAME", COLUMN_TEXT}, {"COUNT", COLUMN_NUMBER}};
    struct table *table = table_new(columns, 2);
    table_print(table);
    table_row(table);
    table_text(table, 0, STR("été\x1b[2J"));
    table_number(table, 1, 46443);
    assert_int_equal(table_rows(table), 1);
    table_print(table);
    assert_int_equal(table_rows(table), 0);
    table_row(table);
    table_number(table, 1, 7);
    table_print(table);
    table_free(table);
}

static void headings_come_once_and_cells_are_clean(void **state)
{
    (void)state;
    term_set_locale();
    assert_string_equal(printed(fill_two_pages), "NAME      COUNT\n"
                                                 "été␛[2J  46,443\n"
                                                 "              7\n");
}

/* The library would not end. */
static void what_the_locale_cannot_print_is_marked(void **state)
{
    (void)state;
    setlocale(LC_CTYPE, "C");
    assert_false(term_is_utf8());
    assert_string_equal(printed(fill_two_pages), "NAME      COUNT\n"
                                                 "?t??[2J  46,443\n"
                                                 "              7\n");
    term_set_locale();
}

static void fill_record(void)
{
    struct table *record = record_new();
    record_text(record, "state", STR("paused"));
    record_time(record, "finished", "");
    record_text(record, "to", STR("list:everyone"));
    table_print(record);
    table_free(record);
}

static void a_record_leaves_out_times_that_are_not(void **state)
{
    (void)state;
    assert_string_equal(printed(fill_record), "state  paused\n"
                                              "to     list:everyone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings_come_once_and_cells_are_clean),
        cmocka_unit_test(what_the_locale_cannot_print_is_marked),
        cmocka_unit_test(a_record_leaves_out_times_that_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
