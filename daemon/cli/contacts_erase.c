/* tocsin contacts erase: everything that is kept of a person goes. */
#include "cli/args.h"
#include "cli/change.h"

static int run(struct cli *cli, const struct args *args)
{
    bool keep = args_has(args, "keep-suppressed");
    struct contact_change change = {
        .address = args->words[0], .verb = "erase", .what = "is erased"};
    if (keep) {
        change.what = "is erased, and cannot be imported again";
        change.param = "keep_suppressed";
        change.value = "true";
    }
    return contact_change_run(cli, &change);
}

static const struct flag flags[] = {
    {"keep-suppressed", NULL, "Keep a hash of the address, so that no import brings it back"},
    {NULL, NULL, NULL},
};

const struct command contacts_erase_command = {
    .group = "contacts",
    .name = "erase",
    .words = "ADDRESS",
    .words_min = 1,
    .words_max = 1,
    .summary = "Erase a person: address, attributes, lists, replies",
    .about =
        "There is no way back. The numbers of jobs stay what they were, with the contact's number\n"
        "in place of the address; copies that still wait are skipped. Who wanted no mail "
        "(suppressed,\n"
        "unsubscribed, consent refused) is kept away from imports by a hash of the address.",
    .flags = flags,
    .run = run,
};
