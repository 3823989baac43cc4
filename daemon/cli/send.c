/* tocsin send: a message file and whom it is for become a job. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/enclosed.h"
#include "cli/forecast.h"
#include "cli/key.h"
#include "cli/text.h"
#include "cli/watch.h"

enum { MESSAGE_MAX = 16 * 1024 * 1024 };

static int read_all(struct cli *cli, int fd, const char *path, struct buf *out)
{
    for (;;) {
        ssize_t n = read(fd, buf_reserve(out, 65536), 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cli_fail(cli, "The message %s could not be read: %s.", path, strerror(errno));
        if (n == 0)
            return CLI_OK;
        out->len += (size_t)n;
        if (out->len > MESSAGE_MAX)
            return cli_fail(cli, "The message %s has more than %d MiB: it cannot be a message.",
                            path, MESSAGE_MAX >> 20);
    }
}

/* The file's text; JSON carries UTF-8 only, and so should messages. */
static int read_message(struct cli *cli, const char *path, struct buf *out)
{
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_fail(cli, "The message %s could not be opened: %s.", path, strerror(errno));
    int status = read_all(cli, fd, path, out);
    if (!is_input)
        close(fd);
    if (status == CLI_OK && memchr(out->at ? out->at : "", '\0', out->len))
        return cli_fail(cli, "The message %s has NUL bytes in it: it must be text.", path);
    if (status == CLI_OK && !str_is_utf8(buf_str(out)))
        return cli_fail(cli, "The message %s is not UTF-8: save it with that encoding.", path);
    return status;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(path, "-") == 0 ? "message" : slash ? slash + 1 : path;
}

/* What is not UTF-8 is spelt with U+FFFD: the daemon will say that it does not know that. */
static void set_text(json_t *body, const char *key, const char *value)
{
    struct buf clean = BUF_INIT;
    if (value && !str_is_utf8(str_of(value)))
        text_clean(&clean, str_of(value));
    if (value)
        json_object_set_new(body, key, json_string(clean.at ? clean.at : value));
    buf_release(&clean);
}

/* What is no number goes as it stands: the daemon says which ones there are. */
static void set_number(json_t *body, const char *key, const char *value)
{
    uint64_t n;
    if (value && str_to_u64(str_of(value), &n) && n <= INT64_MAX)
        json_object_set_new(body, key, json_integer((json_int_t)n));
    else
        set_text(body, key, value);
}

/* Takes over `files`. */
static char *make_body(const struct args *args, struct str message, json_t *files, const char *key)
{
    json_t *body = json_object();
    if (files)
        json_object_set_new(body, "files", files);
    json_object_set_new(body, "message", json_stringn(message.at ? message.at : "", message.len));
    set_text(body, "message_name", base_name(args->words[0]));
    set_text(body, "to", args_value(args, "to"));
    set_text(body, "name", args_value(args, "name"));
    set_text(body, "lane", args_value(args, "lane"));
    set_text(body, "identity", args_value(args, "identity"));
    set_text(body, "pool", args_value(args, "pool"));
    set_number(body, "weight", args_value(args, "weight"));
    set_text(body, "key", key);
    if (args_has(args, "at-most-once"))
        set_text(body, "guarantee", "at-most-once");
    if (args_has(args, "dry-run"))
        json_object_set_new(body, "dry_run", json_true());
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
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
    json_t *files;
    bool sent;
    int status = enclosed_read(cli, args->words[0], message, &files);
    if (status != CLI_OK)
        return status;
    if (!key)
        key_make(chosen);
    key = key ? key : chosen;
    char *body = make_body(args, message, files, key);
    status = ask_post_again(cli, "/v1/jobs", str_of(body), answer, &sent);
    free(body);
    if (status == CLI_NO_DAEMON && sent && !args_has(args, "dry-run"))
        return say_unknown(cli, key);
    return status;
}

static int submit(struct cli *cli, const struct args *args, json_t **answer)
{
    struct buf message = BUF_INIT;
    int status = read_message(cli, args->words[0], &message);
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
    if (!args_value(args, "to"))
        return cli_usage(cli, "\"tocsin send\" needs to know whom it is for: --to 'list:signers'.");
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
