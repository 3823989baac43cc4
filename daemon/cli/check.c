/*
 * tocsin check --data CONFIG: whether the data folder is whole. The daemon's own program looks, as
 * only that knows the store: this one becomes it.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/cli.h"

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
    if (!config)
        return cli_usage(cli, "Say what to check: --data CONFIG, the daemon's configuration.");
    if (cli->json)
        return cli_usage(cli, "What \"check --data\" finds are sentences: it has no --json.");
    return check_data(cli, config);
}

static const struct flag flags[] = {
    {"data", "CONFIG", "Check the data folder of this configuration"},
    {NULL, NULL, NULL},
};

const struct command check_command = {
    .name = "check",
    .words = "",
    .summary = "Check that the data folder is whole",
    .about = "Every page and every record is read, and what must agree is compared; nothing\n"
             "is changed. The daemon must be stopped. Run it as the user who runs tocsind.\n"
             "Exit status 1 if anything is wrong.",
    .flags = flags,
    .run = run,
};
