/* tocsin job recipients: what became of every copy, as it streams in. */
#include "cli/ask.h"
#include "cli/lines.h"
#include "cli/table.h"
#include "cli/text.h"

/* As many rows are held before they are printed: their widths are the columns' widths. */
enum { BLOCK_ROWS = 500 };

static const struct column columns[] = {
    {"ADDRESS", COLUMN_TEXT},
    {"STATE", COLUMN_TEXT},
    {"ATTEMPTS", COLUMN_NUMBER},
    {"REPLY", COLUMN_CUT},
};

struct listing {
    struct lines lines;
    struct table *table; /* NULL: JSON lines */
    bool broken;         /* we gave up, not the daemon */
};

static int take_json(void *ctx, struct str line, struct err *err)
{
    struct buf out = BUF_INIT;
    (void)ctx;
    (void)err;
    text_clean_json(&out, line);
    buf_add_byte(&out, '\n');
    fwrite(out.at, 1, out.len, stdout);
    buf_release(&out);
    return 0;
}

static int take_row(void *ctx, struct str line, struct err *err)
{
    struct listing *listing = ctx;
    json_t *row = json_loadb(line.at, line.len, 0, NULL);
    if (!row)
        return err_set(err, "A line of the daemon's answer is not JSON.");
    table_row(listing->table);
    table_text(listing->table, 0, str_of(json_text(row, "address")));
    table_text(listing->table, 1, str_of(json_text(row, "state")));
    table_number(listing->table, 2, json_count(row, "attempts"));
    table_text(listing->table, 3, str_of(json_text(row, "reply")));
    json_decref(row);
    if (table_rows(listing->table) >= BLOCK_ROWS)
        table_print(listing->table);
    return 0;
}

static int take_bytes(void *ctx, struct str bytes, struct err *err)
{
    struct listing *listing = ctx;
    listing->broken = lines_feed(&listing->lines, bytes, err) != 0;
    return listing->broken ? -1 : 0;
}

static int fetch(struct cli *cli, const char *target, struct listing *listing)
{
    struct http_exchange exchange = {
        .method = "GET", .target = target, .write = take_bytes, .write_ctx = listing};
    int status = ask(cli, &exchange);
    if (status == CLI_OK)
        http_exchange_release(&exchange);
    if (lines_end(&listing->lines, &cli->err) != 0 && status == CLI_OK)
        status = CLI_FAILED;
    return listing->broken ? CLI_FAILED : status;
}

static int run(struct cli *cli, const struct args *args)
{
    struct listing listing = {.lines = {.take = cli->json ? take_json : take_row}};
    struct buf target = BUF_INIT;
    const char *state = args_value(args, "state");
    uint32_t id;
    if (args_job(args, 0, &id, &cli->err) != 0)
        return CLI_USAGE;
    buf_addf(&target, "/v1/jobs/%u/recipients", id);
    if (state)
        target_add(&target, "?state=", state);
    listing.lines.ctx = &listing;
    if (!cli->json)
        listing.table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    int status = fetch(cli, target.at, &listing);
    if (listing.table)
        table_print(listing.table);
    table_free(listing.table);
    buf_release(&target);
    return status;
}

static const struct flag flags[] = {
    {"state", "STATES", "Only those that are delivered, deferred, ...; more with commas"},
    {NULL, NULL, NULL},
};

const struct command job_recipients_command = {
    .group = "job",
    .name = "recipients",
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "List what became of every copy of a job",
    .about = "With --json, one line for each: address, state, attempts, reply.\n"
             "States: queued, deferred, in_doubt, delivered, bounced, skipped, expired, cancelled. "
             "What\n"
             "is on the wire has the state that it left.",
    .flags = flags,
    .run = run,
};
