/* tocsin job show: one job, all that is known of it. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/forecast.h"
#include "cli/job.h"

static void print_for_people(const struct job *job, const json_t *object)
{
    job_report(job);
    if (!forecast_is_there(object))
        return;
    puts("\nWhat is left of it:");
    forecast_print(object, clock_wall_s());
}

static int run(struct cli *cli, const struct args *args)
{
    uint32_t id;
    char target[64];
    json_t *object;
    struct job job;
    if (args_job(args, 0, &id, &cli->err) != 0)
        return CLI_USAGE;
    snprintf(target, sizeof(target), "/v1/jobs/%u", id);
    int status = ask_get(cli, target, &object);
    if (status != CLI_OK)
        return status;
    job_read(&job, object);
    if (cli->json)
        json_print(object);
    else
        print_for_people(&job, object);
    json_decref(object);
    return CLI_OK;
}

const struct command job_show_command = {
    .group = "job",
    .name = "show",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "Show a job and its numbers",
    .about = "The numbers add up at every moment: \"recipients\" is the sum of the rest.\n"
             "While the job is being sent, a table says for each receiver how many are left,\n"
             "and when they will have been served.",
    .run = run,
};
