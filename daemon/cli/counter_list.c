/* tocsin counter list: the counters, and what they are now. */
#include "cli/counter.h"
#include "cli/table.h"

static const struct column columns[] = {
    {"COUNTER", COLUMN_TEXT}, {"VALUE", COLUMN_NUMBER}, {"CHANGED", COLUMN_TEXT}};

static void add_row(struct table *table, const json_t *counter)
{
    struct buf value = BUF_INIT;
    counter_add_value(&value, counter);
    table_row(table);
    table_text(table, 0, str_of(json_text(counter, "name")));
    table_text(table, 1, buf_str(&value));
    table_time(table, 2, json_text(counter, "changed_at"));
    buf_release(&value);
}

static void print_table(const json_t *counters)
{
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    size_t i;
    json_t *counter;
    json_array_foreach(counters, i, counter) add_row(table, counter);
    if (table_rows(table) == 0)
        puts("There are no counters yet: \"tocsin counter set NAME VALUE\" makes one.");
    table_print(table);
    table_free(table);
}

static void print_lines(const json_t *counters)
{
    size_t i;
    json_t *counter;
    json_array_foreach(counters, i, counter) json_print(counter);
}

static int run(struct cli *cli, const struct args *args)
{
    json_t *answer;
    (void)args;
    int status = ask_get(cli, "/v1/counters", &answer);
    if (status != CLI_OK)
        return status;
    if (cli->json)
        print_lines(json_object_get(answer, "counters"));
    else
        print_table(json_object_get(answer, "counters"));
    json_decref(answer);
    return CLI_OK;
}

const struct command counter_list_command = {
    .group = "counter",
    .name = "list",
    .words = "",
    .summary = "List the live numbers that messages can show",
    .about = "With --json, one line for each counter.",
    .run = run,
};
