/* tocsin contacts count: how many an expression selects. */
#include "cli/ask.h"
#include "cli/text.h"

static void print_count(uint64_t count)
{
    struct buf line = BUF_INIT;
    text_number(&line, count);
    puts(line.at);
    buf_release(&line);
}

static int run(struct cli *cli, const struct args *args)
{
    struct buf target = BUF_INIT;
    json_t *answer;
    target_add(&target, "/v1/count?to=", args->words[0]);
    int status = ask_get(cli, target.at, &answer);
    buf_release(&target);
    if (status != CLI_OK)
        return status;
    if (cli->json)
        json_print(answer);
    else
        print_count(json_count(answer, "contacts"));
    json_decref(answer);
    return CLI_OK;
}

const struct command contacts_count_command = {
    .group = "contacts",
    .name = "count",
    .words = "EXPR",
    .words_min = 1,
    .words_max = 1,
    .summary = "Count the contacts that an expression selects",
    .about = "tocsin contacts count 'list:signers and not list:members'",
    .run = run,
};
