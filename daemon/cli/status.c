/* tocsin status: whether the daemon answers, and how it is. */
#include <string.h>

#include "cli/ask.h"
#include "cli/table.h"
#include "cli/text.h"

static void add_value(struct buf *out, const char *key, const json_t *value)
{
    uint64_t number = (uint64_t)json_integer_value(value);
    struct str name = str_of(key);
    if (json_is_integer(value) && str_ends(name, STR("_s")))
        text_duration(out, number);
    else if (json_is_integer(value) &&
             (str_ends(name, STR("bytes")) || str_ends(name, STR("size"))))
        text_bytes(out, number);
    else if (json_is_integer(value) && !str_eq(name, STR("pid")))
        text_number(out, number);
    else
        json_add_value(out, value);
}

/* "map_bytes" is "map" for people. */
static void add_label(struct buf *out, const char *group, const char *key)
{
    struct str name = str_of(key);
    if (group)
        buf_addf(out, "%s ", group);
    if (str_ends(name, STR("_s")))
        name.len -= 2;
    else if (str_ends(name, STR("_bytes")))
        name.len -= 6;
    for (size_t i = 0; i < name.len; i++)
        buf_add_byte(out, name.at[i] == '_' ? ' ' : name.at[i]);
}

/* A row for each member; those of an object inside have its name in front. */
static void add_rows(struct table *record, const char *group, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        struct buf label = BUF_INIT, text = BUF_INIT;
        add_label(&label, group, key);
        if (json_is_object(value) && !group) {
            add_rows(record, label.at, value);
        } else {
            add_value(&text, key, value);
            record_text(record, label.at, buf_str(&text));
        }
        buf_release(&label);
        buf_release(&text);
    }
}

static int run(struct cli *cli, const struct args *args)
{
    json_t *answer;
    (void)args;
    int status = ask_get(cli, "/v1/status", &answer);
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        json_print(answer);
    } else {
        struct table *record = record_new();
        add_rows(record, NULL, answer);
        table_print(record);
        table_free(record);
    }
    if (json_is_false(json_object_get(answer, "healthy"))) {
        const char *trouble = json_text(answer, "trouble");
        status = cli_fail(cli, "The daemon answers, but is not healthy. %s",
                          *trouble ? trouble : "See its log.");
    }
    json_decref(answer);
    return status;
}

const struct command status_command = {
    .name = "status",
    .words = "",
    .summary = "Show whether the daemon is running, and how it is",
    .about = "Exit status 1 if it says that it is not healthy, 3 if none answers.",
    .run = run,
};
