/* tocsin contacts suppress, unsuppress: whether a contact gets mail at all. */
#include "cli/ask.h"
#include "cli/text.h"

static void print_done(const char *address, const char *what)
{
    struct buf line = BUF_INIT;
    text_clean(&line, str_of(address));
    buf_addf(&line, " %s", what);
    puts(line.at);
    buf_release(&line);
}

static int change(struct cli *cli, const char *address, const char *verb, const char *what)
{
    struct buf target = BUF_INIT;
    json_t *answer;
    target_add(&target, "/v1/contacts/", address);
    buf_addf(&target, "/%s", verb);
    int status = ask_post(cli, target.at, STR(""), &answer);
    buf_release(&target);
    if (status != CLI_OK)
        return status;
    if (cli->json)
        json_print(answer);
    else
        print_done(address, what);
    json_decref(answer);
    return CLI_OK;
}

static int run_suppress(struct cli *cli, const struct args *args)
{
    return change(cli, args->words[0], "suppress", "gets no more mail, from running jobs neither.");
}

static int run_unsuppress(struct cli *cli, const struct args *args)
{
    return change(cli, args->words[0], "unsuppress", "may get mail again.");
}

const struct command contacts_suppress_command = {
    .group = "contacts",
    .name = "suppress",
    .words = "ADDRESS",
    .words_min = 1,
    .words_max = 1,
    .summary = "Send this contact nothing more",
    .about = "It takes effect at once, also for the jobs that are being sent.",
    .run = run_suppress,
};

const struct command contacts_unsuppress_command = {
    .group = "contacts",
    .name = "unsuppress",
    .words = "ADDRESS",
    .words_min = 1,
    .words_max = 1,
    .summary = "Let this contact get mail again",
    .run = run_unsuppress,
};
