/* tocsin job pause, resume, cancel: one request each, and what the job is then. */
#include <inttypes.h>

#include "cli/ask.h"
#include "cli/job.h"
#include "cli/text.h"

/* "Job 12 WHAT 3,000 copies to go." */
static void print_to_go(const struct job *job, const char *what)
{
    struct buf line = BUF_INIT;
    buf_addf(&line, "Job %" PRIu64 " %s ", job->id, what);
    text_count(&line, job->recipients - job_done(job), "copy", "copies");
    buf_add_text(&line, " to go.");
    puts(line.at);
    buf_release(&line);
}

static void print_paused(const struct job *job)
{
    print_to_go(job, "is paused with");
}

static void print_resumed(const struct job *job)
{
    print_to_go(job, "goes on with");
}

static void print_cancelled(const struct job *job)
{
    struct buf line = BUF_INIT;
    buf_addf(&line, "Job %" PRIu64 " is cancelled with ", job->id);
    text_count(&line, job->delivered, "copy", "copies");
    buf_add_text(&line, " delivered.");
    puts(line.at);
    buf_release(&line);
}

static int control(struct cli *cli, const struct args *args, const char *verb,
                   void (*print)(const struct job *job))
{
    uint32_t id;
    char target[64];
    json_t *object;
    struct job job;
    if (args_job(args, 0, &id, &cli->err) != 0)
        return CLI_USAGE;
    snprintf(target, sizeof(target), "/v1/jobs/%u/%s", id, verb);
    int status = ask_post(cli, target, STR(""), &object);
    if (status != CLI_OK)
        return status;
    job_read(&job, object);
    if (cli->json)
        json_print(object);
    else
        print(&job);
    json_decref(object);
    return CLI_OK;
}

static int run_pause(struct cli *cli, const struct args *args)
{
    return control(cli, args, "pause", print_paused);
}

static int run_resume(struct cli *cli, const struct args *args)
{
    return control(cli, args, "resume", print_resumed);
}

static int run_cancel(struct cli *cli, const struct args *args)
{
    return control(cli, args, "cancel", print_cancelled);
}

const struct command job_pause_command = {
    .group = "job",
    .name = "pause",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "Stop sending a job for now",
    .about = "Copies that are on the wire at this moment are still sent.",
    .run = run_pause,
};

const struct command job_resume_command = {
    .group = "job",
    .name = "resume",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "Go on with a job that was paused",
    .run = run_resume,
};

const struct command job_cancel_command = {
    .group = "job",
    .name = "cancel",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "End a job: nobody else gets a copy",
    .about = "Copies that are on the wire at this moment are still sent. There is no way back.",
    .run = run_cancel,
};
