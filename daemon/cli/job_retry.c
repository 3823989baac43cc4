/* tocsin job retry: sends again to exactly those whom a job did not reach. */
#include "cli/ask.h"
#include "cli/text.h"

/* Those that a receiver refused only for a time. */
static const char default_states[] = "deferred,expired";

static void print(uint32_t id, uint64_t count, const char *states)
{
    struct buf line = BUF_INIT;
    if (count == 0) {
        printf("Nobody of job %u is %s: nothing is changed.\n", id, states);
        return;
    }
    text_count(&line, count, "recipient", "recipients");
    printf("%s of job %u %s tried again.\n", line.at, id, count == 1 ? "is" : "are");
    buf_release(&line);
}

static int run(struct cli *cli, const struct args *args)
{
    struct buf target = BUF_INIT;
    const char *states = args_value(args, "state");
    json_t *object;
    uint32_t id;
    if (args_job(args, 0, &id, &cli->err) != 0)
        return CLI_USAGE;
    states = states ? states : default_states;
    buf_addf(&target, "/v1/jobs/%u/retry", id);
    target_add(&target, "?state=", states);
    int status = ask_post(cli, target.at, STR(""), &object);
    buf_release(&target);
    if (status != CLI_OK)
        return status;
    if (cli->json)
        json_print(object);
    else
        print(id, json_count(object, "recipients"), states);
    json_decref(object);
    return CLI_OK;
}

static const struct flag flags[] = {
    {"state", "STATES", "Of deferred, expired, in_doubt, bounced, skipped; more with commas"},
    {NULL, NULL, NULL},
};

const struct command job_retry_command = {
    .group = "job",
    .name = "retry",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "Send again to those whom a job did not reach",
    .about =
        "Exactly those recipients that are in one of the states are tried again, at once; whoever\n"
        "has the mail does not get it again. Without --state: deferred and expired. A copy in\n"
        "doubt may have arrived, and a copy that bounced will mostly bounce again, which\n"
        "receivers hold against the sender: name these states only when you know better.",
    .flags = flags,
    .run = run,
};
