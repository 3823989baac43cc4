/*
 * tocsin check FILE: whether a message is fit to be sent (cli/message_check.h).
 *
 * tocsin check --data CONFIG: whether the data folder is whole. The daemon's own program looks, as
 * only that knows the store: this one becomes it.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/message_check.h"

#define DAEMON_NAME "tocsind"

/* The path of the daemon's program in the folder of this one; false when there is none. */
static bool find_beside(char out[PATH_MAX + sizeof(DAEMON_NAME)])
{
    ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (len <= 0)
        return false;
    out[len] = '\0';
    char *name = strrchr(out, '/');
    if (!name)
        return false;
    memcpy(name + 1, DAEMON_NAME, sizeof(DAEMON_NAME));
    return access(out, X_OK) == 0;
}

static int check_data(struct cli *cli, const char *config)
{
    char beside[PATH_MAX + sizeof(DAEMON_NAME)];
    char *const argv[] = {(char *)DAEMON_NAME, (char *)"--config", (char *)config,
                          (char *)"--check-data", NULL};
    if (find_beside(beside))
        execv(beside, argv);
    execvp(DAEMON_NAME, argv);
    return cli_fail(cli,
                    "The program " DAEMON_NAME
                    " cannot be started: %s. It must be in the folder of "
                    "tocsin, or in PATH.",
                    strerror(errno));
}

static int run(struct cli *cli, const struct args *args)
{
    const char *config = args_value(args, "data");
    if (!config && args->words_len == 0)
        return cli_usage(cli, "Say what to check: FILE, a message; or --data CONFIG, the daemon's "
                              "configuration.");
    if (!config)
        return message_check_run(cli, args->words[0], args_value(args, "identity"));
    if (args->words_len > 0)
        return cli_usage(cli, "Check one thing at a time: a message, or --data.");
    if (cli->json)
        return cli_usage(cli, "What \"check --data\" finds are sentences: it has no --json.");
    return check_data(cli, config);
}

static const struct flag flags[] = {
    {"identity", "NAME", "The identity that would send the message; else the first"},
    {"data", "CONFIG", "Check the data folder of this configuration"},
    {NULL, NULL, NULL},
};

const struct command check_command = {
    .name = "check",
    .words = "[FILE]",
    .words_max = 1,
    .summary = "Check a message before it is sent, or the data folder",
    .about = "FILE is a message: what is wrong with it, by line and column, and what is seldom\n"
             "meant, such as a name that no contact has. Nothing is sent. Exit status 1 if there\n"
             "are errors; warnings are none.\n"
             "\n"
             "With --data, every page and every record of the data folder is read, and what must\n"
             "agree is compared; nothing is changed. The daemon must be stopped. Run it as the\n"
             "user who runs tocsind. Exit status 1 if anything is wrong.",
    .flags = flags,
    .run = run,
};
