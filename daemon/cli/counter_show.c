/* tocsin counter show: one of them. */
#include "cli/counter.h"
#include "cli/table.h"

static void print_counter(const json_t *counter)
{
    struct table *record = record_new();
    struct buf value = BUF_INIT;
    counter_add_value(&value, counter);
    record_text(record, "counter", str_of(json_text(counter, "name")));
    record_text(record, "value", buf_str(&value));
    record_time(record, "changed", json_text(counter, "changed_at"));
    table_print(record);
    table_free(record);
    buf_release(&value);
}

static int run(struct cli *cli, const struct args *args)
{
    json_t *counter;
    int status = counter_ask(cli, "GET", args->words[0], STR(""), &counter);
    return status == CLI_OK ? json_show(cli, counter, print_counter) : status;
}

const struct command counter_show_command = {
    .group = "counter",
    .name = "show",
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .summary = "Show a counter: its value, and when that changed",
    .run = run,
};
