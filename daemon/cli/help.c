#include "cli/help.h"

#include <string.h>

enum { LEFT_COLUMN = 30 };

static const char introduction[] =
    "tocsin: import contacts, send a message to some of them, see what came of every copy.\n"
    "\n"
    "Usage: tocsin [--socket PATH] [--json] COMMAND ...\n"
    "\n";

static const char ending[] = "\n"
                             "\"tocsin COMMAND --help\" explains a command. Exit status: 0 done; 1 "
                             "the daemon refused, or it\n"
                             "failed; 2 wrong words on the command line; 3 no daemon answers.\n";

/* "  left   right", the right side in its column, or on the next line when the left is too long. */
static void add_row(struct buf *out, struct str left, const char *right)
{
    buf_addf(out, "  %-*.*s", LEFT_COLUMN, STR_ARG(left));
    if (left.len >= LEFT_COLUMN)
        buf_addf(out, "\n  %*s", LEFT_COLUMN, "");
    buf_addf(out, " %s\n", right);
}

static void add_usage(struct buf *out, const struct command *c)
{
    if (c->group)
        buf_addf(out, "%s ", c->group);
    buf_add_text(out, c->name);
    if (*c->words)
        buf_addf(out, " %s", c->words);
}

static void add_command_row(struct buf *out, const struct command *c)
{
    struct buf usage = BUF_INIT;
    add_usage(&usage, c);
    add_row(out, buf_str(&usage), c->summary);
    buf_release(&usage);
}

static void add_flags(struct buf *out, const char *heading, const struct flag *flags)
{
    if (!flags)
        return;
    buf_addf(out, "\n%s\n", heading);
    for (; flags->name; flags++) {
        struct buf left = BUF_INIT;
        buf_addf(&left, "--%s%s%s", flags->name, flags->value ? " " : "",
                 flags->value ? flags->value : "");
        add_row(out, buf_str(&left), flags->help);
        buf_release(&left);
    }
}

static void add_command(struct buf *out, const struct command *c)
{
    buf_add_text(out, "Usage: tocsin ");
    add_usage(out, c);
    buf_addf(out, "%s\n\n%s.\n", c->flags ? " [OPTIONS]" : "", c->summary);
    if (c->about)
        buf_addf(out, "\n%s\n", c->about);
    add_flags(out, "Options:", c->flags);
}

/* The commands of a group, or all for NULL. */
static void add_commands(struct buf *out, const char *group)
{
    if (!group)
        buf_add_text(out, introduction);
    buf_add_text(out, "Commands:\n");
    for (size_t i = 0; i < command_count; i++)
        if (!group || (commands[i]->group && strcmp(commands[i]->group, group) == 0))
            add_command_row(out, commands[i]);
}

void help_add(struct buf *out, const struct args *args)
{
    if (args->command)
        add_command(out, args->command);
    else
        add_commands(out, args->group);
    add_flags(out, "Everywhere:", global_flags);
    if (!args->command)
        buf_add_text(out, ending);
}
