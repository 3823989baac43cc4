/* tocsin queue: who waits, by site and job. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/table.h"
#include "cli/text.h"

enum { ALL = 100000, SHOWN = 100 };

enum { SITE, STATE, JOB, NAME, LANE, QUEUED, HELD, COLUMNS };

static const struct column columns[COLUMNS] = {
    [SITE] = {"SITE", COLUMN_CUT},        [STATE] = {"STATE", COLUMN_TEXT},
    [JOB] = {"JOB", COLUMN_NUMBER},       [NAME] = {"NAME", COLUMN_CUT},
    [LANE] = {"LANE", COLUMN_TEXT},       [QUEUED] = {"QUEUED", COLUMN_NUMBER},
    [HELD] = {"HELD UNTIL", COLUMN_TEXT},
};

static void add_row(struct table *table, const json_t *entry)
{
    bool at_site = json_is_string(json_object_get(entry, "site"));
    const char *until = json_text(entry, "held_until");
    struct buf held = BUF_INIT;
    table_row(table);
    table_text(table, SITE, at_site ? str_of(json_text(entry, "site")) : STR("(at no site yet)"));
    table_text(table, STATE, str_of(json_text(entry, at_site ? "site_state" : "job_state")));
    table_number(table, JOB, json_count(entry, "job"));
    table_text(table, NAME, str_of(json_text(entry, "name")));
    table_text(table, LANE, str_of(json_text(entry, "lane")));
    table_number(table, QUEUED, json_count(entry, "queued"));
    if (*until)
        text_clock(&held, until, clock_wall_s());
    table_text(table, HELD, buf_str(&held));
    buf_release(&held);
}

static void print_sum(const json_t *answer, size_t shown)
{
    struct buf line = BUF_INIT;
    uint64_t entries = json_count(answer, "entry_count");
    text_count(&line, json_count(answer, "queued"), "recipient waits", "recipients wait");
    if (entries > shown) {
        buf_add_text(&line, "; ");
        text_count(&line, entries - shown, "line more is", "lines more are");
        buf_add_text(&line, " shown with --limit");
    }
    buf_add_byte(&line, '.');
    puts(line.at);
    buf_release(&line);
}

static void print_table(const json_t *answer)
{
    struct table *table = table_new(columns, COLUMNS);
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(answer, "queue"), i, entry) add_row(table, entry);
    size_t shown = table_rows(table);
    table_print(table);
    table_free(table);
    if (shown > 0)
        print_sum(answer, shown);
    else
        puts("Nobody waits.");
}

static void print_lines(const json_t *queue)
{
    size_t i;
    json_t *entry;
    json_array_foreach(queue, i, entry) json_print(entry);
}

static int run(struct cli *cli, const struct args *args)
{
    const char *wanted = args_value(args, "limit");
    uint64_t limit = cli->json ? ALL : SHOWN;
    char target[64];
    json_t *answer;
    if (wanted && (!str_to_u64(str_of(wanted), &limit) || limit == 0 || limit > ALL))
        return cli_usage(cli, "--limit %s is not a number of lines: write --limit 20.", wanted);
    snprintf(target, sizeof(target), "/v1/queue?limit=%u", (unsigned)limit);
    int status = ask_get(cli, target, &answer);
    if (status != CLI_OK)
        return status;
    if (cli->json)
        print_lines(json_object_get(answer, "queue"));
    else
        print_table(answer);
    json_decref(answer);
    return CLI_OK;
}

static const struct flag flags[] = {
    {"limit", "N", "Only the N largest lines; else 100, or all with --json"},
    {NULL, NULL, NULL},
};

const struct command queue_command = {
    .name = "queue",
    .words = "",
    .summary = "Show who waits, by receiver and job",
    .about = "The largest first; those on the wire are counted, too. With --json,\n"
             "one line for each. \"At no site yet\" are those of paused jobs, those of\n"
             "domains that DNS is asked about or that are tried again later, and\n"
             "those that are still being queued.",
    .flags = flags,
    .run = run,
};
