/* tocsin job list: the jobs, newest first, page by page. */
#include <inttypes.h>

#include "cli/ask.h"
#include "cli/job.h"
#include "cli/table.h"

enum { PAGE = 100 };

static const struct column columns[] = {
    {"JOB", COLUMN_NUMBER},        {"NAME", COLUMN_CUT},         {"STATE", COLUMN_TEXT},
    {"RECIPIENTS", COLUMN_NUMBER}, {"DELIVERED", COLUMN_NUMBER}, {"DEFERRED", COLUMN_NUMBER},
    {"BOUNCED", COLUMN_NUMBER},    {"CREATED", COLUMN_TEXT},
};

static void add_row(struct table *table, const struct job *job)
{
    table_row(table);
    table_number(table, 0, job->id);
    table_text(table, 1, str_of(job->name));
    table_text(table, 2, str_of(job->state));
    table_number(table, 3, job->recipients);
    table_number(table, 4, job->delivered);
    table_number(table, 5, job->deferred);
    table_number(table, 6, job->bounced);
    table_time(table, 7, job->created);
}

/* Shows the jobs of a page; the number of jobs, and the last one's id in *before. */
static size_t show_page(const json_t *page, struct table *table, uint64_t *before)
{
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(page, "jobs"), i, object)
    {
        struct job job;
        job_read(&job, object);
        *before = job.id;
        if (table)
            add_row(table, &job);
        else
            json_print(object);
    }
    return json_array_size(json_object_get(page, "jobs"));
}

static int list(struct cli *cli, struct table *table, uint64_t limit)
{
    uint64_t before = 0;
    while (limit > 0) {
        char target[96];
        json_t *page;
        uint64_t want = limit < PAGE ? limit : PAGE;
        int len = snprintf(target, sizeof(target), "/v1/jobs?limit=%" PRIu64, want);
        if (before > 0)
            snprintf(target + len, sizeof(target) - (size_t)len, "&before=%" PRIu64, before);
        int status = ask_get(cli, target, &page);
        if (status != CLI_OK)
            return status;
        uint64_t got = show_page(page, table, &before);
        json_decref(page);
        if (got < want)
            break;
        limit -= want;
    }
    return CLI_OK;
}

static int run(struct cli *cli, const struct args *args)
{
    const char *wanted = args_value(args, "limit");
    uint64_t limit = UINT64_MAX;
    if (wanted && (!str_to_u64(str_of(wanted), &limit) || limit == 0))
        return cli_usage(cli, "--limit %s is not a number of jobs: write --limit 20.", wanted);
    if (cli->json)
        return list(cli, NULL, limit);
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    int status = list(cli, table, limit);
    if (status == CLI_OK && table_rows(table) == 0)
        puts("There are no jobs yet: \"tocsin send\" makes one.");
    table_print(table);
    table_free(table);
    return status;
}

static const struct flag flags[] = {
    {"limit", "N", "Only the newest N"},
    {NULL, NULL, NULL},
};

const struct command job_list_command = {
    .group = "job",
    .name = "list",
    .words = "",
    .summary = "List the jobs, newest first",
    .about = "With --json, one line for each job.",
    .flags = flags,
    .run = run,
};
