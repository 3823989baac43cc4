/* tocsin site list: how it stands at each receiver, the largest queue first. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/site_table.h"
#include "cli/site_words.h"
#include "cli/text.h"

enum { ALL = 10000 };

/* What is in force for places that are none of the sites above. */
static void print_elsewhere(const json_t *restraints)
{
    size_t i;
    json_t *restraint;
    json_array_foreach(restraints, i, restraint)
    {
        struct buf words = BUF_INIT, line = BUF_INIT;
        restraint_say(&words, restraint, clock_wall_s());
        text_clean(&line, buf_str(&words));
        printf("Also in force at %s\n", line.at);
        buf_release(&words);
        buf_release(&line);
    }
}

static void print_domains(const json_t *answer)
{
    struct buf line = BUF_INIT;
    uint64_t away = json_count(answer, "away_domains");
    uint64_t waiting = json_count(answer, "waiting_domains");
    if (away > 0) {
        text_count(&line, away, "domain is", "domains are");
        buf_add_text(&line, " tried again later. ");
    }
    if (waiting > 0) {
        text_count(&line, waiting, "domain waits", "domains wait");
        buf_add_text(&line, " until others are done.");
    }
    if (line.len > 0)
        puts(line.at);
    buf_release(&line);
}

static void print_all(const json_t *answer)
{
    const json_t *sites = json_object_get(answer, "sites");
    if (json_array_size(sites) == 0)
        puts("No receiver has mail or had some lately.");
    site_table_print(sites);
    print_domains(answer);
    print_elsewhere(json_object_get(answer, "restraints_elsewhere"));
}

static void print_lines(const json_t *sites)
{
    size_t i;
    json_t *site;
    json_array_foreach(sites, i, site) json_print(site);
}

static int run(struct cli *cli, const struct args *args)
{
    const char *wanted = args_value(args, "limit");
    uint64_t limit = ALL;
    char target[64];
    json_t *answer;
    if (wanted && (!str_to_u64(str_of(wanted), &limit) || limit == 0 || limit > ALL))
        return cli_usage(cli, "--limit %s is not a number of sites: write --limit 20.", wanted);
    snprintf(target, sizeof(target), "/v1/sites?limit=%u", (unsigned)limit);
    int status = ask_get(cli, target, &answer);
    if (status != CLI_OK)
        return status;
    if (cli->json)
        print_lines(json_object_get(answer, "sites"));
    else
        print_all(answer);
    json_decref(answer);
    return CLI_OK;
}

static const struct flag flags[] = {
    {"limit", "N", "Only the N with the largest queues"},
    {NULL, NULL, NULL},
};

const struct command site_list_command = {
    .group = "site",
    .name = "list",
    .words = "",
    .summary = "List the receivers: queue, pace, and why mail waits",
    .about = "A site is a receiver: all domains whose mail goes to the same hosts.\n"
             "Sites without mail are let go after a while. With --json, one line for\n"
             "each site.",
    .flags = flags,
    .run = run,
};
