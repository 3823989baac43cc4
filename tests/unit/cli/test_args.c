#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/args.h"

static struct args args;
static struct err err;

/* Parses a command line that is written as one text; words are parted by single spaces. */
static int parse(const char *line)
{
    static char copy[512];
    static char *argv[64];
    int argc = 0;
    snprintf(copy, sizeof(copy), "tocsin %s", line);
    for (char *at = copy; at; argc++) {
        argv[argc] = at;
        at = strchr(at, ' ');
        if (at)
            *at++ = '\0';
    }
    err.text[0] = '\0';
    return args_parse(&args, *line ? argc : 1, argv, &err);
}

static void refuses(const char *line, const char *sentence)
{
    assert_int_equal(parse(line), -1);
    assert_string_equal(err.text, sentence);
}

static void commands_have_one_or_two_words(void **state)
{
    (void)state;
    assert_int_equal(parse("job show 12"), 0);
    assert_ptr_equal(args.command, &job_show_command);
    assert_int_equal(args.words_len, 1);
    assert_string_equal(args.words[0], "12");
    assert_int_equal(parse("status"), 0);
    assert_ptr_equal(args.command, &status_command);
    assert_int_equal(parse("why a@b.example 12"), 0);
    assert_int_equal(args.words_len, 2);
}

static void global_options_stand_anywhere(void **state)
{
    (void)state;
    const char *lines[] = {"--socket s --json job show 1", "job --json --socket=s show 1",
                           "job show --socket s 1 --json", "job show 1 --json --socket s"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(parse(lines[i]), 0);
        assert_true(args.json);
        assert_string_equal(args.socket, "s");
        assert_string_equal(args.words[0], "1");
    }
}

static void options_have_values(void **state)
{
    (void)state;
    assert_int_equal(parse("send a.md --to list:x --to=all --dry-run --name -n-"), 0);
    assert_string_equal(args_value(&args, "to"), "all");
    assert_string_equal(args_value(&args, "name"), "-n-");
    assert_true(args_has(&args, "dry-run"));
    assert_false(args_has(&args, "watch"));
    assert_null(args_value(&args, "lane"));
    assert_int_equal(parse("send a.md --to="), 0);
    assert_string_equal(args_value(&args, "to"), "");
}

static void repeated_options_come_in_order(void **state)
{
    (void)state;
    size_t at = 0;
    assert_int_equal(parse("contacts import - --map a=b --list l --map c=d"), 0);
    assert_string_equal(args.words[0], "-");
    assert_string_equal(args_next(&args, "map", &at), "a=b");
    assert_string_equal(args_next(&args, "map", &at), "c=d");
    assert_null(args_next(&args, "map", &at));
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_int_equal(parse("contacts show -- --odd@b.example"), 0);
    assert_string_equal(args.words[0], "--odd@b.example");
}

static void help_needs_no_whole_command(void **state)
{
    (void)state;
    const char *lines[] = {"--help",        "-h",     "help", "job --help", "job show --help",
                           "help job show", "send -h"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(parse(lines[i]), 0);
        assert_true(args.help);
    }
    assert_int_equal(parse("--version"), 0);
    assert_true(args.version);
}

static void wrong_words_are_refused_with_what_is_near(void **state)
{
    (void)state;
    refuses("", "\"tocsin\" is not a whole command: \"tocsin --help\" lists them.");
    refuses("job", "\"tocsin job\" is not a whole command: \"tocsin job --help\" lists them.");
    refuses("jbo", "There is no command \"tocsin jbo\": did you mean \"job\"?");
    refuses("job shwo 1", "There is no command \"tocsin job shwo\": did you mean \"job show\"?");
    refuses("campaign", "There is no command \"tocsin campaign\": \"tocsin --help\" lists them.");
    refuses("job explode",
            "There is no command \"tocsin job explode\": \"tocsin job --help\" lists them.");
    refuses("job show", "\"tocsin job show\" needs more words: tocsin job show ID.");
    refuses("job show 1 2", "\"tocsin job show\" does not take \"2\": tocsin job show ID.");
    refuses("status now", "\"tocsin status\" does not take \"now\": tocsin status.");
}

static void wrong_options_are_refused_with_what_is_near(void **state)
{
    (void)state;
    refuses("send a.md --too all", "\"tocsin send\" has no option --too: did you mean --to?");
    refuses("job list --jsno", "\"tocsin job list\" has no option --jsno: did you mean --json?");
    refuses("job list --colour",
            "\"tocsin job list\" has no option --colour: \"tocsin job list --help\" lists them.");
    refuses("job list -q",
            "\"tocsin job list\" has no option -q: \"tocsin job list --help\" lists them.");
    refuses("job list --json=yes", "The option --json takes no value.");
    refuses("job list --limit", "The option --limit needs a value: --limit N.");
    /* A command's option means nothing before the command. */
    refuses("--limit 3 job list",
            "\"tocsin\" has no option --limit: \"tocsin --help\" lists them.");
}

static void job_numbers(void **state)
{
    (void)state;
    uint32_t job = 0;
    assert_int_equal(parse("job show 4294967295"), 0);
    assert_int_equal(args_job(&args, 0, &job, &err), 0);
    assert_true(job == UINT32_MAX);
    const char *wrong[] = {"job show 0", "job show one", "job show 4294967296", "job show 1x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse(wrong[i]), 0);
        assert_int_equal(args_job(&args, 0, &job, &err), -1);
        assert_non_null(strstr(err.text, "is not the number of a job"));
    }
}

static void too_many_words_are_refused(void **state)
{
    (void)state;
    static char *argv[ARGS_MAX + 1];
    for (int i = 0; i <= ARGS_MAX; i++)
        argv[i] = "x";
    assert_int_equal(args_parse(&args, ARGS_MAX + 1, argv, &err), -1);
    assert_string_equal(err.text, "There are more than 256 words on the command line.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_have_one_or_two_words),
        cmocka_unit_test(global_options_stand_anywhere),
        cmocka_unit_test(options_have_values),
        cmocka_unit_test(repeated_options_come_in_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(help_needs_no_whole_command),
        cmocka_unit_test(wrong_words_are_refused_with_what_is_near),
        cmocka_unit_test(wrong_options_are_refused_with_what_is_near),
        cmocka_unit_test(job_numbers),
        cmocka_unit_test(too_many_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
