/* tocsin counter set, add, delete. */
#include "cli/counter.h"
#include "cli/key.h"
#include "cli/text.h"

static void print_counter(const json_t *counter)
{
    struct buf line = BUF_INIT;
    if (json_flag(counter, "repeated"))
        buf_add_text(&line, "This was added before, and is not added again. ");
    text_clean(&line, str_of(json_text(counter, "name")));
    buf_add_text(&line, " is ");
    counter_add_value(&line, counter);
    buf_add_byte(&line, '.');
    puts(line.at);
    buf_release(&line);
}

static void print_deleted(const json_t *counter)
{
    struct buf line = BUF_INIT;
    text_clean(&line, str_of(json_text(counter, "name")));
    buf_add_text(&line, " is deleted.");
    puts(line.at);
    buf_release(&line);
}

static int refuse_number(struct cli *cli, const char *word)
{
    return cli_usage(cli, "\"%s\" is not a whole number of 64 bits, such as 46443.", word);
}

static int run_set(struct cli *cli, const struct args *args)
{
    int64_t value;
    json_t *counter;
    struct buf body = BUF_INIT;
    if (!counter_number(args->words[1], &value))
        return refuse_number(cli, args->words[1]);
    buf_addf(&body, "{\"value\": %lld}", (long long)value);
    int status = counter_ask(cli, "PUT", args->words[0], buf_str(&body), &counter);
    buf_release(&body);
    return status == CLI_OK ? json_show(cli, counter, print_counter) : status;
}

/* JSON carries UTF-8 only. To be freed. */
static char *make_addition(int64_t by, const char *key)
{
    struct buf clean = BUF_INIT;
    text_clean(&clean, str_of(key));
    json_t *body = json_pack("{s:I, s:s}", "add", (json_int_t)by, "key", clean.at ? clean.at : "");
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    buf_release(&clean);
    return text;
}

/* The daemon may have added it: the same key finds that out, and adds nothing twice. */
static int say_unknown(struct cli *cli, const char *key)
{
    char reason[sizeof(cli->err.text) - 200];
    snprintf(reason, sizeof(reason), "%s", cli->err.text);
    err_set(&cli->err,
            "%s Whether it was added is not known: give the same command again with --key %s, and "
            "it is added once.",
            reason, key);
    return CLI_NO_DAEMON;
}

static int add(struct cli *cli, const char *name, int64_t by, const char *key, json_t **counter)
{
    struct buf target = BUF_INIT;
    bool sent;
    char *body = make_addition(by, key);
    target_add(&target, "/v1/counters/", name);
    int status = ask_post_again(cli, target.at, str_of(body), counter, &sent);
    buf_release(&target);
    free(body);
    return status == CLI_NO_DAEMON && sent ? say_unknown(cli, key) : status;
}

static int run_add(struct cli *cli, const struct args *args)
{
    char chosen[KEY_LENGTH + 1];
    const char *key = args_value(args, "key");
    int64_t by = 1;
    json_t *counter;
    if (args->words_len > 1 && !counter_number(args->words[1], &by))
        return refuse_number(cli, args->words[1]);
    if (!key)
        key_make(chosen);
    int status = add(cli, args->words[0], by, key ? key : chosen, &counter);
    return status == CLI_OK ? json_show(cli, counter, print_counter) : status;
}

static int run_delete(struct cli *cli, const struct args *args)
{
    json_t *answer;
    int status = counter_ask(cli, "DELETE", args->words[0], STR(""), &answer);
    return status == CLI_OK ? json_show(cli, answer, print_deleted) : status;
}

const struct command counter_set_command = {
    .group = "counter",
    .name = "set",
    .words = "NAME VALUE",
    .words_min = 2,
    .words_max = 2,
    .summary = "Set a counter; makes it if there is none",
    .about = "Messages show it as {{ counters.NAME }}, as it stands when each copy is sent;\n"
             "a NAME with \"-\" or \".\" in it as {{ counters[\"NAME\"] }}. Capitals make no\n"
             "difference. A negative VALUE comes after \"--\": tocsin counter set NAME -- -5",
    .run = run_set,
};

static const struct flag add_flags[] = {
    {"key", "KEY", "Safe to repeat: what was added with it is not added again"},
    {NULL, NULL, NULL},
};

const struct command counter_add_command = {
    .group = "counter",
    .name = "add",
    .words = "NAME [N]",
    .words_min = 1,
    .words_max = 2,
    .summary = "Add to a counter; makes it if there is none, from 0",
    .about = "Without N, 1. A negative N comes after \"--\": tocsin counter add NAME -- -5\n"
             "\n"
             "When the daemon goes away before it has answered, add asks again, and still adds\n"
             "once. A script that may run twice does the same with a KEY of its own, which is\n"
             "kept for seven days: the second run prints the counter, \"repeated\": true.",
    .flags = add_flags,
    .run = run_add,
};

const struct command counter_delete_command = {
    .group = "counter",
    .name = "delete",
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .summary = "Delete a counter: messages that show it find nothing",
    .run = run_delete,
};
