/* tocsin contacts unsubscribe, resubscribe: what a contact wants, as they said it. */
#include "cli/args.h"
#include "cli/change.h"

/* What is left, or come back to: a list, a topic, or everything. */
static int run(struct cli *cli, const struct args *args, struct contact_change *change,
               const char *const what[3])
{
    const char *list = args_value(args, "list"), *topic = args_value(args, "topic");
    if (list && topic)
        return cli_usage(cli, "Name a list or a topic, not both: write two commands.");
    change->address = args->words[0];
    change->param = list ? "list" : topic ? "topic" : NULL;
    change->named = change->value = list ? list : topic;
    change->what = list ? what[0] : topic ? what[1] : what[2];
    return contact_change_run(cli, change);
}

static int run_unsubscribe(struct cli *cli, const struct args *args)
{
    static const char *const what[] = {"has left the list", "gets no more mail about the topic",
                                       "has left everything and gets no more mail"};
    struct contact_change change = {.verb = "unsubscribe"};
    return run(cli, args, &change, what);
}

static int run_resubscribe(struct cli *cli, const struct args *args)
{
    static const char *const what[] = {"is on the list", "gets mail about the topic again",
                                       "gets mail again, but for the lists and topics left alone"};
    struct contact_change change = {.verb = "resubscribe"};
    return run(cli, args, &change, what);
}

static const struct flag unsubscribe_flags[] = {
    {"list", "NAME", "Leave this list only"},
    {"topic", "NAME", "Get nothing more about this topic only"},
    {NULL, NULL, NULL},
};

const struct command contacts_unsubscribe_command = {
    .group = "contacts",
    .name = "unsubscribe",
    .words = "ADDRESS",
    .words_min = 1,
    .words_max = 1,
    .summary = "This contact wants no more mail, or none of a list or topic",
    .about =
        "It takes effect at once, also for the jobs that are being sent. An import does not put\n"
        "back on a list who left it.",
    .flags = unsubscribe_flags,
    .run = run_unsubscribe,
};

static const struct flag resubscribe_flags[] = {
    {"list", "NAME", "Come back to this list"},
    {"topic", "NAME", "Come back to this topic"},
    {NULL, NULL, NULL},
};

const struct command contacts_resubscribe_command = {
    .group = "contacts",
    .name = "resubscribe",
    .words = "ADDRESS",
    .words_min = 1,
    .words_max = 1,
    .summary = "This contact wants mail again, or that of a list or topic",
    .about = "Without an option it takes back \"unsubscribe ADDRESS\" and nothing else: lists and\n"
             "topics that were left one by one stay left.",
    .flags = resubscribe_flags,
    .run = run_resubscribe,
};
