/* tocsin contacts suppress, unsuppress: whether a contact gets mail at all. */
#include "cli/args.h"
#include "cli/change.h"

static int run_suppress(struct cli *cli, const struct args *args)
{
    struct contact_change change = {.address = args->words[0],
                                    .verb = "suppress",
                                    .what = "gets no more mail, from running jobs neither"};
    return contact_change_run(cli, &change);
}

static int run_unsuppress(struct cli *cli, const struct args *args)
{
    struct contact_change change = {
        .address = args->words[0], .verb = "unsuppress", .what = "may get mail again"};
    return contact_change_run(cli, &change);
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
    .about = "Also for who was erased with --keep-suppressed: they may be imported again.",
    .run = run_unsuppress,
};
