/* tocsin send: a message file and whom it is for become a job. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/forecast.h"
#include "cli/key.h"
#include "cli/message_file.h"
#include "cli/text.h"
#include "cli/watch.h"

/* What is no number goes as it stands: the daemon says which ones there are. */
static void set_number(json_t *body, const char *key, const char *value)
{
    uint64_t n;
    if (value && str_to_u64(str_of(value), &n) && n <= INT64_MAX)
        json_object_set_new(body, key, json_integer((json_int_t)n));
    else
        body_set_text(body, key, value);
}

/* Whom it does not know, the daemon says as a fault of the audience: this is asked first. */
static int check_tester(struct cli *cli, struct str address)
{
    struct buf target = BUF_INIT;
    json_t *contact;
    char *text = str_dup(address);
    target_add(&target, "/v1/contacts/", text);
    int status = ask_get(cli, target.at, &contact);
    if (status == CLI_OK)
        json_decref(contact);
    else if (status == CLI_FAILED)
        err_prefix(&cli->err, "A test goes to contacts");
    buf_release(&target);
    free(text);
    return status;
}

/* `email:"a@x.org" or email:"b@x.org"` for those of --test, each of which may be a list of them. */
static int add_testers(struct cli *cli, const struct args *args, struct buf *to)
{
    const char *value;
    for (size_t at = 0; (value = args_next(args, "test", &at));) {
        for (struct str rest = str_of(value); rest.at;) {
            struct str address = str_trim(str_cut(&rest, ','));
            if (address.len == 0 || str_find(address, '"'))
                return cli_usage(cli,
                                 "--test takes the addresses of contacts, with commas "
                                 "between them: \"%s\" is not that.",
                                 value);
            int status = check_tester(cli, address);
            if (status != CLI_OK)
                return status;
            buf_addf(to, "%semail:\"%.*s\"", to->len ? " or " : "", STR_ARG(address));
        }
    }
    return CLI_OK;
}

/* A test goes before all bulk mail, under a name that says what it is. */
static int set_test(struct cli *cli, const struct args *args, json_t *body)
{
    struct buf to = BUF_INIT, name = BUF_INIT;
    const char *called = args_value(args, "name");
    int status = add_testers(cli, args, &to);
    if (status == CLI_OK && to.len > 0) {
        buf_addf(&name, "test: %s", called ? called : message_file_name(args->words[0]));
        body_set_text(body, "to", to.at);
        body_set_text(body, "name", name.at);
        if (!args_value(args, "lane"))
            body_set_text(body, "lane", "transactional");
    }
    buf_release(&to);
    buf_release(&name);
    return status;
}

static int make_body(struct cli *cli, const struct args *args, struct str message, const char *key,
                     json_t **out)
{
    json_t *body;
    int status = message_file_body(cli, args->words[0], message, &body);
    if (status != CLI_OK)
        return status;
    body_set_text(body, "to", args_value(args, "to"));
    body_set_text(body, "name", args_value(args, "name"));
    body_set_text(body, "lane", args_value(args, "lane"));
    body_set_text(body, "identity", args_value(args, "identity"));
    body_set_text(body, "pool", args_value(args, "pool"));
    set_number(body, "weight", args_value(args, "weight"));
    body_set_text(body, "key", key);
    if (args_has(args, "at-most-once"))
        body_set_text(body, "guarantee", "at-most-once");
    if (args_has(args, "dry-run"))
        json_object_set_new(body, "dry_run", json_true());
    *out = body;
    status = set_test(cli, args, body);
    if (status != CLI_OK)
        json_decref(body);
    return status;
}

/* A job that was found again is news only to somebody who chose the key. */
static void print_for_people(const json_t *answer, bool dry_run, bool chose_key)
{
    struct buf line = BUF_INIT;
    if (chose_key && json_flag(answer, "repeated"))
        buf_add_text(&line, "This was sent before, and is not sent again. ");
    if (!dry_run)
        buf_addf(&line, "Job %" PRIu64 " goes to ", json_count(answer, "id"));
    text_count(&line, json_count(answer, "recipients"), "contact", "contacts");
    if (dry_run)
        buf_add_text(&line, " would get this message; nothing was sent.");
    else
        buf_addf(&line, "; \"tocsin job watch %" PRIu64 "\" shows how far it is.",
                 json_count(answer, "id"));
    puts(line.at);
    buf_release(&line);
    if (forecast_is_there(answer))
        forecast_print(answer, clock_wall_s());
}

/* The daemon may have made the job: the same key finds that out, without a second one. */
static int say_unknown(struct cli *cli, const char *key)
{
    char reason[sizeof(cli->err.text) - 200];
    snprintf(reason, sizeof(reason), "%s", cli->err.text);
    err_set(&cli->err,
            "%s Whether the job was made is not known: give the same command again with --key %s, "
            "and there will be one job.",
            reason, key);
    return CLI_NO_DAEMON;
}

static int ask_for_job(struct cli *cli, const struct args *args, struct str message,
                       json_t **answer)
{
    char chosen[KEY_LENGTH + 1];
    const char *key = args_value(args, "key");
    json_t *fields;
    bool sent;
    if (!key)
        key_make(chosen);
    key = key ? key : chosen;
    int status = make_body(cli, args, message, key, &fields);
    if (status != CLI_OK)
        return status;
    char *body = json_dumps(fields, JSON_COMPACT);
    json_decref(fields);
    status = ask_post_again(cli, "/v1/jobs", str_of(body), answer, &sent);
    free(body);
    if (status == CLI_NO_DAEMON && sent && !args_has(args, "dry-run"))
        return say_unknown(cli, key);
    return status;
}

static int submit(struct cli *cli, const struct args *args, json_t **answer)
{
    struct buf message = BUF_INIT;
    int status = message_file_read(cli, args->words[0], &message);
    if (status == CLI_OK)
        status = ask_for_job(cli, args, buf_str(&message), answer);
    buf_release(&message);
    return status;
}

static int run(struct cli *cli, const struct args *args)
{
    bool dry_run = args_has(args, "dry-run");
    bool watch = args_has(args, "watch") && !dry_run;
    json_t *answer;
    bool to = args_has(args, "to"), test = args_has(args, "test");
    if (!to && !test)
        return cli_usage(cli, "\"tocsin send\" needs to know whom it is for: --to 'list:signers'.");
    if (to && test)
        return cli_usage(cli, "Give --to or --test, not both: a test goes to its addresses alone.");
    int status = submit(cli, args, &answer);
    if (status != CLI_OK)
        return status;
    uint32_t id = (uint32_t)json_count(answer, "id");
    if (cli->json)
        json_print(answer);
    else if (!watch)
        print_for_people(answer, dry_run, args_has(args, "key"));
    json_decref(answer);
    fflush(stdout);
    return watch ? watch_job(cli, id) : CLI_OK;
}

static const struct flag flags[] = {
    {"to", "EXPR", "Whom it is for: 'list:signers and not list:members' (needed)"},
    {"test", "ADDRESS", "In place of --to: only to this contact, at once, to see it arrive"},
    {"name", "NAME", "What to call the job; else the name of the file"},
    {"lane", "LANE", "bulk, or transactional: before all bulk mail"},
    {"identity", "NAME", "The sender's identity in the configuration; else the first"},
    {"pool", "NAME", "The pool of sources that it leaves by; else the identity's"},
    {"weight", "N", "Its share of a receiver beside other jobs of its lane, 1 to 1000"},
    {"at-most-once", NULL, "Do not send again what may have arrived"},
    {"key", "KEY", "Safe to repeat: what was sent with it is not sent again"},
    {"dry-run", NULL, "Only check it, and say who gets it and how long it would take"},
    {"watch", NULL, "Watch the job until it is over"},
    {NULL, NULL, NULL},
};

const struct command send_command = {
    .name = "send",
    .words = "FILE",
    .words_min = 1,
    .words_max = 1,
    .summary = "Send a message to the contacts that an expression selects",
    .about =
        "FILE holds headers, an empty line, and Markdown or HTML, with Liquid anywhere; \"-\"\n"
        "reads it from standard input. With --json: {\"id\": 12, ...}.\n"
        "\n"
        "When the daemon goes away before it has answered, send asks again, and still makes\n"
        "one job. A script that may run twice does the same with a KEY of its own, such as\n"
        "newsletter-2026-05: the second run prints the first one's job, \"repeated\": true.",
    .flags = flags,
    .run = run,
};
