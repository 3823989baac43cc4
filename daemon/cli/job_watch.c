/* tocsin job watch: a live view until the job is over. */
#include "cli/watch.h"

static int run(struct cli *cli, const struct args *args)
{
    uint32_t id;
    if (args_job(args, 0, &id, &cli->err) != 0)
        return CLI_USAGE;
    return watch_job(cli, id);
}

const struct command job_watch_command = {
    .group = "job",
    .name = "watch",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "Watch a job until it is over",
    .about = "On a terminal a live view; elsewhere only the report at the end; with --json a line\n"
             "for each change, the last of which is the final job. Exit status 1 if the job was\n"
             "cancelled. Ctrl-C ends the view, not the job.",
    .run = run,
};
