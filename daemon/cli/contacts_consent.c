/* tocsin contacts consent: what a contact said about getting mail at all. */
#include <string.h>

#include "cli/args.h"
#include "cli/change.h"

static const struct {
    const char *state, *what;
} states[] = {
    {"granted", "has consented to mail"},
    {"refused", "has refused consent and gets no more mail"},
    {"unknown", "is not known to have consented to mail"},
};

static int run(struct cli *cli, const struct args *args)
{
    struct contact_change change = {
        .address = args->words[0], .verb = "consent", .param = "state", .value = args->words[1]};
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(args->words[1], states[i].state) == 0)
            change.what = states[i].what;
    if (!change.what)
        return cli_usage(cli, "Consent is granted, refused or unknown, not \"%s\".",
                         args->words[1]);
    return contact_change_run(cli, &change);
}

const struct command contacts_consent_command = {
    .group = "contacts",
    .name = "consent",
    .words = "ADDRESS STATE",
    .words_min = 2,
    .words_max = 2,
    .summary = "Note consent to mail: granted, refused or unknown",
    .about =
        "Who refused gets nothing more. Who is unknown gets mail unless the identity of the job\n"
        "has require_consent. For many at once: \"tocsin contacts import FILE --consent granted\".",
    .run = run,
};
