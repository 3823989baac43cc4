#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/help.h"

enum { WIDEST = 100 };

static void assert_fits(const struct buf *text)
{
    struct str rest = buf_str(text);
    while (rest.at)
        assert_true(str_cut(&rest, '\n').len <= WIDEST);
}

static void the_overview_names_every_command(void **state)
{
    (void)state;
    struct args args = {.help = true};
    struct buf out = BUF_INIT;
    help_add(&out, &args);
    for (size_t i = 0; i < command_count; i++) {
        struct buf name = BUF_INIT;
        buf_addf(&name, "\n  %s%s%s", commands[i]->group ? commands[i]->group : "",
                 commands[i]->group ? " " : "", commands[i]->name);
        assert_non_null(strstr(out.at, name.at));
        buf_release(&name);
    }
    assert_fits(&out);
    buf_release(&out);
}

static void a_group_shows_its_own_commands_only(void **state)
{
    (void)state;
    struct args args = {.help = true, .group = "job"};
    struct buf out = BUF_INIT;
    help_add(&out, &args);
    assert_non_null(strstr(out.at, "job pause ID"));
    assert_null(strstr(out.at, "contacts"));
    buf_release(&out);
}

static void every_command_explains_its_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        struct args args = {.help = true, .command = commands[i]};
        struct buf out = BUF_INIT;
        help_add(&out, &args);
        assert_non_null(strstr(out.at, "Usage: tocsin "));
        assert_non_null(strstr(out.at, "--json"));
        for (const struct flag *f = commands[i]->flags; f && f->name; f++)
            assert_non_null(strstr(out.at, f->help));
        assert_fits(&out);
        buf_release(&out);
    }
}

static void rows_of_the_table_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = commands[i];
        assert_non_null(c->run);
        assert_true(c->words_min <= c->words_max);
        assert_true((c->words_max == 0) == (*c->words == '\0'));
        assert_ptr_equal(command_find(c->group, c->name), c);
        assert_true(!c->group || command_group_exists(c->group));
        assert_null(strchr(c->summary, '.'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_overview_names_every_command),
        cmocka_unit_test(a_group_shows_its_own_commands_only),
        cmocka_unit_test(every_command_explains_its_options),
        cmocka_unit_test(rows_of_the_table_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
