#include "cli/args.h"

#include <string.h>

#include "base/buf.h"
#include "base/suggest.h"

/* The nearest of the names seen so far to what was written. */
struct nearest {
    struct str word;
    const char *name;
    unsigned distance;
};

static void nearest_try(struct nearest *nearest, const char *name)
{
    struct str candidate = str_of(name);
    unsigned distance = suggest_distance(nearest->word, candidate);
    if (!suggest_is_near(nearest->word, candidate))
        return;
    if (nearest->name && distance >= nearest->distance)
        return;
    nearest->name = name;
    nearest->distance = distance;
}

static void nearest_try_flags(struct nearest *nearest, const struct flag *flags)
{
    for (; flags && flags->name; flags++)
        nearest_try(nearest, flags->name);
}

static void add_command_name(struct buf *out, const struct args *args)
{
    buf_add_text(out, "tocsin");
    if (args->group)
        buf_addf(out, " %s", args->group);
    if (args->command)
        buf_addf(out, " %s", args->command->name);
}

/* `text` is the option as it was written, `name` what of it should be a name. */
static int unknown_flag(const struct args *args, const char *text, struct str name, struct err *err)
{
    struct nearest nearest = {.word = name};
    struct buf command = BUF_INIT;
    nearest_try_flags(&nearest, global_flags);
    if (args->command)
        nearest_try_flags(&nearest, args->command->flags);
    add_command_name(&command, args);
    if (nearest.name)
        err_set(err, "\"%s\" has no option %s: did you mean --%s?", command.at, text, nearest.name);
    else
        err_set(err, "\"%s\" has no option %s: \"%s --help\" lists them.", command.at, text,
                command.at);
    buf_release(&command);
    return -1;
}

/* What the first word, or the second of a group, should have been. */
static int unknown_word(const struct args *args, const char *word, struct err *err)
{
    struct nearest nearest = {.word = str_of(word)};
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = commands[i];
        if (!args->group)
            nearest_try(&nearest, c->group ? c->group : c->name);
        else if (c->group && strcmp(c->group, args->group) == 0)
            nearest_try(&nearest, c->name);
    }
    const char *space = args->group ? " " : "";
    const char *group = args->group ? args->group : "";
    if (nearest.name)
        return err_set(err, "There is no command \"tocsin %s%s%s\": did you mean \"%s%s%s\"?",
                       group, space, word, group, space, nearest.name);
    return err_set(err, "There is no command \"tocsin %s%s%s\": \"tocsin%s%s --help\" lists them.",
                   group, space, word, space, group);
}

static const struct flag *flag_find(const struct flag *flags, struct str name)
{
    for (; flags && flags->name; flags++)
        if (str_eq(str_of(flags->name), name))
            return flags;
    return NULL;
}

static void set_global(struct args *args, const struct flag *flag, const char *value)
{
    if (strcmp(flag->name, "socket") == 0)
        args->socket = value;
    else if (strcmp(flag->name, "json") == 0)
        args->json = true;
    else if (strcmp(flag->name, "help") == 0)
        args->help = true;
    else
        args->version = true;
}

/* Reads the option at argv[*at], and its value from there or from the next word. */
static int take_flag(struct args *args, int argc, char *const *argv, int *at, struct err *err)
{
    const char *text = strcmp(argv[*at], "-h") == 0 ? "--help" : argv[*at];
    struct str rest = str_of(text[1] == '-' ? text + 2 : text + 1);
    struct str name = str_cut(&rest, '=');
    const char *value = rest.at;
    const struct flag *global = flag_find(global_flags, name);
    const struct flag *own = args->command ? flag_find(args->command->flags, name) : NULL;
    const struct flag *flag = global ? global : own;
    if (!flag || text[1] != '-')
        return unknown_flag(args, text, name, err);
    if (!flag->value && value)
        return err_set(err, "The option --%s takes no value.", flag->name);
    if (flag->value && !value) {
        if (*at + 1 >= argc)
            return err_set(err, "The option --%s needs a value: --%s %s.", flag->name, flag->name,
                           flag->value);
        value = argv[++*at];
    }
    if (global)
        set_global(args, flag, value);
    else
        args->given[args->given_len++] = (struct given_flag){flag, value};
    return 0;
}

static int take_word(struct args *args, const char *word, struct err *err)
{
    if (args->command) {
        args->words[args->words_len++] = word;
        return 0;
    }
    args->command = command_find(args->group, word);
    if (args->command)
        return 0;
    if (args->group)
        return unknown_word(args, word, err);
    if (strcmp(word, "help") == 0)
        args->help = true;
    else if (command_group_exists(word))
        args->group = word;
    else
        return unknown_word(args, word, err);
    return 0;
}

/* Are the words complete, and not too many? */
static int check_words(const struct args *args, struct err *err)
{
    const struct command *c = args->command;
    struct buf name = BUF_INIT;
    int status = 0;
    add_command_name(&name, args);
    if (!c)
        status = err_set(err, "\"%s\" is not a whole command: \"%s --help\" lists them.", name.at,
                         name.at);
    else if (args->words_len < c->words_min)
        status = err_set(err, "\"%s\" needs more words: %s %s.", name.at, name.at, c->words);
    else if (args->words_len > c->words_max)
        status = err_set(err, "\"%s\" does not take \"%s\": %s%s%s.", name.at,
                         args->words[c->words_max], name.at, *c->words ? " " : "", c->words);
    buf_release(&name);
    return status;
}

int args_parse(struct args *args, int argc, char *const *argv, struct err *err)
{
    bool only_words = false;
    *args = (struct args){0};
    if (argc > ARGS_MAX)
        return err_set(err, "There are more than %d words on the command line.", ARGS_MAX);
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        int status = 0;
        if (!only_words && strcmp(word, "--") == 0)
            only_words = true;
        else if (!only_words && word[0] == '-' && word[1])
            status = take_flag(args, argc, argv, &i, err);
        else
            status = take_word(args, word, err);
        if (status != 0)
            return -1;
    }
    return args->help || args->version ? 0 : check_words(args, err);
}

const char *args_next(const struct args *args, const char *flag, size_t *at)
{
    while (*at < args->given_len) {
        const struct given_flag *given = &args->given[(*at)++];
        if (strcmp(given->flag->name, flag) == 0)
            return given->value;
    }
    return NULL;
}

const char *args_value(const struct args *args, const char *flag)
{
    const char *last = NULL, *value;
    size_t at = 0;
    while ((value = args_next(args, flag, &at)))
        last = value;
    return last;
}

bool args_has(const struct args *args, const char *flag)
{
    for (size_t i = 0; i < args->given_len; i++)
        if (strcmp(args->given[i].flag->name, flag) == 0)
            return true;
    return false;
}

int args_job(const struct args *args, size_t at, uint32_t *job, struct err *err)
{
    uint64_t number;
    const char *word = args->words[at];
    if (!str_to_u64(str_of(word), &number) || number == 0 || number > UINT32_MAX)
        return err_set(err, "\"%s\" is not the number of a job: \"tocsin job list\" shows them.",
                       word);
    *job = (uint32_t)number;
    return 0;
}
