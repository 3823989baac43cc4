/*
 * tocsin contacts import: the file goes up as a stream and is checked on the way; then the daemon
 * applies it, and what it could not take comes back as a file.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/upload.h"

enum { FIRST_WAIT_MS = 10, LONGEST_WAIT_MS = 200 };

static int make_target(struct cli *cli, const struct args *args, struct buf *target)
{
    const char *map, *list = args_value(args, "list"), *consent = args_value(args, "consent");
    size_t at = 0;
    char mark = '?';
    buf_add_text(target, "/v1/contacts/import");
    if (list) {
        target_add(target, "?list=", list);
        mark = '&';
    }
    if (consent) {
        buf_add_byte(target, mark);
        target_add(target, "consent=", consent);
        mark = '&';
    }
    while ((map = args_next(args, "map", &at))) {
        if (!strchr(map, '=') || map[0] == '=')
            return cli_usage(cli, "--map %s is not COLUMN=ATTRIBUTE: write --map Ville=city.", map);
        buf_add_byte(target, mark);
        target_add(target, "map=", map);
        mark = '&';
    }
    return CLI_OK;
}

/* Sends the file; *id is the import's number when it was taken. */
static int send_file(struct cli *cli, const char *target, struct upload *upload, uint64_t *id)
{
    struct http_exchange exchange = {
        .method = "POST", .target = target, .content_type = "text/csv"};
    json_t *answer;
    upload_attach(upload, &exchange);
    int status = ask(cli, &exchange);
    progress_clear(upload->progress);
    if (status != CLI_OK)
        return upload->broken ? CLI_FAILED : status;
    status = answer_parse(cli, buf_str(&exchange.answer), &answer);
    http_exchange_release(&exchange);
    *id = json_count(answer, "id");
    json_decref(answer);
    return status;
}

static uint64_t rows_applied(const json_t *summary)
{
    return json_count(summary, "added") + json_count(summary, "updated") +
           json_count(summary, "unchanged") + json_count(summary, "duplicates");
}

static void show_applying(struct progress *progress, const json_t *summary)
{
    struct buf detail = BUF_INIT;
    uint64_t rows = json_count(summary, "rows"), rejected = json_count(summary, "rejected");
    uint64_t staged = rows > rejected ? rows - rejected : 0;
    if (!progress_due(progress))
        return;
    text_number(&detail, rows_applied(summary));
    buf_add_text(&detail, " of ");
    text_number(&detail, staged);
    buf_add_text(&detail, " rows");
    progress_draw(progress, "Applying ", rows_applied(summary), staged, buf_str(&detail));
    buf_release(&detail);
}

static void wait_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

/* A wait that no bar can show is said, once, also to who has no terminal. */
static void say_waiting(struct progress *progress, const json_t *summary, bool *said)
{
    const char *why = json_text(summary, "waiting");
    struct buf line = BUF_INIT;
    if (*why && !*said) {
        progress_clear(progress);
        buf_add_text(&line, "The import waits. ");
        text_clean(&line, str_of(why));
        buf_add_byte(&line, '\n');
        fputs(line.at, stderr);
    }
    *said = *why != '\0';
    buf_release(&line);
}

/* Waits until the import is applied; *summary is the caller's then. */
static int wait_applied(struct cli *cli, uint64_t id, struct progress *progress, json_t **summary)
{
    char target[64];
    int wait = FIRST_WAIT_MS;
    bool said = false;
    snprintf(target, sizeof(target), "/v1/imports/%" PRIu64, id);
    for (;;) {
        int status = ask_get(cli, target, summary);
        if (status != CLI_OK)
            return status;
        const char *state = json_text(*summary, "state");
        if (strcmp(state, "done") == 0)
            return CLI_OK;
        if (strcmp(state, "failed") == 0) {
            const char *why = json_text(*summary, "error");
            status = cli_fail(cli, "%s", *why ? why : "The import failed: see the daemon's log.");
            json_decref(*summary);
            return status;
        }
        say_waiting(progress, *summary, &said);
        show_applying(progress, *summary);
        json_decref(*summary);
        wait_ms(wait);
        wait = wait * 2 < LONGEST_WAIT_MS ? wait * 2 : LONGEST_WAIT_MS;
    }
}

static int take_rejects(void *ctx, struct str bytes, struct err *err)
{
    return output_write(ctx, bytes, err);
}

static int fetch_rejects(struct cli *cli, uint64_t id, const char *path)
{
    struct output output;
    char target[64];
    struct http_exchange exchange = {
        .method = "GET", .target = target, .write = take_rejects, .write_ctx = &output};
    snprintf(target, sizeof(target), "/v1/imports/%" PRIu64 "/rejects", id);
    if (output_open(&output, path, &cli->err) != 0)
        return CLI_FAILED;
    int status = ask(cli, &exchange);
    if (status == CLI_OK)
        http_exchange_release(&exchange);
    if (output_close(&output, status == CLI_OK, &cli->err) != 0 && status == CLI_OK)
        status = CLI_FAILED;
    return status;
}

static int save_rejects(struct cli *cli, uint64_t id, const char *path)
{
    int status = fetch_rejects(cli, id, path);
    if (status != CLI_OK)
        err_prefix(&cli->err, "The contacts are imported, but the rejected rows are not saved");
    return status;
}

static void add_count(struct buf *line, const json_t *summary, const char *key, const char *what)
{
    if (json_count(summary, key) == 0)
        return;
    buf_add_text(line, line->len > 0 ? ", " : "");
    text_number(line, json_count(summary, key));
    buf_addf(line, " %s", what);
}

/* Why the list does not grow by all of them. */
static void print_left(uint64_t left, const char *list)
{
    struct buf line = BUF_INIT;
    if (left == 0)
        return;
    text_count(&line, left, "contact", "contacts");
    buf_add_text(&line, " had left the list \"");
    text_clean(&line, str_of(list));
    buf_addf(&line, "\" and %s not put back on it.\n", left == 1 ? "was" : "were");
    fputs(line.at, stdout);
    buf_release(&line);
}

static void print_summary(const json_t *summary)
{
    struct buf line = BUF_INIT, parts = BUF_INIT;
    text_count(&line, json_count(summary, "rows"), "row", "rows");
    add_count(&parts, summary, "added", "added");
    add_count(&parts, summary, "updated", "updated");
    add_count(&parts, summary, "unchanged", "unchanged");
    add_count(&parts, summary, "duplicates",
              json_count(summary, "duplicates") == 1 ? "duplicate" : "duplicates");
    add_count(&parts, summary, "rejected", "rejected");
    printf("%s%s%s.\n", line.at, parts.len > 0 ? ": " : "", parts.len > 0 ? parts.at : "");
    print_left(json_count(summary, "left"), json_text(summary, "list"));
    buf_release(&parts);
    buf_release(&line);
}

static void warn_of_rejects(uint64_t rejected, const char *path)
{
    struct buf line = BUF_INIT;
    text_count(&line, rejected, "row", "rows");
    buf_add_text(&line, " could not be taken, see ");
    text_clean(&line, strcmp(path, "-") == 0 ? STR("above") : str_of(path));
    buf_add_text(&line, " for the reasons.\n");
    fputs(line.at, stderr);
    buf_release(&line);
}

/* What to say and keep when the import is over. */
static int end_import(struct cli *cli, const struct args *args, uint64_t id, const json_t *summary)
{
    struct buf path = BUF_INIT;
    const char *chosen = args_value(args, "rejects"), *file = args->words[0];
    uint64_t rejected = json_count(summary, "rejected");
    int status = CLI_OK;
    if (cli->json)
        json_print(summary);
    else
        print_summary(summary);
    if (chosen)
        buf_add_text(&path, chosen);
    else
        buf_addf(&path, "%s.rejects.csv", strcmp(file, "-") == 0 ? "import" : file);
    if (rejected > 0)
        status = save_rejects(cli, id, path.at);
    if (rejected > 0 && status == CLI_OK)
        warn_of_rejects(rejected, path.at);
    buf_release(&path);
    return status;
}

static int import(struct cli *cli, const struct args *args, const char *target)
{
    struct progress progress;
    struct upload upload;
    uint64_t id;
    json_t *summary;
    progress_init(&progress, cli->utf8);
    if (upload_open(&upload, args->words[0], &progress, &cli->err) != 0)
        return CLI_FAILED;
    int status = send_file(cli, target, &upload, &id);
    upload_close(&upload);
    if (status != CLI_OK)
        return status;
    status = wait_applied(cli, id, &progress, &summary);
    progress_clear(&progress);
    if (status != CLI_OK)
        return status;
    status = end_import(cli, args, id, summary);
    json_decref(summary);
    return status;
}

static int run(struct cli *cli, const struct args *args)
{
    struct buf target = BUF_INIT;
    int status = make_target(cli, args, &target);
    if (status == CLI_OK)
        status = import(cli, args, target.at);
    buf_release(&target);
    return status;
}

static const struct flag flags[] = {
    {"list", "NAME", "Put every contact of the file on this list"},
    {"consent", "granted", "Everybody in the file has consented to mail; who refused stays so"},
    {"map", "COLUMN=ATTRIBUTE", "Keep a column under another name; may be repeated"},
    {"rejects", "FILE", "Where the rows go that cannot be taken; else FILE.rejects.csv"},
    {NULL, NULL, NULL},
};

const struct command contacts_import_command = {
    .group = "contacts",
    .name = "import",
    .words = "FILE",
    .words_min = 1,
    .words_max = 1,
    .summary = "Add or update contacts from a CSV file",
    .about =
        "The file may be gzip, have , or ; or tab between its columns, a BOM, or CP1252 text. One\n"
        "column is called email (or is mapped to it); all others are kept as attributes.\n"
        "\"-\" reads standard input. Rows that cannot be taken are saved with their reasons; the\n"
        "exit status is 0 all the same. A file that is damaged changes nothing. Who left the list\n"
        "before is not put back on it: \"tocsin contacts resubscribe ADDRESS --list NAME\" does "
        "that.",
    .flags = flags,
    .run = run,
};
