/* tocsin list list: the lists and how many are on each. */
#include "cli/ask.h"
#include "cli/table.h"

static const struct column columns[] = {{"LIST", COLUMN_TEXT}, {"CONTACTS", COLUMN_NUMBER}};

static void print_lists(const json_t *lists)
{
    struct table *table = table_new(columns, 2);
    size_t i;
    json_t *list;
    json_array_foreach(lists, i, list)
    {
        table_row(table);
        table_text(table, 0, str_of(json_text(list, "name")));
        table_number(table, 1, json_count(list, "contacts"));
    }
    if (table_rows(table) == 0)
        puts("There are no lists yet: \"tocsin contacts import FILE --list NAME\" makes one.");
    table_print(table);
    table_free(table);
}

static int run(struct cli *cli, const struct args *args)
{
    json_t *answer;
    (void)args;
    int status = ask_get(cli, "/v1/lists", &answer);
    if (status != CLI_OK)
        return status;
    if (cli->json)
        json_print(answer);
    else
        print_lists(json_object_get(answer, "lists"));
    json_decref(answer);
    return CLI_OK;
}

const struct command list_list_command = {
    .group = "list",
    .name = "list",
    .words = "",
    .summary = "List the lists, and how many contacts are on each",
    .run = run,
};
