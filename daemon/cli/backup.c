/*
 * tocsin backup: the daemon copies its data folder; this program asks for it, and then how far it
 * is. Leaving early (Ctrl-C) leaves the daemon at it.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/progress.h"
#include "cli/text.h"

enum { FIRST_WAIT_MS = 10, LONGEST_WAIT_MS = 200 };

/* The daemon's working folder is another one than ours. */
static int make_absolute(struct cli *cli, const char *dir, struct buf *path)
{
    char here[4096];
    if (!*dir)
        return cli_usage(cli, "The folder has no name: say where the backup goes.");
    if (dir[0] != '/' && !getcwd(here, sizeof(here)))
        return cli_fail(cli, "The current folder has no name any more: give an absolute path.");
    if (dir[0] != '/')
        buf_addf(path, "%s/", strcmp(here, "/") == 0 ? "" : here);
    buf_add_text(path, dir);
    return CLI_OK;
}

static int begin(struct cli *cli, const char *path, json_t **record)
{
    json_t *body = json_pack("{s:s, s:b}", "dir", path, "wait", 0);
    if (!body)
        return cli_usage(cli, "The path of the folder must be UTF-8.");
    char *text = json_dumps(body, 0);
    int status = ask_post(cli, "/v1/backup", str_of(text), record);
    free(text);
    json_decref(body);
    return status;
}

static void wait_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static void show(struct progress *progress, const json_t *record)
{
    struct buf detail = BUF_INIT;
    if (!progress_due(progress))
        return;
    text_bytes(&detail, json_count(record, "bytes"));
    progress_draw(progress, "Copying", json_count(record, "bytes"),
                  json_count(record, "expected_bytes"), buf_str(&detail));
    buf_release(&detail);
}

/* Replaces *record with a newer one of the same backup. */
static int look_again(struct cli *cli, json_t **record)
{
    uint64_t id = json_count(*record, "id");
    json_decref(*record);
    int status = ask_get(cli, "/v1/backup", record);
    if (status != CLI_OK || json_count(*record, "id") == id)
        return status;
    json_decref(*record);
    return cli_fail(cli, "Somebody has begun another backup since: what became of this one is in "
                         "the daemon's log.");
}

/* Until it is over; *record is the caller's when it was done well. */
static int wait_for_end(struct cli *cli, struct progress *progress, json_t **record)
{
    int wait = FIRST_WAIT_MS;
    while (strcmp(json_text(*record, "state"), "copying") == 0) {
        show(progress, *record);
        wait_ms(wait);
        wait = wait * 2 < LONGEST_WAIT_MS ? wait * 2 : LONGEST_WAIT_MS;
        int status = look_again(cli, record);
        if (status != CLI_OK)
            return status;
    }
    if (strcmp(json_text(*record, "state"), "done") == 0)
        return CLI_OK;
    const char *why = json_text(*record, "error");
    int status = cli_fail(cli, "%s", *why ? why : "The backup failed: see the daemon's log.");
    json_decref(*record);
    return status;
}

static void print_done(const json_t *record)
{
    struct buf line = BUF_INIT;
    buf_add_text(&line, "The backup ");
    text_clean(&line, str_of(json_text(record, "dir")));
    buf_add_text(&line, " is complete: ");
    text_bytes(&line, json_count(record, "bytes"));
    buf_add_text(&line, " in ");
    text_duration(&line, json_count(record, "seconds"));
    buf_add_text(&line, ".");
    puts(line.at);
    buf_release(&line);
}

static int backup(struct cli *cli, const char *path)
{
    struct progress progress;
    json_t *record;
    int status = begin(cli, path, &record);
    if (status != CLI_OK)
        return status;
    progress_init(&progress, cli->utf8);
    status = wait_for_end(cli, &progress, &record);
    progress_clear(&progress);
    if (status != CLI_OK)
        return status;
    return json_show(cli, record, print_done);
}

static int run(struct cli *cli, const struct args *args)
{
    struct buf path = BUF_INIT;
    int status = make_absolute(cli, args->words[0], &path);
    if (status == CLI_OK)
        status = backup(cli, path.at);
    buf_release(&path);
    return status;
}

const struct command backup_command = {
    .name = "backup",
    .words = "DIR",
    .words_min = 1,
    .words_max = 1,
    .summary = "Copy the daemon's data folder while it sends",
    .about = "DIR must not exist yet, or be an empty folder. The daemon writes it, as its own\n"
             "user, who must be allowed to write in the folder above. DIR is itself a data\n"
             "folder then. Whom mail reached after it was made, it does not know: a daemon that\n"
             "starts on it pauses the jobs that were being sent. Ctrl-C ends the waiting, not\n"
             "the backup.",
    .run = run,
};
